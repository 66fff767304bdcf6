// SPDX-License-Identifier: MIT OR Apache-2.0
//! `zip`: packs files into a zip archive, or takes members out of it.
//!
//! The new archive is written beside the old one and takes its place when it is whole.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{Datelike, Local, TimeZone, Timelike};
use ochre_applet::{Args, Failure, complain, parse_or};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::names::{matches, unsafe_prefix};

/// What zip(1) says when nothing was to be done, and for wrong arguments.
const NOTHING_DONE: u8 = 12;
const WRONG: u8 = 16;
/// And of a file that cannot be read.
const UNREADABLE: u8 = 18;

/// Pack files into a zip archive; - as the archive is standard output.
#[derive(clap::Parser)]
#[command(name = "zip", args_override_self = true)]
struct Options {
    /// All that folders hold
    #[arg(short)]
    recursive: bool,
    /// Say nothing
    #[arg(short)]
    quiet: bool,
    /// Names without folders
    #[arg(short)]
    junk_paths: bool,
    /// Links as links
    #[arg(short = 'y')]
    symlinks: bool,
    /// Remove the files that were packed
    #[arg(short)]
    move_files: bool,
    /// Only files that are newer than the archive's
    #[arg(short)]
    update: bool,
    /// Remove members
    #[arg(short)]
    delete: bool,
    /// No members for folders
    #[arg(short = 'D')]
    no_folders: bool,
    /// No more about files than their times: always so
    #[arg(short = 'X')]
    no_extra: bool,
    /// Names from standard input
    #[arg(short = '@')]
    names_on_stdin: bool,
    /// Level, from -0, stored, to -9, smallest
    #[arg(short = '0', hide = true)]
    l0: bool,
    #[arg(short = '1', hide = true)]
    l1: bool,
    #[arg(short = '2', hide = true)]
    l2: bool,
    #[arg(short = '3', hide = true)]
    l3: bool,
    #[arg(short = '4', hide = true)]
    l4: bool,
    #[arg(short = '5', hide = true)]
    l5: bool,
    #[arg(short = '6', hide = true)]
    l6: bool,
    #[arg(short = '7', hide = true)]
    l7: bool,
    #[arg(short = '8', hide = true)]
    l8: bool,
    #[arg(short = '9', hide = true)]
    l9: bool,
    /// Files to leave out
    #[arg(short = 'x', value_name = "PATTERN", num_args = 1..)]
    exclude: Vec<PathBuf>,
    /// Only files that these patterns mean
    #[arg(short = 'i', value_name = "PATTERN", num_args = 1..)]
    include: Vec<PathBuf>,
    /// The archive
    archive: PathBuf,
    /// The files
    files: Vec<PathBuf>,
}

impl Options {
    fn level(&self) -> i64 {
        let levels = [
            self.l0, self.l1, self.l2, self.l3, self.l4, self.l5, self.l6, self.l7, self.l8,
            self.l9,
        ];
        levels.iter().rposition(|asked| *asked).map_or(6, |level| level as i64)
    }
}

/// A file to pack, and the name that it gets.
struct Input {
    file: PathBuf,
    name: String,
    metadata: fs::Metadata,
}

/// The applet: the statuses of zip(1).
pub fn zip(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse_or(&args, WRONG)?;
    let mut status = 0;
    let mut files = options.files.clone();
    if options.names_on_stdin {
        for line in io::stdin().lock().lines() {
            files.push(line?.into());
        }
    }
    let to_stdout = options.archive == Path::new("-");
    let mut archive = options.archive.clone();
    if archive.extension().is_none() && !to_stdout {
        archive.set_extension("zip");
    }
    let mut old = match File::open(&archive) {
        Ok(file) if !to_stdout => Some(
            ZipArchive::new(BufReader::new(file))
                .with_context(|| format!("{} is no zip archive", archive.display()))?,
        ),
        _ => None,
    };
    let mut inputs = Vec::new();
    if !options.delete {
        for file in &files {
            collect(&options, file, &archive, &mut inputs, &mut status);
        }
        if inputs.is_empty() {
            let message = format!("nothing to do for {}", archive.display());
            return Err(Failure::new(NOTHING_DONE, message).into());
        }
    }
    if to_stdout {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for input in &inputs {
            add(&options, &mut writer, input, "adding")?;
        }
        io::stdout().write_all(writer.finish()?.get_ref())?;
        return Ok(status);
    }
    let mut temporary = archive.clone().into_os_string();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary)
        .with_context(|| format!("can't open '{}'", temporary.display()))
        .and_then(|file| write(&options, file, old.as_mut(), &files, &inputs));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    fs::rename(&temporary, &archive)?;
    if options.move_files {
        for input in inputs.iter().rev() {
            let _ = if input.metadata.is_dir() {
                fs::remove_dir(&input.file)
            } else {
                fs::remove_file(&input.file)
            };
        }
    }
    Ok(status)
}

fn write(
    options: &Options,
    file: File,
    old: Option<&mut ZipArchive<BufReader<File>>>,
    files: &[PathBuf],
    inputs: &[Input],
) -> anyhow::Result<()> {
    let mut writer = ZipWriter::new(file);
    let mut done = vec![false; inputs.len()];
    let mut deleted = false;
    if let Some(old) = old {
        for index in 0..old.len() {
            let member = old.by_index_raw(index)?;
            let name = member.name_raw().to_vec();
            let is_meant = options.delete
                && files.iter().any(|file| matches(file.as_os_str().as_bytes(), &name));
            if is_meant {
                deleted = true;
                if !options.quiet {
                    println!("deleting: {}", String::from_utf8_lossy(&name));
                }
                continue;
            }
            let new = inputs.iter().position(|input| input.name.as_bytes() == name);
            match new {
                Some(at) if !(options.update && is_older(&inputs[at], member.last_modified())) => {
                    drop(member);
                    add(options, &mut writer, &inputs[at], "updating")?;
                    done[at] = true;
                }
                Some(at) => {
                    done[at] = true;
                    writer.raw_copy_file(member)?;
                }
                None => writer.raw_copy_file(member)?,
            }
        }
    }
    if options.delete && !deleted {
        bail!("no member has such a name");
    }
    for (input, done) in inputs.iter().zip(done) {
        if !done {
            add(options, &mut writer, input, "  adding")?;
        }
    }
    writer.finish()?;
    Ok(())
}

/// Whether the archive's member is at least as new.
fn is_older(input: &Input, member: Option<DateTime>) -> bool {
    let key = |time: DateTime| (time.datepart(), time.timepart());
    member.is_some_and(|time| key(time) >= key(stamp(input.metadata.mtime())))
}

/// A file, and what folders hold when they are wanted.
fn collect(
    options: &Options,
    file: &Path,
    archive: &Path,
    inputs: &mut Vec<Input>,
    status: &mut u8,
) {
    let metadata = if options.symlinks { fs::symlink_metadata(file) } else { fs::metadata(file) };
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(_) => {
            complain("zip", format_args!("name not matched: {}", file.display()));
            return;
        }
    };
    let is_archive = fs::metadata(archive)
        .is_ok_and(|own| (own.dev(), own.ino()) == (metadata.dev(), metadata.ino()));
    if is_archive {
        return;
    }
    let bytes = file.as_os_str().as_bytes();
    let mut name = String::from_utf8_lossy(&bytes[unsafe_prefix(bytes)..]).into_owned();
    while let Some(rest) = name.strip_prefix("./") {
        name = rest.trim_start_matches('/').to_owned();
    }
    if options.junk_paths {
        name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    }
    let fits = |patterns: &[PathBuf]| {
        patterns.iter().any(|pattern| matches(pattern.as_os_str().as_bytes(), name.as_bytes()))
    };
    let wanted = !fits(&options.exclude) && (options.include.is_empty() || fits(&options.include));
    if metadata.is_dir() {
        let folder = format!("{}/", name.trim_end_matches('/'));
        if wanted && folder.len() > 1 && name != "." && !options.no_folders && !options.junk_paths {
            inputs.push(Input { file: file.into(), name: folder, metadata });
        }
        if options.recursive {
            match fs::read_dir(file) {
                Ok(entries) => {
                    let mut inside: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
                    inside.sort();
                    for path in inside {
                        collect(options, &path, archive, inputs, status);
                    }
                }
                Err(error) => {
                    complain("zip", format_args!("{}: {error}", file.display()));
                    *status = UNREADABLE;
                }
            }
        }
    } else if wanted && (metadata.is_file() || metadata.is_symlink()) {
        inputs.push(Input { file: file.into(), name, metadata });
    }
}

fn stamp(seconds: i64) -> DateTime {
    let Some(time) = Local.timestamp_opt(seconds, 0).earliest() else { return DateTime::default() };
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()]
            .map(|part| part as u8);
    // Times before 1980 have no place in the format.
    DateTime::from_date_and_time(time.year() as u16, month, day, hour, minute, second)
        .unwrap_or_default()
}

fn add<W: Write + Seek>(
    options: &Options,
    writer: &mut ZipWriter<W>,
    input: &Input,
    verb: &str,
) -> anyhow::Result<()> {
    let level = options.level();
    let stored = level == 0 || input.metadata.len() == 0;
    let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let header = SimpleFileOptions::default()
        .compression_method(method)
        .compression_level((!stored).then_some(level))
        .last_modified_time(stamp(input.metadata.mtime()))
        .unix_permissions(input.metadata.mode() & 0o7777)
        .large_file(input.metadata.len() >= u32::MAX.into());
    let mut said = "stored 0%".to_owned();
    if input.metadata.is_dir() {
        writer.add_directory(input.name.as_str(), header)?;
    } else if input.metadata.is_symlink() {
        let target = fs::read_link(&input.file)?;
        writer.add_symlink(input.name.as_str(), target.to_string_lossy(), header)?;
    } else {
        let mut data = Vec::new();
        File::open(&input.file)
            .and_then(|mut file| file.read_to_end(&mut data))
            .with_context(|| format!("can't read '{}'", input.file.display()))?;
        // What does not get smaller is stored.
        let packed = if stored { None } else { packed_len(&data, level)? };
        let header = match packed {
            Some(packed) => {
                said = format!("deflated {}%", 100 - (packed * 100 + data.len() / 2) / data.len());
                header
            }
            None => header.compression_method(CompressionMethod::Stored).compression_level(None),
        };
        writer.start_file(input.name.as_str(), header)?;
        writer.write_all(&data)?;
    }
    if !options.quiet && options.archive != Path::new("-") {
        println!("{verb}: {} ({said})", input.name);
    }
    Ok(())
}

/// The length of deflated data; `None` when that is no gain.
fn packed_len(data: &[u8], level: i64) -> anyhow::Result<Option<usize>> {
    let level = flate2::Compression::new(level as u32);
    let mut count = 0;
    let mut encoder = flate2::read::DeflateEncoder::new(data, level);
    let mut buffer = [0; 16 << 10];
    loop {
        match encoder.read(&mut buffer)? {
            0 => return Ok((count < data.len()).then_some(count)),
            more => count += more,
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `unzip`: lists and unpacks zip archives.
//!
//! Names never lead out of the folder that is filled, and links that would are made last (`extract`).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{Local, LocalResult, NaiveDate, TimeZone};
use ochre_applet::{Args, Failure, complain, parse};
use zip::read::ZipFile;
use zip::{CompressionMethod, DateTime, ZipArchive};

use crate::extract::{Existing, Extractor};
use crate::member::{Kind, Member, path};
use crate::names::{matches, unsafe_prefix};

/// What unzip(1) says of names that no member has.
const NOT_MATCHED: u8 = 11;
/// And of an archive that is none.
const NO_ARCHIVE: u8 = 9;
/// The longest target of a link.
const MAX_LINK: u64 = 1 << 16;

/// Unpack zip archives, or list them.
#[derive(clap::Parser)]
#[command(name = "unzip", args_override_self = true)]
struct Options {
    /// List members
    #[arg(short)]
    list: bool,
    /// List members with all that is known of them
    #[arg(short)]
    verbose: bool,
    /// Test that members are whole
    #[arg(short)]
    test: bool,
    /// Data to standard output, nothing else
    #[arg(short)]
    pipe: bool,
    /// Data to standard output, with names
    #[arg(short = 'c')]
    stdout: bool,
    /// Names only
    #[arg(short = 'Z')]
    zipinfo: bool,
    /// As -Z -1 of zipinfo: names only
    #[arg(short = '1', hide = true)]
    one: bool,
    /// Say less; twice: say nothing
    #[arg(short, action = clap::ArgAction::Count)]
    quiet: u8,
    /// Replace files that are there
    #[arg(short)]
    overwrite: bool,
    /// Leave files that are there
    #[arg(short)]
    never: bool,
    /// No folders: all files here
    #[arg(short)]
    junk: bool,
    /// Match names in any case
    #[arg(short = 'C')]
    any_case: bool,
    /// The folder to unpack into
    #[arg(short = 'd', value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Members to leave out
    #[arg(short = 'x', value_name = "MEMBER", num_args = 1..)]
    exclude: Vec<PathBuf>,
    /// The archive
    archive: PathBuf,
    /// Members
    members: Vec<PathBuf>,
}

type Archive = ZipArchive<BufReader<File>>;

/// The applet: status 1 for damage, 9 for what is no archive, 11 for members that are not there.
pub fn unzip(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let names =
        [options.archive.clone(), with(&options.archive, ".zip"), with(&options.archive, ".ZIP")];
    let Some((file, name)) = names.iter().find_map(|name| Some((File::open(name).ok()?, name)))
    else {
        let [first, second, third] = names.map(|name| name.display().to_string());
        let message = format!("cannot find or open {first}, {second} or {third}");
        return Err(Failure::new(NO_ARCHIVE, message).into());
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        Failure::new(NO_ARCHIVE, format!("{} is no zip archive: {error}", name.display()))
    })?;
    if archive.is_empty() {
        return Err(Failure::new(1, format!("{}: zipfile is empty", name.display())).into());
    }
    let says = options.quiet == 0 && !options.pipe && !options.zipinfo && !options.one;
    if says {
        println!("Archive:  {}", name.display());
    }
    let wanted: Vec<&[u8]> =
        options.members.iter().map(|name| name.as_os_str().as_bytes()).collect();
    let unwanted: Vec<&[u8]> =
        options.exclude.iter().map(|name| name.as_os_str().as_bytes()).collect();
    let mut found = vec![false; wanted.len()];
    let mut indices = Vec::new();
    for index in 0..archive.len() {
        let name = archive.by_index_raw(index)?.name_raw().to_vec();
        let fits = |pattern: &[u8]| {
            if options.any_case {
                matches(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase())
            } else {
                matches(pattern, &name)
            }
        };
        let mut take = wanted.is_empty();
        for (pattern, found) in wanted.iter().zip(&mut found) {
            let fits = fits(pattern);
            *found |= fits;
            take |= fits;
        }
        if take && !unwanted.iter().any(|pattern| fits(pattern)) {
            indices.push(index);
        }
    }
    let mut status = if options.list || options.verbose || options.zipinfo || options.one {
        list(&options, &mut archive, &indices)?
    } else {
        Job { options: &options, archive: &mut archive, indices: &indices }.unpack()?
    };
    for (pattern, found) in wanted.iter().zip(found) {
        if !found {
            let name = String::from_utf8_lossy(pattern);
            complain("caution", format_args!("filename not matched:  {name}"));
            status = NOT_MATCHED;
        }
    }
    Ok(status)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn date(time: Option<DateTime>) -> String {
    let time = time.unwrap_or_default();
    let (year, month, day) = (time.year(), time.month(), time.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", time.hour(), time.minute())
}

/// What was saved, in percent; rounded twice, as Info-ZIP does it.
fn ratio(size: u64, packed: u64) -> u64 {
    let tenths = (size.saturating_sub(packed) * 1000 + size / 2).checked_div(size).unwrap_or(0);
    (tenths + 5) / 10
}

fn list(options: &Options, archive: &mut Archive, indices: &[usize]) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    let long = options.verbose;
    let short = options.zipinfo || options.one;
    let heads = options.quiet == 0 && !short;
    if heads && long {
        writeln!(out, " Length   Method    Size  Cmpr    Date    Time   CRC-32   Name")?;
        writeln!(out, "--------  ------  ------- ---- ---------- ----- --------  ----")?;
    } else if heads {
        writeln!(out, "  Length      Date    Time    Name")?;
        writeln!(out, "---------  ---------- -----   ----")?;
    }
    let (mut size, mut packed) = (0, 0);
    for index in indices {
        let file = archive.by_index_raw(*index)?;
        size += file.size();
        packed += file.compressed_size();
        let date = date(file.last_modified());
        if long {
            let method = match file.compression() {
                CompressionMethod::Stored => "Stored",
                CompressionMethod::Deflated => "Defl:N",
                CompressionMethod::Bzip2 => "BZip2 ",
                CompressionMethod::Lzma => "LZMA  ",
                _ => "Unk   ",
            };
            let saved = ratio(file.size(), file.compressed_size());
            let (length, crc) = (file.size(), file.crc32());
            write!(
                out,
                "{length:>8}  {method} {:>8} {saved:>3}% {date} {crc:08x}  ",
                file.compressed_size()
            )?;
        } else if !short {
            write!(out, "{:>9}  {date}   ", file.size())?;
        }
        out.write_all(file.name_raw())?;
        writeln!(out)?;
    }
    let count = indices.len();
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    if heads && long {
        writeln!(out, "--------          -------  ---                            -------")?;
        writeln!(
            out,
            "{size:>8}         {packed:>8} {:>3}%                            {files}",
            ratio(size, packed)
        )?;
    } else if heads {
        writeln!(out, "---------                     -------")?;
        writeln!(out, "{size:>9}                     {files}")?;
    }
    Ok(0)
}

/// What is to be done where a file is already.
enum Answer {
    Replace,
    Leave,
    Rename(PathBuf),
}

struct Job<'a> {
    options: &'a Options,
    archive: &'a mut Archive,
    indices: &'a [usize],
}

impl Job<'_> {
    fn unpack(self) -> anyhow::Result<u8> {
        let options = self.options;
        let quiet = options.quiet > 0 || options.pipe;
        let root = options.directory.clone().unwrap_or_default();
        if options.directory.is_some() && !(options.test || options.pipe || options.stdout) {
            fs::create_dir_all(&root)
                .with_context(|| format!("can't create directory '{}'", root.display()))?;
        }
        let mut extractor = Extractor::new(root.clone());
        extractor.existing = Existing::Replace;
        extractor.owners = false;
        // For all files, as it was answered once.
        let mut for_all =
            if options.overwrite { Some(true) } else { options.never.then_some(false) };
        let mut status = 0;
        let mut warned = false;
        for index in self.indices {
            let mut file = self.archive.by_index(*index)?;
            let full = file.name_raw().to_vec();
            let cut = unsafe_prefix(&full);
            if cut > 0 && !warned {
                warned = true;
                let prefix = String::from_utf8_lossy(&full[..cut]);
                complain("unzip", format_args!("removing leading '{prefix}' from member names"));
            }
            let mut name = path(&full[cut..]);
            let is_folder = full.ends_with(b"/");
            if options.test || options.pipe || options.stdout {
                if is_folder {
                    continue;
                }
                let shown = name.display().to_string();
                let result = if options.test {
                    if !quiet {
                        print!("    testing: {shown:<22}  ");
                    }
                    io::copy(&mut file, &mut io::sink())
                } else {
                    if options.stdout && !quiet {
                        println!("  inflating: {shown}");
                    }
                    io::copy(&mut file, &mut io::stdout())
                };
                match result {
                    Ok(_) if options.test && !quiet => println!(" OK"),
                    Ok(_) => {}
                    Err(error) => {
                        complain("unzip", format_args!("{shown}: {error}"));
                        status = 1;
                    }
                }
                continue;
            }
            if options.junk {
                match name.file_name().filter(|_| !is_folder) {
                    Some(last) => name = last.into(),
                    None => continue,
                }
            }
            if name.as_os_str().is_empty() {
                continue;
            }
            let target = root.join(&name);
            if !is_folder && fs::symlink_metadata(&target).is_ok() {
                match ask(&target, &mut for_all)? {
                    Answer::Replace => {}
                    Answer::Leave => continue,
                    Answer::Rename(other) => name = other,
                }
            }
            let member = member(&mut file, full)?;
            if !(quiet || is_folder && target.is_dir()) {
                let verb = match (&member.kind, file.compression()) {
                    (Kind::Folder, _) => "   creating",
                    (Kind::Symlink(_), _) => "    linking",
                    (_, CompressionMethod::Stored) => " extracting",
                    _ => "  inflating",
                };
                let mut line = format!("{verb}: ").into_bytes();
                line.extend_from_slice(root.join(&name).as_os_str().as_bytes());
                line.push(b'\n');
                io::stdout().write_all(&line)?;
            }
            if let Err(error) = extractor.put(&member, &name, &mut file) {
                complain("unzip", ochre_compress::plainly(&error));
                status = 1;
            }
        }
        extractor.end(|error| {
            complain("unzip", ochre_compress::plainly(&error));
            status = 1;
        });
        Ok(status)
    }
}

fn ask(target: &Path, for_all: &mut Option<bool>) -> anyhow::Result<Answer> {
    if let Some(replace) = for_all {
        return Ok(if *replace { Answer::Replace } else { Answer::Leave });
    }
    loop {
        print!("replace {}? [y]es, [n]o, [A]ll, [N]one, [r]ename: ", target.display());
        io::stdout().flush()?;
        let mut line = Vec::new();
        if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
            bail!("standard input ended: use -o to replace files, or -n to leave them");
        }
        match line.first() {
            Some(b'y') => return Ok(Answer::Replace),
            Some(b'n') => return Ok(Answer::Leave),
            Some(b'A') => {
                *for_all = Some(true);
                return Ok(Answer::Replace);
            }
            Some(b'N') => {
                *for_all = Some(false);
                return Ok(Answer::Leave);
            }
            Some(b'r') => {
                print!("new name: ");
                io::stdout().flush()?;
                let mut name = Vec::new();
                io::stdin().lock().read_until(b'\n', &mut name)?;
                let name = name.trim_ascii_end();
                if !name.is_empty() {
                    return Ok(Answer::Rename(OsStr::from_bytes(name).into()));
                }
            }
            _ => {}
        }
    }
}

fn member<R: Read + ?Sized>(file: &mut ZipFile<'_, R>, name: Vec<u8>) -> anyhow::Result<Member>
where
    for<'a> ZipFile<'a, R>: Read,
{
    let mode = file.unix_mode();
    let kind = if name.ends_with(b"/") {
        Kind::Folder
    } else if file.is_symlink() {
        let mut target = Vec::new();
        file.take(MAX_LINK).read_to_end(&mut target)?;
        Kind::Symlink(path(&target))
    } else {
        Kind::File
    };
    let usual = if kind == Kind::Folder { 0o755 } else { 0o644 };
    let time = file.last_modified().and_then(|time| {
        let date =
            NaiveDate::from_ymd_opt(time.year().into(), time.month().into(), time.day().into())?;
        let local =
            date.and_hms_opt(time.hour().into(), time.minute().into(), time.second().into())?;
        match Local.from_local_datetime(&local) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.timestamp()),
            LocalResult::None => None,
        }
    });
    Ok(Member {
        name,
        kind,
        mode: mode.map_or(usual, |mode| mode & 0o777),
        uid: 0,
        gid: 0,
        user: String::new(),
        group: String::new(),
        mtime: (time.unwrap_or(0), 0),
        size: file.size(),
    })
}

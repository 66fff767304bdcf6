// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ar`: archives as linkers and Debian's packages have them.
//!
//! No table of symbols is written: a linker for WebAssembly reads archives through `llvm-ar`'s.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use ar::{Archive, GnuBuilder, Header};
use ochre_applet::{Args, complain, parse};

use crate::member::mode_text;

/// Extract, list, or put together the members of an archive.
///
/// OPERATION is one letter: r replaces or adds, q adds, d deletes, t lists, x extracts, p prints;
/// with v names are shown, with c nothing is said of a new archive, with o times are kept, with u only
/// newer files replace.
#[derive(clap::Parser)]
#[command(name = "ar", verbatim_doc_comment)]
struct Options {
    /// What to do, and how
    operation: String,
    /// The archive
    archive: PathBuf,
    /// Files, or members
    files: Vec<PathBuf>,
}

struct Stored {
    header: Header,
    data: Vec<u8>,
}

/// The applet: status 1 when anything went wrong.
pub fn ar(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let letters = options.operation.trim_start_matches('-');
    let operations: Vec<char> =
        letters.chars().filter(|letter| "rqdtxp".contains(*letter)).collect();
    if let Some(letter) = letters.chars().find(|letter| !"rqdtxpvcouSsDUT".contains(*letter)) {
        bail!("operation '{letter}' is not known; see ar --help");
    }
    let has = |letter| letters.contains(letter);
    match operations.as_slice() {
        ['r' | 'q' | 'd'] => change(&options, operations[0], &has),
        ['t' | 'x' | 'p'] => look(&options, operations[0], &has),
        [] if has('s') => Ok(0),
        _ => bail!("one of r, q, d, t, x and p is needed"),
    }
}

fn open(path: &Path) -> anyhow::Result<Archive<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("can't open '{}'", path.display()))?;
    Ok(Archive::new(BufReader::new(file)))
}

fn look(options: &Options, operation: char, has: &dyn Fn(char) -> bool) -> anyhow::Result<u8> {
    let mut archive = open(&options.archive)?;
    let mut out = io::stdout().lock();
    let mut missing: Vec<&OsStr> = options.files.iter().map(|file| file.as_os_str()).collect();
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry?;
        let header = entry.header().clone();
        let name = header.identifier();
        if !options.files.is_empty() {
            if !options.files.iter().any(|file| file.as_os_str().as_bytes() == name) {
                continue;
            }
            missing.retain(|file| file.as_bytes() != name);
        }
        let shown = String::from_utf8_lossy(name).into_owned();
        match operation {
            't' if has('v') => {
                let time = chrono::DateTime::from_timestamp(header.mtime() as i64, 0);
                let date = time.unwrap_or_default().with_timezone(&chrono::Local);
                let mode = mode_text(header.mode() | 0o100_000);
                writeln!(
                    out,
                    "{} {}/{} {:>6} {} {shown}",
                    &mode[1..],
                    header.uid(),
                    header.gid(),
                    header.size(),
                    date.format("%b %e %H:%M %Y")
                )?;
            }
            't' => writeln!(out, "{shown}")?,
            'p' => {
                if has('v') {
                    writeln!(out, "\n<{shown}>\n")?;
                }
                io::copy(&mut entry, &mut out)?;
            }
            _ => {
                if has('v') {
                    writeln!(out, "x - {shown}")?;
                }
                // A member is a file of this folder, whatever its name says.
                let file = Path::new(OsStr::from_bytes(name)).file_name();
                let file = file.with_context(|| format!("{shown}: no name for a file"))?;
                let _ = fs::remove_file(file);
                let mut target =
                    File::create_new(file).with_context(|| format!("can't open '{shown}'"))?;
                io::copy(&mut entry, &mut target)?;
                target.set_permissions(Permissions::from_mode(header.mode() & 0o777))?;
                if has('o') {
                    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(header.mtime());
                    target.set_modified(time)?;
                }
            }
        }
    }
    for name in &missing {
        complain("ar", format_args!("no entry {} in archive", name.to_string_lossy()));
    }
    Ok(u8::from(!missing.is_empty()))
}

fn change(options: &Options, operation: char, has: &dyn Fn(char) -> bool) -> anyhow::Result<u8> {
    let mut members = Vec::new();
    if options.archive.exists() {
        let mut archive = open(&options.archive)?;
        while let Some(entry) = archive.next_entry() {
            let mut entry = entry?;
            let mut data = Vec::new();
            entry.read_to_end(&mut data)?;
            members.push(Stored { header: entry.header().clone(), data });
        }
    } else if operation == 'd' {
        bail!("can't open '{}': No such file or directory", options.archive.display());
    } else if !has('c') {
        complain("ar", format_args!("creating {}", options.archive.display()));
    }
    for file in &options.files {
        let name = file.file_name().with_context(|| format!("{}: no file", file.display()))?;
        let old = members.iter().position(|member| member.header.identifier() == name.as_bytes());
        let say = |mark: &str| {
            if has('v') { writeln!(io::stdout(), "{mark} - {}", file.display()) } else { Ok(()) }
        };
        if operation == 'd' {
            if let Some(at) = old {
                members.remove(at);
                say("d")?;
            }
            continue;
        }
        let data = fs::read(file).with_context(|| format!("can't open '{}'", file.display()))?;
        let metadata = fs::metadata(file)?;
        let mut header = Header::new(name.as_bytes().to_vec(), data.len() as u64);
        header.set_mode(metadata.mode());
        if !has('D') {
            header.set_mtime(metadata.mtime().max(0) as u64);
            header.set_uid(metadata.uid());
            header.set_gid(metadata.gid());
        }
        match old.filter(|_| operation == 'r') {
            Some(at) if has('u') && members[at].header.mtime() >= metadata.mtime() as u64 => {}
            Some(at) => {
                members[at] = Stored { header, data };
                say("r")?;
            }
            None => {
                members.push(Stored { header, data });
                say("a")?;
            }
        }
    }
    let names = members.iter().map(|member| member.header.identifier().to_vec()).collect();
    let file = File::create(&options.archive)
        .with_context(|| format!("can't open '{}'", options.archive.display()))?;
    let mut builder = GnuBuilder::new(BufWriter::new(file), names);
    if members.is_empty() {
        // The builder writes the mark with the first member only.
        fs::write(&options.archive, "!<arch>\n")?;
        return Ok(0);
    }
    for member in members {
        builder.append(&member.header, member.data.as_slice())?;
    }
    builder.into_inner()?.flush()?;
    Ok(0)
}

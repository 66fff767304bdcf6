// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cpio`: packs the files that standard input names, and unpacks archives.
//!
//! It writes the format "newc", which the kernel's initramfs has, and reads that and the older "odc"
//! ([`format`]). Names of members never lead out of the folder that is filled.

mod format;
mod pack;

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::unistd::{Group, User};
use ochre_applet::{Args, complain, parse};

use crate::extract::{Existing, Extractor};
use crate::member::{Kind, Member, path};
use crate::names::{matches, unsafe_prefix};
use format::Reader;

/// Pack the files that standard input names, or unpack an archive.
#[derive(clap::Parser)]
#[command(name = "cpio", args_override_self = true, disable_version_flag = true)]
struct Options {
    /// Extract members
    #[arg(short = 'i', long)]
    extract: bool,
    /// Pack files
    #[arg(short = 'o', long)]
    create: bool,
    /// Copy files to a folder
    #[arg(short = 'p', long)]
    pass_through: bool,
    /// List members
    #[arg(short = 't', long)]
    list: bool,
    /// Names end with NUL
    #[arg(short = '0', long)]
    null: bool,
    /// Make folders where they are needed
    #[arg(short = 'd', long)]
    make_directories: bool,
    /// Times as in the archive
    #[arg(short = 'm', long)]
    preserve_modification_time: bool,
    /// Replace newer files, too
    #[arg(short = 'u', long)]
    unconditional: bool,
    /// Name each member
    #[arg(short, long)]
    verbose: bool,
    /// Members that no pattern means
    #[arg(short = 'f', long)]
    nonmatching: bool,
    /// Format: newc, crc or odc to read, newc to write
    #[arg(short = 'H', long, value_name = "FORMAT")]
    format: Option<String>,
    /// newc, as -H newc
    #[arg(short = 'c')]
    portable: bool,
    /// The archive
    #[arg(short = 'F', long, value_name = "ARCHIVE", visible_short_aliases = ['I', 'O'])]
    file: Option<PathBuf>,
    /// Pack what links point at
    #[arg(short = 'L', long)]
    dereference: bool,
    /// Link files instead of copying them: taken, they are copied
    #[arg(short = 'l', long)]
    link: bool,
    /// Leave access times alone: taken, has no effect
    #[arg(short = 'a', long)]
    reset_access_time: bool,
    /// Owner of all members: USER, USER:GROUP, by name or number
    #[arg(short = 'R', long, value_name = "OWNER")]
    owner: Option<String>,
    /// Files belong to the caller
    #[arg(long)]
    no_preserve_owner: bool,
    /// No leading slashes: they are always cut
    #[arg(long)]
    no_absolute_filenames: bool,
    /// Change to this folder first
    #[arg(short = 'D', long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Patterns of members, from a file
    #[arg(short = 'E', long, value_name = "FILE")]
    pattern_file: Option<PathBuf>,
    /// Data to standard output
    #[arg(long)]
    to_stdout: bool,
    /// No count of blocks
    #[arg(long)]
    quiet: bool,
    /// Larger blocks: taken, has no effect
    #[arg(short = 'B')]
    large_blocks: bool,
    /// Patterns of members, or the folder of -p
    words: Vec<PathBuf>,
}

/// The applet: status 1 when anything went wrong.
pub fn cpio(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if let Some(format) = &options.format
        && !["newc", "crc", "odc", "bin"].contains(&format.as_str())
    {
        bail!("format '{format}' is not known: use newc");
    }
    let mut status = 0;
    let file = options.file.clone().filter(|file| file != Path::new("-"));
    if let Some(folder) = &options.directory
        && !options.pass_through
    {
        std::env::set_current_dir(folder)
            .with_context(|| format!("can't change directory to '{}'", folder.display()))?;
    }
    let blocks = match (options.create, options.pass_through, options.extract || options.list) {
        (true, false, false) => {
            if options.format.as_deref().is_some_and(|format| format != "newc" && format != "crc") {
                bail!("only the format newc can be written: use -H newc");
            }
            let out: Box<dyn Write + Send> = match file {
                Some(file) => Box::new(File::create(file)?),
                None => Box::new(io::stdout()),
            };
            pack::pack(&options, out, &mut status)?
        }
        (false, true, false) => pass(&options, &mut status)?,
        (false, false, true) => {
            let input: Box<dyn Read> = match &file {
                Some(file) => Box::new(
                    File::open(file).with_context(|| format!("can't open '{}'", file.display()))?,
                ),
                None => Box::new(io::stdin()),
            };
            unpack(&options, Reader::new(BufReader::new(input)), "".into(), &mut status)?
        }
        _ => bail!("one of -i, -o, -p and -t is needed; see cpio --help"),
    };
    if !options.quiet {
        let _ = io::stdout().flush();
        eprintln!("{blocks} blocks");
    }
    Ok(status)
}

/// Packs into a pipe, and unpacks what comes out of it.
fn pass(options: &Options, status: &mut u8) -> anyhow::Result<u64> {
    let [folder] = options.words.as_slice() else {
        bail!("-p needs one folder to copy to");
    };
    if !folder.is_dir() {
        if !options.make_directories {
            bail!("can't change directory to '{}': No such file or directory", folder.display());
        }
        std::fs::create_dir_all(folder)?;
    }
    let (reader, writer) = io::pipe()?;
    std::thread::scope(|scope| {
        let packer = scope.spawn(move || {
            let mut status = 0;
            pack::pack(options, Box::new(writer), &mut status).map(|_| status)
        });
        let blocks = unpack(options, Reader::new(BufReader::new(reader)), folder.clone(), status);
        match packer.join() {
            Ok(packed) => *status = (*status).max(packed?),
            Err(_) => bail!("the packing of the files broke off"),
        }
        blocks
    })
}

fn unpack<R: Read>(
    options: &Options,
    mut reader: Reader<R>,
    root: PathBuf,
    status: &mut u8,
) -> anyhow::Result<u64> {
    let mut patterns: Vec<Vec<u8>> = Vec::new();
    if !options.pass_through {
        patterns.extend(options.words.iter().map(|word| word.as_os_str().as_bytes().to_vec()));
    }
    if let Some(file) = &options.pattern_file {
        let text =
            std::fs::read(file).with_context(|| format!("can't open '{}'", file.display()))?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        patterns.extend(lines.map(<[u8]>::to_vec));
    }
    let owner = options.owner.as_deref().map(owner).transpose()?;
    let mut extractor = Extractor::new(root);
    extractor.existing =
        if options.unconditional { Existing::Replace } else { Existing::KeepNewer };
    extractor.parents = options.make_directories;
    extractor.times = options.preserve_modification_time;
    extractor.owners = (extractor.owners || owner.is_some()) && !options.no_preserve_owner;
    let mut fail = |error: anyhow::Error| {
        let text = ochre_compress::plainly(&error);
        if !text.contains("newer or same age") {
            *status = 1;
        }
        complain("cpio", text);
    };
    while let Some(entry) = reader.next()? {
        let mut member = entry.member.clone();
        let meant = patterns.is_empty()
            || patterns.iter().any(|pattern| matches(pattern, &member.name)) != options.nonmatching;
        if !meant {
            continue;
        }
        if let Some((uid, gid)) = owner {
            member.uid = uid;
            member.gid = gid.unwrap_or(member.gid);
        }
        if options.list || options.verbose && !options.pass_through {
            let long = options.list && options.verbose;
            let mut line = if long { member.line(&member.name) } else { member.name.clone() };
            line.push(b'\n');
            io::stdout().write_all(&line)?;
        }
        if options.list {
            continue;
        }
        if options.to_stdout {
            io::copy(&mut reader, &mut io::stdout())?;
            continue;
        }
        if let Err(error) = one(&mut extractor, &entry, &member, &mut reader) {
            fail(error);
        }
    }
    extractor.end(&mut fail);
    Ok(reader.position().div_ceil(512))
}

fn one<R: Read>(
    extractor: &mut Extractor,
    entry: &format::Entry,
    member: &Member,
    reader: &mut Reader<R>,
) -> anyhow::Result<()> {
    let cut = unsafe_prefix(&member.name);
    let name = path(&member.name[cut..]);
    if name.as_os_str().is_empty() {
        return Ok(());
    }
    let Some(first) = &entry.same_as else {
        extractor.put(member, &name, reader)?;
        return Ok(());
    };
    let first = path(&first[unsafe_prefix(first)..]);
    extractor.hard_link(member, &name, &first)?;
    // The data comes with the last of the names.
    if member.kind == Kind::File && member.size > 0 {
        extractor.fill(member, &name, reader)?;
    }
    Ok(())
}

/// `USER`, `USER:GROUP` or `USER.GROUP`, by names or numbers.
fn owner(text: &str) -> anyhow::Result<(u32, Option<u32>)> {
    let (user, group) = match text.split_once([':', '.']) {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let uid = match user.parse() {
        Ok(uid) => uid,
        Err(_) => {
            let user = User::from_name(user)?.with_context(|| format!("unknown user '{user}'"))?;
            user.uid.as_raw()
        }
    };
    let gid = match group {
        None => None,
        Some(group) => Some(match group.parse() {
            Ok(gid) => gid,
            Err(_) => {
                let known = Group::from_name(group)?;
                known.with_context(|| format!("unknown group '{group}'"))?.gid.as_raw()
            }
        }),
    };
    Ok((uid, gid))
}

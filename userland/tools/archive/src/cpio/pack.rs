// SPDX-License-Identifier: MIT OR Apache-2.0
//! Packs the files that standard input names.
//!
//! A file with several names is written once, behind the last of them: the others wait for it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use ochre_applet::complain;

use super::format::Writer;
use super::{Options, owner};
use crate::member::{Kind, Member, path};

/// A file with several names, as far as they were named.
struct Waiting {
    number: u64,
    links: u64,
    file: PathBuf,
    names: Vec<Member>,
}

/// Writes the archive; gives the number of its blocks.
pub fn pack(options: &Options, out: Box<dyn Write + Send>, status: &mut u8) -> anyhow::Result<u64> {
    let owner = options.owner.as_deref().map(owner).transpose()?;
    let mut writer = Writer::new(BufWriter::with_capacity(64 << 10, out));
    let mut waiting: HashMap<(u64, u64), Waiting> = HashMap::new();
    let mut order = Vec::new();
    let mut last_number = 0;
    let separator = if options.null { 0 } else { b'\n' };
    for name in io::stdin().lock().split(separator) {
        let name = name?;
        if name.is_empty() {
            continue;
        }
        let file = path(&name);
        let metadata =
            if options.dereference { fs::metadata(&file) } else { fs::symlink_metadata(&file) };
        let member = metadata.and_then(|metadata| {
            let stored = name.strip_prefix(b"./").filter(|rest| !rest.is_empty()).unwrap_or(&name);
            Ok((Member::of(&file, stored.to_vec(), &metadata)?, metadata))
        });
        let (mut member, metadata) = match member {
            Ok((Some(member), metadata)) => (member, metadata),
            Ok((None, _)) => {
                complain("cpio", format_args!("{}: socket ignored", file.display()));
                *status = 1;
                continue;
            }
            Err(error) => {
                let text = ochre_compress::plainly(&error.into());
                complain("cpio", format_args!("{}: {text}", file.display()));
                *status = 1;
                continue;
            }
        };
        if let Some((uid, gid)) = owner {
            member.uid = uid;
            member.gid = gid.unwrap_or(member.gid);
        }
        if options.verbose {
            let mut line = name.clone();
            line.push(b'\n');
            io::stderr().write_all(&line)?;
        }
        let links = metadata.nlink();
        if links < 2 || member.kind == Kind::Folder {
            last_number += 1;
            write(&mut writer, &member, last_number, links, &file, status)?;
            continue;
        }
        let identity = (metadata.dev(), metadata.ino());
        let entry = waiting.entry(identity).or_insert_with(|| {
            last_number += 1;
            order.push(identity);
            Waiting { number: last_number, links, file: file.clone(), names: Vec::new() }
        });
        entry.names.push(member);
        if entry.names.len() as u64 == links
            && let Some(whole) = waiting.remove(&identity)
        {
            write_all(&mut writer, whole, status)?;
        }
    }
    for identity in order {
        if let Some(part) = waiting.remove(&identity) {
            write_all(&mut writer, part, status)?;
        }
    }
    writer.end()
}

fn write_all<W: Write>(
    writer: &mut Writer<W>,
    file: Waiting,
    status: &mut u8,
) -> anyhow::Result<()> {
    let count = file.names.len();
    for (at, mut member) in file.names.into_iter().enumerate() {
        if member.kind == Kind::File && at + 1 < count {
            member.size = 0;
        }
        write(writer, &member, file.number, file.links, &file.file, status)?;
    }
    Ok(())
}

fn write<W: Write>(
    writer: &mut Writer<W>,
    member: &Member,
    number: u64,
    links: u64,
    file: &std::path::Path,
    status: &mut u8,
) -> anyhow::Result<()> {
    let mut data: Box<dyn Read> = Box::new(io::empty());
    if member.kind == Kind::File && member.size > 0 {
        match File::open(file) {
            Ok(file) => data = Box::new(file),
            Err(error) => {
                let text = ochre_compress::plainly(&error.into());
                complain("cpio", format_args!("{}: {text}", file.display()));
                *status = 1;
                return Ok(());
            }
        }
    }
    writer.member(member, number, links, &mut data)
}

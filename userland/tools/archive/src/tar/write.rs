// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes an archive: files of the disk as members, in GNU's format or in pax's.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::unistd::{Gid, Group, Uid, User};
use ochre_compress::Finish;
use tar::{EntryType, Header};

use super::options::Input;
use super::{Job, Plainly};
use crate::member::{Kind, Member, path};

const BLOCK: u64 = 512;
/// Archives are filled up to a whole tape record, as GNU's are.
const RECORD: u64 = 20 * BLOCK;
/// Bytes that a header has for a name.
const NAME_BYTES: usize = 100;

/// An archive that is being written.
pub struct Writer {
    out: Box<dyn Finish>,
    pub written: u64,
    /// Device and number of the archive, which is not put into itself.
    own: Option<(u64, u64)>,
    /// Files with several names, by device and number: the name that they are in the archive by.
    linked: HashMap<(u64, u64), Vec<u8>>,
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Writer {
    pub fn new(out: Box<dyn Finish>, archive: Option<&File>) -> io::Result<Self> {
        let own = archive.map(File::metadata).transpose()?.filter(fs::Metadata::is_file);
        Ok(Self {
            out,
            written: 0,
            own: own.map(|file| (file.dev(), file.ino())),
            linked: HashMap::new(),
            users: HashMap::new(),
            groups: HashMap::new(),
        })
    }

    /// Adds all that the command line names; `known` has the times of members, older files than which
    /// are left out.
    pub fn add_all(
        &mut self,
        job: &mut Job,
        inputs: &[Input],
        known: &HashMap<Vec<u8>, i64>,
    ) -> anyhow::Result<()> {
        for input in inputs {
            match input {
                Input::Folder(folder) => std::env::set_current_dir(folder)
                    .with_context(|| format!("can't change directory to '{}'", folder.display()))?,
                Input::Name(name) => self.add(job, name, None, known)?,
            }
        }
        Ok(())
    }

    /// Adds a file and what is below it. Only an archive that cannot be written ends it all.
    fn add(
        &mut self,
        job: &mut Job,
        file: &Path,
        device: Option<u64>,
        known: &HashMap<Vec<u8>, i64>,
    ) -> anyhow::Result<()> {
        if job.is_excluded(file.as_os_str().as_bytes()) {
            return Ok(());
        }
        let metadata =
            if job.options.dereference { fs::metadata(file) } else { fs::symlink_metadata(file) };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) => {
                let error = anyhow::Error::from(error);
                job.failed(format_args!("{}: {}", file.display(), Plainly(&error)));
                return Ok(());
            }
        };
        if self.own == Some((metadata.dev(), metadata.ino())) {
            job.failed(format_args!("{}: file is the archive; skipping", file.display()));
            return Ok(());
        }
        if job.options.one_file_system && device.is_some_and(|device| device != metadata.dev()) {
            return Ok(());
        }
        let mut name = job.safe(file.as_os_str().as_bytes()).to_vec();
        if metadata.is_dir() && !name.is_empty() && !name.ends_with(b"/") {
            name.push(b'/');
        }
        let is_old = known.get(&name).is_some_and(|time| *time >= metadata.mtime());
        if !name.is_empty() && (!is_old || metadata.is_dir()) {
            self.member(job, file, name, &metadata)?;
        }
        if metadata.is_dir() {
            if !job.options.no_recursion {
                let mut inside: Vec<PathBuf> = match fs::read_dir(file) {
                    Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
                    Err(error) => {
                        let error = anyhow::Error::from(error);
                        job.failed(format_args!("{}: {}", file.display(), Plainly(&error)));
                        return Ok(());
                    }
                };
                inside.sort();
                for path in inside {
                    self.add(job, &path, Some(metadata.dev()), known)?;
                }
            }
            if job.options.remove_files {
                let _ = fs::remove_dir(file);
            }
        } else if job.options.remove_files {
            fs::remove_file(file)?;
        }
        Ok(())
    }

    fn member(
        &mut self,
        job: &mut Job,
        file: &Path,
        name: Vec<u8>,
        metadata: &fs::Metadata,
    ) -> anyhow::Result<()> {
        let Some(mut member) = Member::of(file, name, metadata)? else {
            job.failed(format_args!("{}: socket ignored", file.display()));
            return Ok(());
        };
        let mut data = None;
        if metadata.nlink() > 1 && !metadata.is_dir() && !job.options.hard_dereference {
            let identity = (metadata.dev(), metadata.ino());
            match self.linked.get(&identity) {
                Some(first) => member.kind = Kind::Hardlink(path(first)),
                None => {
                    self.linked.insert(identity, member.name.clone());
                }
            }
        }
        if member.kind == Kind::File {
            match File::open(file) {
                Ok(file) => data = Some(file),
                Err(error) => {
                    let error = anyhow::Error::from(error);
                    job.failed(format_args!("{}: {}", file.display(), Plainly(&error)));
                    return Ok(());
                }
            }
        } else {
            member.size = 0;
        }
        self.owners(job, &mut member)?;
        if job.options.verbose > 0 {
            let long = job.options.verbose > 1;
            let mut line = if long { member.line(&member.name) } else { member.name.clone() };
            line.push(b'\n');
            // The archive may be standard output.
            match job.archive() {
                Some(_) => io::stdout().write_all(&line)?,
                None => io::stderr().write_all(&line)?,
            }
        }
        self.header(job, &member)?;
        if let Some(data) = data {
            let copied = io::copy(&mut data.take(member.size), &mut self.out)?;
            if copied < member.size {
                job.failed(format_args!("{}: file shrank while it was read", file.display()));
                io::copy(&mut io::repeat(0).take(member.size - copied), &mut self.out)?;
            }
            self.written += member.size;
            self.pad(BLOCK)?;
        }
        Ok(())
    }

    /// Names of the owners, and what the options want instead of the file's own.
    fn owners(&mut self, job: &Job, member: &mut Member) -> anyhow::Result<()> {
        let split = |text: &str| match text.split_once(':') {
            Some((name, number)) => (name.to_owned(), number.parse().ok()),
            None => (text.to_owned(), None),
        };
        if let Some(owner) = &job.options.owner {
            let (name, number) = split(owner);
            let known = || User::from_name(&name).ok().flatten().map(|user| user.uid.as_raw());
            let Some(uid) = number.or_else(|| name.parse().ok()).or_else(known) else {
                bail!("no user named '{name}': give a number, or NAME:NUMBER");
            };
            member.uid = uid;
        }
        if let Some(group) = &job.options.group {
            let (name, number) = split(group);
            let known = || Group::from_name(&name).ok().flatten().map(|group| group.gid.as_raw());
            let Some(gid) = number.or_else(|| name.parse().ok()).or_else(known) else {
                bail!("no group named '{name}': give a number, or NAME:NUMBER");
            };
            member.gid = gid;
        }
        if let Some(mode) = &job.options.mode {
            member.mode = u32::from_str_radix(mode, 8)
                .with_context(|| format!("mode '{mode}' is not octal"))?;
        }
        if let Some(time) = &job.options.mtime {
            let seconds = time.strip_prefix('@').and_then(|time| time.parse().ok());
            member.mtime = (seconds.with_context(|| format!("time '{time}' is not @SECONDS"))?, 0);
        }
        if !job.options.numeric_owner {
            let user =
                |uid| User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
            let group =
                |gid| Group::from_gid(Gid::from_raw(gid)).ok().flatten().map(|group| group.name);
            let (uid, gid) = (member.uid, member.gid);
            member.user =
                self.users.entry(uid).or_insert_with(|| user(uid).unwrap_or_default()).clone();
            member.group =
                self.groups.entry(gid).or_insert_with(|| group(gid).unwrap_or_default()).clone();
        }
        Ok(())
    }

    fn header(&mut self, job: &Job, member: &Member) -> anyhow::Result<()> {
        let format = job.options.format.as_deref().unwrap_or("gnu");
        let pax = match format {
            "gnu" | "oldgnu" => false,
            "pax" | "posix" | "ustar" => true,
            _ => bail!("format '{format}' is not known: use gnu, pax or ustar"),
        };
        let link = match &member.kind {
            Kind::Symlink(target) | Kind::Hardlink(target) => target.as_os_str().as_bytes(),
            _ => b"",
        };
        let mut header = if pax { Header::new_ustar() } else { Header::new_gnu() };
        if pax {
            let mut attributes = Vec::new();
            if member.name.len() > NAME_BYTES {
                attribute(&mut attributes, "path", &member.name);
            }
            if link.len() > NAME_BYTES {
                attribute(&mut attributes, "linkpath", link);
            }
            if member.mtime.1 > 0 && format != "ustar" {
                let time = format!("{}.{:09}", member.mtime.0, member.mtime.1);
                attribute(&mut attributes, "mtime", time.as_bytes());
            }
            if member.size >= 1 << 33 {
                attribute(&mut attributes, "size", member.size.to_string().as_bytes());
            }
            if !attributes.is_empty() {
                self.extra(b'x', b"././@PaxHeader", &attributes)?;
            }
        } else {
            for (kind, text) in [(b'K', link), (b'L', &member.name)] {
                if text.len() > NAME_BYTES {
                    self.extra(kind, b"././@LongLink", &[text, b"\0"].concat())?;
                }
            }
        }
        put(&mut header.as_old_mut().name, &member.name);
        put(&mut header.as_old_mut().linkname, link);
        header.set_entry_type(match member.kind {
            Kind::File => EntryType::Regular,
            Kind::Folder => EntryType::Directory,
            Kind::Symlink(_) => EntryType::Symlink,
            Kind::Hardlink(_) => EntryType::Link,
            Kind::Fifo => EntryType::Fifo,
            Kind::Device(true, _) => EntryType::Block,
            Kind::Device(false, _) => EntryType::Char,
        });
        if let Kind::Device(_, number) = member.kind {
            header.set_device_major(nix::sys::stat::major(number as _) as u32)?;
            header.set_device_minor(nix::sys::stat::minor(number as _) as u32)?;
        }
        header.set_mode(member.mode);
        header.set_uid(member.uid.into());
        header.set_gid(member.gid.into());
        header.set_size(member.size);
        header.set_mtime(member.mtime.0.max(0) as u64);
        // Names too long for their fields are left out: the numbers are there.
        let _ = header.set_username(&member.user);
        let _ = header.set_groupname(&member.group);
        header.set_cksum();
        self.out.write_all(header.as_bytes())?;
        self.written += BLOCK;
        Ok(())
    }

    /// A member that holds something about the next one.
    fn extra(&mut self, kind: u8, name: &[u8], data: &[u8]) -> anyhow::Result<()> {
        let mut header = if kind == b'x' { Header::new_ustar() } else { Header::new_gnu() };
        put(&mut header.as_old_mut().name, name);
        header.set_entry_type(EntryType::new(kind));
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(data.len() as u64);
        header.set_cksum();
        self.out.write_all(header.as_bytes())?;
        self.out.write_all(data)?;
        self.written += BLOCK + data.len() as u64;
        self.pad(BLOCK)
    }

    fn pad(&mut self, to: u64) -> anyhow::Result<()> {
        let count = self.written.wrapping_neg() % to;
        io::copy(&mut io::repeat(0).take(count), &mut self.out)?;
        self.written += count;
        Ok(())
    }

    /// Writes the end mark and all that is left.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK as usize])?;
        self.written += 2 * BLOCK;
        self.pad(RECORD)?;
        Ok(self.out.finish()?)
    }
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

/// A line of pax's, which begins with its own length.
fn attribute(lines: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    lines.extend_from_slice(format!("{length} {key}=").as_bytes());
    lines.extend_from_slice(value);
    lines.push(b'\n');
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The set of entries and how it becomes an archive. Talks to `newc` for the bytes, to the host's
//! file system only to read contents and trees.

use crate::error::{Error, Result};
use crate::name::Name;
use crate::newc::{Header, Writer};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const TYPE_FIFO: u32 = 0o010_000;
const TYPE_CHAR: u32 = 0o020_000;
const TYPE_DIRECTORY: u32 = 0o040_000;
const TYPE_BLOCK: u32 = 0o060_000;
const TYPE_FILE: u32 = 0o100_000;
const TYPE_SYMLINK: u32 = 0o120_000;
const TYPE_SOCKET: u32 = 0o140_000;

/// `PATH_MAX` less the NUL: the kernel skips symbolic links with more.
const LONGEST_TARGET: usize = 4095;

/// Permissions and owner of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits, at most 07777.
    pub mode: u32,
    /// Owning user.
    pub uid: u32,
    /// Owning group.
    pub gid: u32,
}

impl Attributes {
    /// `mode`, owned by root.
    pub const fn root(mode: u32) -> Self {
        Self { mode, uid: 0, gid: 0 }
    }
}

/// Where the bytes of a file come from.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file on the host, read when the archive is written.
    Path(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// A node that is neither file, directory nor link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Character device, major and minor number.
    Char(u32, u32),
    /// Block device, major and minor number.
    Block(u32, u32),
    /// Named pipe.
    Fifo,
    /// Unix socket.
    Socket,
}

/// What [`Archive::write`] has put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Entries, without the trailer.
    pub entries: u32,
    /// Length of the archive, before any compression.
    pub bytes: u64,
}

enum Kind {
    Directory,
    File(Content),
    Symlink(Vec<u8>),
    HardLink(Name),
    Device(Device),
}

struct Entry {
    kind: Kind,
    attributes: Attributes,
}

/// The entries of an archive to be.
#[derive(Default)]
pub struct Archive {
    entries: BTreeMap<Name, Entry>,
    /// Modification time of every entry, in seconds since 1970.
    mtime: u32,
}

impl Archive {
    /// An archive without entries, with all times 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the modification time of every entry.
    pub fn set_mtime(&mut self, seconds: u32) {
        self.mtime = seconds;
    }

    /// Adds a directory.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Mode`].
    pub fn add_directory(&mut self, name: Name, attributes: Attributes) -> Result<()> {
        self.add(name, Kind::Directory, attributes)
    }

    /// Adds a regular file.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Mode`]. A missing file is found by [`Self::write`].
    pub fn add_file(&mut self, name: Name, content: Content, attributes: Attributes) -> Result<()> {
        self.add(name, Kind::File(content), attributes)
    }

    /// Adds a symbolic link, mode 0777 and owned by root unless `attributes` say otherwise.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::LongTarget`], [`Error::Name`] for a bad target.
    pub fn add_symlink(&mut self, name: Name, target: &[u8], attributes: Attributes) -> Result<()> {
        if target.is_empty() || target.contains(&0) {
            let problem = "the target of a symbolic link cannot be empty or hold a NUL byte";
            return Err(Error::Name { name: name.display(), problem });
        }
        if target.len() > LONGEST_TARGET {
            return Err(Error::LongTarget { name: name.display(), bytes: target.len() });
        }
        self.add(name, Kind::Symlink(target.to_vec()), attributes)
    }

    /// Adds another name for the regular file `target`, which may be added later.
    ///
    /// # Errors
    /// [`Error::Duplicate`]. A missing target is found by [`Self::write`].
    pub fn add_hard_link(&mut self, name: Name, target: Name) -> Result<()> {
        // The attributes of the target count; these are never looked at.
        self.add(name, Kind::HardLink(target), Attributes::root(0))
    }

    /// Adds a device node, named pipe or socket.
    ///
    /// # Errors
    /// [`Error::Duplicate`], [`Error::Mode`], [`Error::Device`].
    pub fn add_device(&mut self, name: Name, device: Device, attributes: Attributes) -> Result<()> {
        if let Device::Char(major, minor) | Device::Block(major, minor) = device
            && (major >= 1 << 12 || minor >= 1 << 20)
        {
            return Err(Error::Device { name: name.display(), major, minor });
        }
        self.add(name, Kind::Device(device), attributes)
    }

    /// Adds everything below the host's directory `location` under `name` (`None`: the root), owned
    /// by `uid` and `gid`.
    ///
    /// Modes are normalised, so that the builder's umask does not show: 0755 for directories and for
    /// files that anybody may execute, 0644 for other files. Hard links inside the tree stay links.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Special`], [`Error::Duplicate`], [`Error::Name`].
    pub fn add_tree(
        &mut self,
        name: Option<&Name>,
        location: &Path,
        uid: u32,
        gid: u32,
    ) -> Result<()> {
        let mut seen: HashMap<(u64, u64), Name> = HashMap::new();
        for found in walkdir::WalkDir::new(location).sort_by_file_name() {
            let found = found.map_err(|error| Error::Read {
                path: error.path().unwrap_or(location).to_path_buf(),
                source: error.into(),
            })?;
            let path = found.path();
            // `path` starts with `location`: walkdir says so.
            let below = path.strip_prefix(location).unwrap_or(path).as_os_str().as_bytes();
            let metadata = fs::symlink_metadata(path).map_err(|error| read_error(path, error))?;
            if found.depth() == 0 {
                if !fs::metadata(path).map_err(|error| read_error(path, error))?.is_dir() {
                    return Err(read_error(path, io::ErrorKind::NotADirectory.into()));
                }
                if let Some(name) = name {
                    self.add_directory(name.clone(), Attributes { mode: 0o755, uid, gid })?;
                }
                continue;
            }
            let entry = match name {
                Some(name) => Name::new([name.as_bytes(), b"/", below].concat())?,
                None => Name::new(below)?,
            };
            let kind = metadata.file_type();
            let executable = metadata.permissions().mode() & 0o111 != 0;
            let mode = if kind.is_dir() || executable { 0o755 } else { 0o644 };
            let attributes = Attributes { mode, uid, gid };
            if kind.is_dir() {
                self.add_directory(entry, attributes)?;
            } else if kind.is_symlink() {
                let target = fs::read_link(path).map_err(|error| read_error(path, error))?;
                let attributes = Attributes { mode: 0o777, ..attributes };
                self.add_symlink(entry, target.as_os_str().as_bytes(), attributes)?;
            } else if kind.is_file() {
                if metadata.nlink() > 1 {
                    let id = (metadata.dev(), metadata.ino());
                    if let Some(first) = seen.get(&id) {
                        self.add_hard_link(entry, first.clone())?;
                        continue;
                    }
                    seen.insert(id, entry.clone());
                }
                self.add_file(entry, Content::Path(path.to_path_buf()), attributes)?;
            } else {
                return Err(Error::Special { path: path.to_path_buf() });
            }
        }
        Ok(())
    }

    /// Writes the archive to `out` and flushes it.
    ///
    /// # Errors
    /// [`Error::Write`]; for entries that do not fit together [`Error::ParentNotDirectory`] and
    /// [`Error::LinkTarget`]; for files on the host [`Error::Read`], [`Error::Changed`] and
    /// [`Error::TooLarge`].
    pub fn write(mut self, out: impl Write) -> Result<Summary> {
        self.add_missing_parents()?;
        let links = self.link_groups()?;
        let mut writer = Writer::new(io::BufWriter::new(out));
        let mut inodes: HashMap<&Name, u32> = HashMap::new();
        let mut written: HashMap<&Name, u32> = HashMap::new();
        for (name, entry) in &self.entries {
            let primary = primary_of(name, entry);
            let next = inodes.len() as u32 + 1;
            let inode = *inodes.entry(primary).or_insert(next);
            // Checked by link_groups: a primary name is an entry.
            let entry = &self.entries[primary];
            let total = links.get(primary).copied().unwrap_or(1);
            let so_far = written.entry(primary).or_insert(0);
            *so_far += 1;
            let header = Header {
                inode,
                mode: file_type(&entry.kind) | entry.attributes.mode,
                uid: entry.attributes.uid,
                gid: entry.attributes.gid,
                links: if matches!(entry.kind, Kind::Directory) { 2 } else { total },
                mtime: self.mtime,
                ..Header::default()
            };
            // By custom the data of a linked file comes with the last of its names.
            write_entry(&mut writer, header, name, &entry.kind, *so_far == total)?;
        }
        let bytes = writer.finish().map_err(Error::Write)?;
        Ok(Summary { entries: self.entries.len() as u32, bytes })
    }

    fn add(&mut self, name: Name, kind: Kind, attributes: Attributes) -> Result<()> {
        if attributes.mode > 0o7777 {
            return Err(Error::Mode { name: name.display(), mode: attributes.mode });
        }
        if self.entries.contains_key(&name) {
            return Err(Error::Duplicate(name.display()));
        }
        self.entries.insert(name, Entry { kind, attributes });
        Ok(())
    }

    fn add_missing_parents(&mut self) -> Result<()> {
        let mut missing = Vec::new();
        for name in self.entries.keys() {
            let mut above = name.parent();
            while let Some(parent) = above {
                match self.entries.get(&parent) {
                    Some(Entry { kind: Kind::Directory, .. }) => break,
                    Some(_) => {
                        let (child, parent) = (name.display(), parent.display());
                        return Err(Error::ParentNotDirectory { child, parent });
                    }
                    None => above = parent.parent(),
                }
                missing.push(parent);
            }
        }
        for name in missing {
            let attributes = Attributes::root(0o755);
            self.entries.entry(name).or_insert(Entry { kind: Kind::Directory, attributes });
        }
        Ok(())
    }

    /// For each file with more than one name, how many it has.
    fn link_groups(&self) -> Result<HashMap<Name, u32>> {
        let mut groups = HashMap::new();
        for (name, entry) in &self.entries {
            let Kind::HardLink(target) = &entry.kind else { continue };
            let Some(Entry { kind: Kind::File(_), .. }) = self.entries.get(target) else {
                return Err(Error::LinkTarget { name: name.display(), target: target.display() });
            };
            *groups.entry(target.clone()).or_insert(1) += 1;
        }
        Ok(groups)
    }
}

fn write_entry<W: Write>(
    writer: &mut Writer<W>,
    mut header: Header,
    name: &Name,
    kind: &Kind,
    with_data: bool,
) -> Result<()> {
    match kind {
        Kind::Symlink(target) => {
            header.len_bytes = target.len() as u32;
            writer.header(&header, name.as_bytes()).map_err(Error::Write)?;
            writer.write_all(target).map_err(Error::Write)?;
        }
        Kind::File(content) if with_data => write_file(writer, header, name, content)?,
        Kind::Device(device) => {
            if let Device::Char(major, minor) | Device::Block(major, minor) = *device {
                header.device = (major, minor);
            }
            writer.header(&header, name.as_bytes()).map_err(Error::Write)?;
        }
        Kind::Directory | Kind::File(_) | Kind::HardLink(_) => {
            writer.header(&header, name.as_bytes()).map_err(Error::Write)?;
        }
    }
    writer.align().map_err(Error::Write)
}

fn write_file<W: Write>(
    writer: &mut Writer<W>,
    mut header: Header,
    name: &Name,
    content: &Content,
) -> Result<()> {
    let too_large = |bytes| Error::TooLarge { name: name.display(), bytes };
    match content {
        Content::Bytes(bytes) => {
            let len = bytes.len() as u64;
            header.len_bytes = u32::try_from(len).map_err(|_| too_large(len))?;
            writer.header(&header, name.as_bytes()).map_err(Error::Write)?;
            writer.write_all(bytes).map_err(Error::Write)
        }
        Content::Path(path) => {
            let file = File::open(path).map_err(|error| read_error(path, error))?;
            let metadata = file.metadata().map_err(|error| read_error(path, error))?;
            if !metadata.is_file() {
                let source = io::Error::other("not a regular file");
                return Err(Error::Read { path: path.clone(), source });
            }
            let len = metadata.len();
            header.len_bytes = u32::try_from(len).map_err(|_| too_large(len))?;
            writer.header(&header, name.as_bytes()).map_err(Error::Write)?;
            copy_exactly(file, writer, len, path)
        }
    }
}

/// Copies `len` bytes, telling errors of the two sides apart.
fn copy_exactly(mut from: File, to: &mut impl Write, len: u64, path: &Path) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut left = len;
    loop {
        let count = from.read(&mut buffer).map_err(|error| read_error(path, error))?;
        if count as u64 > left || (count == 0 && left > 0) {
            return Err(Error::Changed { path: path.to_path_buf() });
        }
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count]).map_err(Error::Write)?;
        left -= count as u64;
    }
}

fn primary_of<'a>(name: &'a Name, entry: &'a Entry) -> &'a Name {
    match &entry.kind {
        Kind::HardLink(target) => target,
        _ => name,
    }
}

fn file_type(kind: &Kind) -> u32 {
    match kind {
        Kind::Directory => TYPE_DIRECTORY,
        Kind::File(_) | Kind::HardLink(_) => TYPE_FILE,
        Kind::Symlink(_) => TYPE_SYMLINK,
        Kind::Device(Device::Char(..)) => TYPE_CHAR,
        Kind::Device(Device::Block(..)) => TYPE_BLOCK,
        Kind::Device(Device::Fifo) => TYPE_FIFO,
        Kind::Device(Device::Socket) => TYPE_SOCKET,
    }
}

fn read_error(path: &Path, source: io::Error) -> Error {
    Error::Read { path: path.to_path_buf(), source }
}

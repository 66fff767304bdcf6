// SPDX-License-Identifier: MIT OR Apache-2.0
//! A file as an archive knows it, and the line that a listing shows of it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local};
use nix::sys::stat::SFlag;

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    /// With what it points at.
    Symlink(PathBuf),
    /// Another name for a member before it.
    Hardlink(PathBuf),
    Fifo,
    /// A device: whether a block one, and its number as the kernel has it.
    Device(bool, u64),
}

/// A member of an archive, all but its data.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name as it stands in the archive.
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Permissions only.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Names of the owners; empty when the archive has none.
    pub user: String,
    pub group: String,
    /// Seconds since 1970, and nanoseconds.
    pub mtime: (i64, u32),
    pub size: u64,
}

/// Bytes of an archive as a path.
pub fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(name.to_vec()))
}

impl Member {
    /// A file of the disk under the name that it gets; `None` for a socket, which no archive holds.
    pub fn of(
        file: &Path,
        name: Vec<u8>,
        metadata: &fs::Metadata,
    ) -> std::io::Result<Option<Self>> {
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            Kind::Folder
        } else if file_type.is_symlink() {
            Kind::Symlink(fs::read_link(file)?)
        } else if file_type.is_fifo() {
            Kind::Fifo
        } else if file_type.is_block_device() || file_type.is_char_device() {
            Kind::Device(file_type.is_block_device(), metadata.rdev())
        } else if file_type.is_file() {
            Kind::File
        } else {
            return Ok(None);
        };
        let size = if kind == Kind::File { metadata.len() } else { 0 };
        Ok(Some(Self {
            name,
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            user: String::new(),
            group: String::new(),
            mtime: (metadata.mtime(), metadata.mtime_nsec() as u32),
            size,
        }))
    }

    /// The type bits that stat(2) has for it.
    pub fn type_bits(&self) -> u32 {
        let flag = match self.kind {
            Kind::File | Kind::Hardlink(_) => SFlag::S_IFREG,
            Kind::Folder => SFlag::S_IFDIR,
            Kind::Symlink(_) => SFlag::S_IFLNK,
            Kind::Fifo => SFlag::S_IFIFO,
            Kind::Device(true, _) => SFlag::S_IFBLK,
            Kind::Device(false, _) => SFlag::S_IFCHR,
        };
        flag.bits()
    }

    /// The line of a listing, as BusyBox has it: GNU's has no seconds.
    pub fn line(&self, shown: &[u8]) -> Vec<u8> {
        let user = if self.user.is_empty() { self.uid.to_string() } else { self.user.clone() };
        let group = if self.group.is_empty() { self.gid.to_string() } else { self.group.clone() };
        let time = DateTime::from_timestamp(self.mtime.0, 0).unwrap_or_default();
        let date = time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S");
        let size = match self.kind {
            Kind::Device(_, number) => {
                use nix::sys::stat::{major, minor};
                format!("{},{}", major(number as _), minor(number as _))
            }
            _ => self.size.to_string(),
        };
        let mode = mode_text(self.type_bits() | self.mode);
        let mut line = format!("{mode} {user}/{group} {size:>9} {date} ").into_bytes();
        line.extend_from_slice(shown);
        if let Kind::Symlink(target) | Kind::Hardlink(target) = &self.kind {
            line.extend_from_slice(b" -> ");
            line.extend_from_slice(target.as_os_str().as_bytes());
        }
        line
    }
}

/// A mode as `ls -l` shows it.
pub fn mode_text(mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(match SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFDIR => 'd',
        SFlag::S_IFLNK => 'l',
        SFlag::S_IFIFO => 'p',
        SFlag::S_IFBLK => 'b',
        SFlag::S_IFCHR => 'c',
        SFlag::S_IFSOCK => 's',
        _ => '-',
    });
    for (shift, special, marks) in [(6, 0o4000, "sS"), (3, 0o2000, "sS"), (0, 0o1000, "tT")] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, executable) => char::from(marks.as_bytes()[usize::from(!executable)]),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_as_in_ls() {
        assert_eq!(mode_text(0o100_644), "-rw-r--r--");
        assert_eq!(mode_text(0o041_777), "drwxrwxrwt");
        assert_eq!(mode_text(0o104_654), "-rwSr-xr--");
    }
}

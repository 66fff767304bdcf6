// SPDX-License-Identifier: MIT OR Apache-2.0
//! cpio archives in newc form: the check of one that comes from outside, what is in it, and a small
//! writer. Knows of nothing else in the runner, so that a fuzzer can have it alone.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Bytes of a newc header.
const HEADER_BYTES: usize = 110;
/// Name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// Longest target of a symbolic link, as for the kernel.
const MAX_TARGET_BYTES: u64 = 4096;

/// What stands at a path of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A symbolic link, and where it leads to.
    Link(PathBuf),
    /// A file, or a device.
    Other,
}

/// The paths of an archive, from `/` on and without it.
pub type Entries = BTreeMap<PathBuf, Kind>;

/// Checks an archive: the form of a newc one to its end, of a compressed one the first bytes.
///
/// # Errors
/// When it cannot be read. What is wrong with the archive is the inner error.
pub fn check(file: impl Read + Seek) -> io::Result<Result<(), String>> {
    Ok(read(file, |_, _| {})?.map(drop))
}

/// The entries of an archive; nothing of a compressed one, in which the runner cannot look.
///
/// # Errors
/// As for [`check`].
pub fn entries(file: impl Read + Seek) -> io::Result<Result<Option<Entries>, String>> {
    let mut entries = Entries::new();
    let read = read(file, |path, kind| {
        let path = path.components().filter(|part| matches!(part, std::path::Component::Normal(_)));
        entries.insert(path.collect(), kind);
    })?;
    Ok(read.map(|plain| plain.then_some(entries)))
}

/// Reads an archive and tells each entry of one that is not compressed; says whether it was.
fn read(file: impl Read + Seek, each: impl FnMut(&Path, Kind)) -> io::Result<Result<bool, String>> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut magic = [0; 6];
    if let Err(error) = reader.read_exact(&mut magic) {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Err("the file is too short".to_owned())),
            _ => Err(error),
        };
    }
    match magic {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Ok(false)),
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2'] => match walk(&mut reader, each) {
            Ok(()) => Ok(Ok(true)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Err("the archive is cut off before its end".to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Err("the archive is damaged".to_owned()))
            }
            Err(error) => Err(error),
        },
        _ => Ok(Err("neither a cpio archive in newc form nor one in gzip or zstd".to_owned())),
    }
}

/// Walks over the entries to the trailer.
fn walk(
    reader: &mut BufReader<impl Read + Seek>,
    mut each: impl FnMut(&Path, Kind),
) -> io::Result<()> {
    let mut position = 0u64;
    let end = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    loop {
        let mut header = [0; HEADER_BYTES];
        reader.read_exact(&mut header)?;
        if !header.starts_with(b"07070") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (data_bytes, name_bytes) = (field(&header, 6)?, field(&header, 11)?);
        if name_bytes == 0 || name_bytes > 4096 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut name = vec![0; name_bytes as usize];
        reader.read_exact(&mut name)?;
        let name = name.strip_suffix(&[0]).unwrap_or(&name);
        if name == TRAILER.as_bytes() {
            return Ok(());
        }
        let name_end = position + HEADER_BYTES as u64 + name_bytes;
        let data_at = name_end.next_multiple_of(4);
        let next = (data_at + data_bytes).next_multiple_of(4);
        if next > end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.seek_relative((data_at - name_end).cast_signed())?;
        let mut read_bytes = 0;
        let kind = match field(&header, 1)? & 0o170_000 {
            0o40_000 => Kind::Folder,
            0o120_000 if data_bytes <= MAX_TARGET_BYTES => {
                let mut target = vec![0; data_bytes as usize];
                reader.read_exact(&mut target)?;
                read_bytes = data_bytes;
                Kind::Link(OsString::from_vec(target).into())
            }
            _ => Kind::Other,
        };
        each(Path::new(std::ffi::OsStr::from_bytes(name)), kind);
        reader.seek_relative((next - data_at - read_bytes).cast_signed())?;
        position = next;
    }
}

/// The hexadecimal number in a header's field.
fn field(header: &[u8; HEADER_BYTES], index: usize) -> io::Result<u64> {
    let digits = &header[6 + index * 8..][..8];
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A newc archive of a folder and files in it, for the guest's init.
pub fn archive(folder: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::default();
    let folder = Path::new(folder);
    writer.folder(folder, 0o755);
    for (name, content) in files {
        writer.file(&folder.join(name), 0o644, 0, content);
    }
    writer.finish()
}

/// Writes an archive. What is added must be below 4 GiB in size; the machine's memory is, too.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    entries: u32,
}

impl Writer {
    /// Adds a folder with its permissions.
    pub fn folder(&mut self, path: &Path, mode: u32) {
        self.entry(path, 0o40_000 | mode, 0, &[]);
    }

    /// Adds a file with its permissions and the second in which it was last written.
    pub fn file(&mut self, path: &Path, mode: u32, modified: u32, content: &[u8]) {
        self.entry(path, 0o100_000 | mode, modified, content);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &Path, target: &Path) {
        self.entry(path, 0o120_777, 0, target.as_os_str().as_bytes());
    }

    /// Ends the archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry(Path::new(TRAILER), 0, 0, &[]);
        self.bytes
    }

    fn entry(&mut self, path: &Path, mode: u32, modified: u32, content: &[u8]) {
        self.entries += 1;
        let (number, name) = (self.entries, path.as_os_str().as_bytes());
        let links = 1 + u32::from(mode & 0o170_000 == 0o40_000);
        let (len, name_len) = (content.len(), name.len() + 1);
        let header = format!(
            "070701{number:08x}{mode:08x}{0:08x}{0:08x}{links:08x}{modified:08x}{len:08x}\
             {0:08x}{0:08x}{0:08x}{0:08x}{name_len:08x}{0:08x}",
            0
        );
        self.bytes.extend(header.as_bytes());
        self.bytes.extend(name);
        self.bytes.push(0);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Writer, archive, entries};
    use std::io::Cursor;
    use std::path::Path;

    #[test]
    fn an_archive_has_aligned_entries_and_a_trailer() {
        let bytes = archive(".ochre", &[("argv", b"ls\0-l\0"), ("env", b"")]);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..6], b"070701");
        assert!(bytes.windows(11).any(|window| window == b".ochre/argv"));
        assert!(bytes.windows(10).any(|window| window == b"TRAILER!!!"));
    }

    #[test]
    fn what_was_written_is_found() {
        let mut writer = Writer::default();
        writer.folder(Path::new("usr"), 0o755);
        writer.link(Path::new("bin"), Path::new("usr/bin"));
        writer.file(Path::new("./usr/a"), 0o644, 7, b"abcde");
        let found = entries(Cursor::new(writer.finish())).expect("read").expect("good");
        let wanted =
            [("bin", Kind::Link("usr/bin".into())), ("usr", Kind::Folder), ("usr/a", Kind::Other)];
        let wanted = wanted.map(|(path, kind)| (path.into(), kind)).into();
        assert_eq!(found, Some(wanted));
        assert_eq!(entries(Cursor::new([0x1f, 0x8b, 8, 0, 0, 0])).expect("read"), Ok(None));
    }
}

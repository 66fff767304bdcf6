// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of /etc/fstab and /proc/self/mounts, which have the same form.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// What to mount by itself.
pub const FSTAB: &str = "/etc/fstab";
/// What is mounted.
pub const MOUNTS: &str = "/proc/self/mounts";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Device, or what stands for it.
    pub source: OsString,
    /// Where it is mounted.
    pub target: OsString,
    /// The kind of file system.
    pub fstype: String,
    /// Options with commas between them.
    pub options: String,
}

impl Entry {
    /// Does the list of options hold this one?
    pub fn has_option(&self, option: &str) -> bool {
        self.options.split(',').any(|found| found == option)
    }
}

/// Reads a table.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<Entry>> {
    Ok(parse(&std::fs::read(path)?))
}

fn parse(text: &[u8]) -> Vec<Entry> {
    text.split(|byte| *byte == b'\n').filter_map(entry).collect()
}

fn entry(line: &[u8]) -> Option<Entry> {
    let mut fields =
        line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|field| !field.is_empty());
    let source = fields.next().filter(|source| source[0] != b'#')?;
    let (target, fstype) = (fields.next()?, fields.next()?);
    let options = fields.next().unwrap_or(b"defaults");
    Some(Entry {
        source: unescape(source),
        target: unescape(target),
        fstype: String::from_utf8_lossy(fstype).into_owned(),
        options: String::from_utf8_lossy(options).into_owned(),
    })
}

/// Undoes `\040` and its like.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match octal {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes)
}

/// Is `fstype` one of the list `a,b` that `-t` gives? `noa,b` are all but those.
pub fn is_of_type(fstype: &str, list: Option<&str>) -> bool {
    let Some(list) = list else { return true };
    match list.strip_prefix("no") {
        Some(others) => !others.split(',').any(|other| other == fstype),
        None => list.split(',').any(|wanted| wanted == fstype),
    }
}

/// The absolute form of a path, if it is one of a file.
pub fn canonical(path: &OsStr) -> OsString {
    if path.as_bytes().is_empty() {
        return path.to_owned();
    }
    std::fs::canonicalize(path).map_or_else(|_| path.to_owned(), OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_four_fields_and_escapes() {
        let entries = parse(b"# a comment\n\n/dev/a\\040b /mnt  ext4\tro,sync 0 1\nnone /p proc\n");
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].source, "/dev/a b");
        assert_eq!(entries[0].fstype, "ext4");
        assert!(entries[0].has_option("sync"));
        assert_eq!(entries[1].options, "defaults");
        assert_eq!(unescape(b"\\0"), "\\0");
    }

    #[test]
    fn lists_of_types_name_or_leave_out() {
        assert!(is_of_type("ext4", None));
        assert!(is_of_type("ext4", Some("vfat,ext4")));
        assert!(!is_of_type("ext4", Some("noext4,vfat")));
        assert!(is_of_type("proc", Some("noext4,vfat")));
    }
}

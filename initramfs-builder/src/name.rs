// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of entries: checked, relative, ordered so that parents precede what they hold.

use crate::error::{Error, Result};
use std::cmp::Ordering;

/// `PATH_MAX` less the NUL: longer names are skipped by the kernel's unpacker.
const LONGEST_NAME: usize = 4095;
/// `NAME_MAX`.
const LONGEST_COMPONENT: usize = 255;
/// Ends an archive, so nothing may be called so.
pub(crate) const TRAILER: &[u8] = b"TRAILER!!!";

/// The name of an entry: no leading slash, no empty component, no `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(Vec<u8>);

impl Name {
    /// Checks `raw`; leading, trailing and doubled slashes are dropped.
    ///
    /// # Errors
    /// [`Error::Name`] for the root itself, for `.`, `..` and NUL, and for what exceeds `PATH_MAX`
    /// or `NAME_MAX`.
    pub fn new(raw: impl AsRef<[u8]>) -> Result<Self> {
        let raw = raw.as_ref();
        let fail = |problem| {
            Err(Error::Name { name: String::from_utf8_lossy(shorten(raw)).into_owned(), problem })
        };
        if raw.contains(&0) {
            return fail("a name cannot hold a NUL byte");
        }
        let mut clean = Vec::with_capacity(raw.len());
        for component in raw.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            if component == b"." || component == b".." {
                return fail("a name cannot hold `.` or `..`");
            }
            if component.len() > LONGEST_COMPONENT {
                return fail("a component of the name is longer than 255 bytes");
            }
            if !clean.is_empty() {
                clean.push(b'/');
            }
            clean.extend_from_slice(component);
        }
        if clean.is_empty() {
            return fail("the root directory is no entry of its own");
        }
        if clean.len() > LONGEST_NAME {
            return fail("the name is longer than 4095 bytes");
        }
        if clean == TRAILER {
            return fail("this name marks the end of an archive");
        }
        Ok(Self(clean))
    }

    /// The name without a leading slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name for messages, with a leading slash.
    pub fn display(&self) -> String {
        format!("/{}", String::from_utf8_lossy(&self.0))
    }

    /// The directory that holds it, unless that is the root.
    pub fn parent(&self) -> Option<Self> {
        let slash = self.0.iter().rposition(|byte| *byte == b'/')?;
        Some(Self(self.0[..slash].to_vec()))
    }
}

/// By components: a directory stands right before its contents, whatever its siblings are called.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let slash = |byte: &u8| *byte == b'/';
        self.0.split(slash).cmp(other.0.split(slash))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps messages about absurdly long names readable.
fn shorten(raw: &[u8]) -> &[u8] {
    &raw[..raw.len().min(80)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_normalised() {
        assert_eq!(Name::new("//bin///sh/").unwrap().as_bytes(), b"bin/sh");
        assert_eq!(Name::new("bin/sh").unwrap().parent(), Some(Name::new("/bin").unwrap()));
        assert_eq!(Name::new("bin").unwrap().parent(), None);
    }

    #[test]
    fn bad_names_are_refused() {
        for bad in ["", "/", "a/../b", "./a", "TRAILER!!!", "a\0b"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        assert!(Name::new("x".repeat(255)).is_ok());
        assert!(Name::new("x".repeat(256)).is_err());
        let deep = vec!["d".repeat(255); 16].join("/");
        assert_eq!(deep.len(), 4095);
        assert!(Name::new(&deep).is_ok());
        assert!(Name::new(format!("{deep}/x")).is_err());
    }

    #[test]
    fn a_directory_precedes_its_contents() {
        let mut names = ["a-b", "a/z", "a", "a/b/c", "a/b"].map(|name| Name::new(name).unwrap());
        names.sort();
        let sorted: Vec<_> = names.iter().map(Name::display).collect();
        assert_eq!(sorted, ["/a", "/a/b", "/a/b/c", "/a/z", "/a-b"]);
    }
}

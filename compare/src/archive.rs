// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images, read and extended: what programs one has and how big they are, and an image with more files.
//!
//! The kernel takes any number of archives one after the other, so to extend an image is to append to it.

use anyhow::{Context as _, Result, bail};
use initramfs_builder::manifest::{self, Definitions};
use initramfs_builder::{Archive, Attributes, Content, Name};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use tempfile::NamedTempFile;

/// Bytes of the head of an entry of a newc archive.
const HEAD_BYTES: usize = 110;

/// An entry of an image.
pub struct Entry {
    /// Its path, without a slash in front.
    pub path: String,
    /// Its size; 0 for all names of a file but one.
    pub bytes: u64,
}

/// An image.
pub struct Image {
    bytes: Vec<u8>,
    /// What is in it.
    pub entries: Vec<Entry>,
}

impl Image {
    /// Reads an image that is not compressed.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let entries = entries(&bytes).with_context(|| path.display().to_string())?;
        Ok(Self { bytes, entries })
    }

    /// Its size in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// What the files below one of the folders take, in bytes.
    pub fn below_bytes(&self, folders: &[&str]) -> u64 {
        let below = |entry: &&Entry| folders.iter().any(|folder| entry.path.starts_with(folder));
        self.entries.iter().filter(below).map(|entry| entry.bytes).sum()
    }

    /// The image with the files of an archive, as a temporary file.
    pub fn with(&self, extra: Extra) -> Result<NamedTempFile> {
        let mut file = NamedTempFile::new().context("cannot make a temporary file")?;
        file.write_all(&self.bytes).context("cannot copy the image")?;
        file.write_all(&[0; 4][..(4 - self.bytes.len() % 4) % 4])?;
        extra.archive.write(file.as_file_mut()).context("cannot write the archive")?;
        Ok(file)
    }
}

/// Files for an image.
pub struct Extra {
    archive: Archive,
}

impl Extra {
    /// None yet.
    pub fn new() -> Self {
        Self { archive: Archive::new() }
    }

    /// Adds what a manifest asks for.
    pub fn manifest(&mut self, text: &str) -> Result<()> {
        manifest::add(&mut self.archive, text, Path::new("/"), &Definitions::new())
            .context("the list of files for the machine")
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        self.archive.add_file(Name::new(name)?, Content::Bytes(bytes), Attributes::root(0o755))?;
        Ok(())
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        let Some(head) = bytes.get(at..at + HEAD_BYTES) else { bail!("the archive has no end") };
        if !head.starts_with(b"07070") {
            bail!("no newc archive; is it compressed?");
        }
        let field = |index: usize| -> Result<usize> {
            let digits = &head[6 + index * 8..14 + index * 8];
            let digits = std::str::from_utf8(digits).context("no number")?;
            usize::from_str_radix(digits, 16).context("no number")
        };
        let (len, name_len) = (field(6)?, field(11)?);
        let name = bytes.get(at + HEAD_BYTES..at + HEAD_BYTES + name_len).context("cut off")?;
        let path = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
        if path == "TRAILER!!!" {
            return Ok(entries);
        }
        at = (at + HEAD_BYTES + name_len).next_multiple_of(4);
        at = (at + len).next_multiple_of(4);
        let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
        entries.push(Entry { path, bytes: len as u64 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_and_extended() {
        let mut first = Extra::new();
        first.file("/one", b"12345".to_vec()).unwrap();
        let mut bytes = Vec::new();
        first.archive.write(&mut bytes).unwrap();
        let image = NamedTempFile::new().unwrap();
        fs::write(image.path(), bytes).unwrap();
        let image = Image::read(image.path()).unwrap();
        assert_eq!((image.below_bytes(&["one"]), image.below_bytes(&["two"])), (5, 0));
        let mut second = Extra::new();
        second.file("/two", Vec::new()).unwrap();
        let both = image.with(second).unwrap();
        let bytes = fs::read(both.path()).unwrap();
        let tail = &bytes[(image.bytes.len()).next_multiple_of(4)..];
        assert!(entries(tail).unwrap().iter().any(|entry| entry.path == "two"));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(entries(&[0; 200]).is_err());
        assert!(entries(b"070701").is_err());
    }
}

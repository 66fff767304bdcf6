// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keys of steps: a hash over everything that can change what a step makes. Invariant: fields are
//! length-prefixed, so that two different sets of inputs never feed the same bytes to the hash.

use crate::stamps::{Stamps, hex};
use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Hexadecimal digits of a key: enough that nobody meets a collision, short enough to read.
const KEY_DIGITS: usize = 24;

/// Collects the inputs of a step.
pub struct KeyBuilder<'a> {
    stamps: &'a Stamps,
    hasher: Sha256,
}

impl<'a> KeyBuilder<'a> {
    /// Starts the key of the step `name`.
    pub fn new(stamps: &'a Stamps, name: &str) -> Self {
        let mut key = Self { stamps, hasher: Sha256::new() };
        key.text(name);
        key
    }

    /// Adds a piece of text: a version, another key, a command.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Adds a file of the checkout: its content and whether it may be executed.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let hash = self.stamps.hash(path)?;
        let mode = fs::metadata(path)?.permissions().mode();
        self.text(&hash);
        self.text(if mode & 0o111 == 0 { "" } else { "x" });
        Ok(())
    }

    /// Adds a folder: every file and link in it, by relative name. A missing folder is an empty one.
    /// Folders called `target` and hidden files are no inputs.
    pub fn tree(&mut self, folder: &Path) -> Result<()> {
        self.text("tree");
        if !folder.exists() {
            return Ok(());
        }
        let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || is_input(entry)) {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let path = entry.path();
            if entry.file_type().is_dir() {
                continue;
            }
            self.bytes(path.strip_prefix(folder).unwrap_or(path).as_os_str().as_bytes());
            if entry.file_type().is_symlink() {
                let target = fs::read_link(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                self.bytes(target.as_os_str().as_bytes());
            } else {
                self.file(path)?;
            }
        }
        Ok(())
    }

    /// The key.
    pub fn finish(self) -> String {
        let mut digits = hex(&self.hasher.finalize());
        digits.truncate(KEY_DIGITS);
        digits
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.hasher.update((bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }
}

/// Whether a file or folder below an input folder is an input itself, rather than something that an
/// editor, git or cargo left there.
pub fn is_input(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().as_bytes();
    let build_output = entry.file_type().is_dir() && name == b"target";
    let left_over = name.ends_with(b"~") || name.ends_with(b".orig") || name.ends_with(b".rej");
    !build_output && !left_over && !name.starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: impl FnOnce(&mut KeyBuilder)) -> String {
        let stamps = Stamps::load("/nonexistent".into());
        let mut key = KeyBuilder::new(&stamps, "test");
        fill(&mut key);
        key.finish()
    }

    #[test]
    fn boundaries_between_fields_count() {
        let one = key(|key| ["ab", "c"].iter().for_each(|text| key.text(text)));
        let other = key(|key| ["a", "bc"].iter().for_each(|text| key.text(text)));
        assert_ne!(one, other);
        assert_eq!(one.len(), KEY_DIGITS);
    }

    #[test]
    fn names_contents_and_modes_of_a_tree_count() {
        let folder = tempfile::tempdir().unwrap();
        let tree = || key(|key| key.tree(folder.path()).unwrap());
        let mut seen = vec![tree()];
        let file = folder.path().join("a");
        fs::write(&file, "one").unwrap();
        seen.push(tree());
        fs::write(&file, "two").unwrap();
        seen.push(tree());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        seen.push(tree());
        fs::rename(&file, folder.path().join("b")).unwrap();
        seen.push(tree());
        let last = tree();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/output"), "").unwrap();
        fs::write(folder.path().join(".hidden"), "").unwrap();
        assert_eq!(tree(), last);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }
}

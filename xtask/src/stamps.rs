// SPDX-License-Identifier: MIT OR Apache-2.0
//! Content hashes of files, remembered by path, length and modification time, so that looking for
//! changes costs a `stat` per file. Invariant: a hash is only remembered for a file that had not been
//! modified in the seconds before it was read; two writes within one tick of the clock never hide.

use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Younger files are hashed anew each time.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Clone, PartialEq)]
struct Stamp {
    len: u64,
    mtime_ns: i128,
    inode: u64,
    hash: String,
}

impl Stamp {
    fn fits(&self, metadata: &Metadata) -> bool {
        (self.len, self.mtime_ns, self.inode)
            == (metadata.len(), mtime_ns(metadata), metadata.ino())
    }
}

/// The remembered hashes, kept in one file.
pub struct Stamps {
    file: PathBuf,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<PathBuf, Stamp>,
    changed: bool,
}

impl Stamps {
    /// Reads the hashes remembered in `file`; one that is missing or broken is an empty one.
    pub fn load(file: PathBuf) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let known = text.lines().filter_map(parse).collect();
        Self { file, state: RefCell::new(State { known, changed: false }) }
    }

    /// SHA-256 of a file, in hexadecimal.
    pub fn hash(&self, path: &Path) -> Result<String> {
        let metadata =
            fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut state = self.state.borrow_mut();
        if let Some(stamp) = state.known.get(path)
            && stamp.fits(&metadata)
        {
            return Ok(stamp.hash.clone());
        }
        let hash = sha256_of(path)?;
        let settled = metadata
            .modified()
            .ok()
            .and_then(|modified| SystemTime::now().duration_since(modified).ok())
            .is_some_and(|age| age > SETTLED);
        if settled {
            let stamp = Stamp {
                len: metadata.len(),
                mtime_ns: mtime_ns(&metadata),
                inode: metadata.ino(),
                hash: hash.clone(),
            };
            state.known.insert(path.to_path_buf(), stamp);
            state.changed = true;
        }
        Ok(hash)
    }

    /// Writes what was learnt. Losing it only costs time, so trouble is not reported.
    pub fn save(&self) {
        let state = self.state.borrow();
        if !state.changed {
            return;
        }
        let mut lines = String::new();
        for (path, stamp) in &state.known {
            if let Some(path) = path.to_str().filter(|path| !path.contains('\n')) {
                let Stamp { len, mtime_ns, inode, hash } = stamp;
                let _ = writeln!(lines, "{hash} {len} {mtime_ns} {inode} {path}");
            }
        }
        let partial = self.file.with_extension("partial");
        if fs::write(&partial, lines).is_ok() {
            let _ = fs::rename(&partial, &self.file);
        }
    }
}

fn parse(line: &str) -> Option<(PathBuf, Stamp)> {
    let mut fields = line.splitn(5, ' ');
    let hash = fields.next()?.to_owned();
    let len = fields.next()?.parse().ok()?;
    let mtime_ns = fields.next()?.parse().ok()?;
    let inode = fields.next()?.parse().ok()?;
    Some((PathBuf::from(fields.next()?), Stamp { len, mtime_ns, inode, hash }))
}

fn mtime_ns(metadata: &Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

/// SHA-256 of a file, read in full.
pub fn sha256_of(path: &Path) -> Result<String> {
    let read = || {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hasher.finalize())),
                count => hasher.update(&buffer[..count]),
            }
        }
    };
    let result: std::io::Result<String> = read();
    result.with_context(|| format!("cannot read {}", path.display()))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_gets_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        let (path, store) = (folder.path().join("input"), folder.path().join("stamps"));
        fs::write(&path, "one").unwrap();
        let past = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(&path).unwrap().set_modified(past).unwrap();
        let stamps = Stamps::load(store.clone());
        let first = stamps.hash(&path).unwrap();
        stamps.save();

        let stamps = Stamps::load(store);
        assert_eq!(stamps.state.borrow().known.len(), 1);
        assert_eq!(stamps.hash(&path).unwrap(), first);
        fs::write(&path, "two").unwrap();
        assert_ne!(stamps.hash(&path).unwrap(), first);
    }

    #[test]
    fn a_fresh_file_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        fs::write(&path, "one").unwrap();
        let stamps = Stamps::load(folder.path().join("stamps"));
        stamps.hash(&path).unwrap();
        assert!(stamps.state.borrow().known.is_empty());
    }
}

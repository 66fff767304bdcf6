// SPDX-License-Identifier: MIT OR Apache-2.0
//! The log in memory: a file of fixed size in /run, which is never on a disk, written round and round.
//!
//! ```text
//! "ochrelog" | size, 8 bytes | written, 8 bytes | data: size bytes
//! ```
//!
//! `written` counts all bytes since the start; the next one goes to `written % size`. It is written after
//! the data, so a reader never takes what is not there yet; what is overwritten while it reads, it finds by
//! looking at `written` again.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Where the buffer is.
pub const PATH: &str = "/run/syslog.buffer";
const MAGIC: &[u8; 8] = b"ochrelog";
const HEADER_BYTES: u64 = 24;

/// The buffer, open.
pub struct Ring {
    file: File,
    size: u64,
    written: u64,
}

impl Ring {
    /// Makes an empty one.
    pub fn create(path: &Path, size: u64) -> io::Result<Self> {
        // Readers of an old one keep what they have.
        let _ = std::fs::remove_file(path);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o640).open(path)?;
        file.set_len(HEADER_BYTES + size)?;
        file.write_all_at(&size.to_ne_bytes(), 8)?;
        file.write_all_at(MAGIC, 0)?;
        Ok(Self { file, size, written: 0 })
    }

    /// Opens one for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut magic = [0; 8];
        file.read_exact_at(&mut magic, 0)?;
        let size = number_at(&file, 8)?;
        if magic != *MAGIC || size == 0 || size > file.metadata()?.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no log of syslogd"));
        }
        Ok(Self { file, size, written: 0 })
    }

    /// Adds to the log.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Of what is longer than the buffer, the end stays.
        let skipped = bytes.len().saturating_sub(self.size as usize);
        self.written += skipped as u64;
        let mut left = &bytes[skipped..];
        while !left.is_empty() {
            let place = self.written % self.size;
            let (now, then) = left.split_at(left.len().min((self.size - place) as usize));
            self.file.write_all_at(now, HEADER_BYTES + place)?;
            self.written += now.len() as u64;
            left = then;
        }
        self.file.write_all_at(&self.written.to_ne_bytes(), 16)
    }

    /// What was added since the last call; all that is left at the first. Begins with a whole line.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let end = number_at(&self.file, 16)?;
            let oldest = end.saturating_sub(self.size);
            let start = self.written.max(oldest);
            let mut bytes = vec![0; (end - start) as usize];
            let first = bytes.len().min((self.size - start % self.size) as usize);
            self.file.read_exact_at(&mut bytes[..first], HEADER_BYTES + start % self.size)?;
            self.file.read_exact_at(&mut bytes[first..], HEADER_BYTES)?;
            if number_at(&self.file, 16)?.saturating_sub(self.size) > start {
                // Somebody wrote over it meanwhile.
                continue;
            }
            let lost = start > self.written;
            self.written = end;
            if lost {
                let line = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                bytes.drain(..line);
            }
            return Ok(bytes);
        }
    }
}

fn number_at(file: &File, place: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, place)?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay_and_are_read_once() {
        let path = std::env::temp_dir().join(format!("ring-{}", std::process::id()));
        let mut writer = Ring::create(&path, 16).expect("a buffer");
        let mut reader = Ring::open(&path).expect("the same");
        assert_eq!(reader.read().expect("nothing"), b"");
        writer.write(b"one\ntwo\n").expect("room");
        assert_eq!(reader.read().expect("two lines"), b"one\ntwo\n");
        writer.write(b"three\nfour\n").expect("room");
        assert_eq!(reader.read().expect("what is new"), b"three\nfour\n");
        let mut late = Ring::open(&path).expect("the same");
        assert_eq!(late.read().expect("whole lines"), b"two\nthree\nfour\n");
        writer.write(b"a line that is too long\n").expect("room");
        assert_eq!(reader.read().expect("no whole line"), b"");
        std::fs::write(&path, "x").expect("another file");
        assert!(Ring::open(&path).is_err());
        std::fs::remove_file(&path).expect("our own file");
    }
}

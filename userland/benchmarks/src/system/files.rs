// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files on tmpfs.

use super::{CHUNK_BYTES, Place, timed};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Files in a folder that is not small.
const MANY: u32 = 1000;

/// A folder that is gone, with all in it, when its holder is.
struct Folder(PathBuf);

impl Folder {
    fn new(place: &Place) -> io::Result<Self> {
        let path = place.folder.join("files");
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn file(&self, number: u32) -> PathBuf {
        self.0.join(format!("file{number}"))
    }

    fn with_files(place: &Place, count: u32) -> io::Result<Self> {
        let folder = Self::new(place)?;
        for number in 0..count {
            File::create(folder.file(number))?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed makes the next sample fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Files without content, all in one folder.
pub fn create(place: &Place, rounds: u32) -> io::Result<u64> {
    let folder = Folder::new(place)?;
    let mut number = 0;
    timed(rounds, || {
        number += 1;
        File::create(folder.file(number)).map(drop)
    })
}

/// By name, one after the other.
pub fn stat_many(place: &Place, rounds: u32) -> io::Result<u64> {
    let folder = Folder::with_files(place, MANY)?;
    let mut number = 0;
    timed(rounds, || {
        number = (number + 1) % MANY;
        fs::metadata(folder.file(number)).map(|found| {
            black_box(found);
        })
    })
}

/// Those that `create` makes.
pub fn unlink(place: &Place, rounds: u32) -> io::Result<u64> {
    let folder = Folder::with_files(place, rounds + 1)?;
    let mut number = 0;
    timed(rounds, || {
        number += 1;
        fs::remove_file(folder.file(number))
    })
}

/// All names of a folder, again and again.
pub fn read_dir(place: &Place, rounds: u32) -> io::Result<u64> {
    let folder = Folder::with_files(place, MANY)?;
    let turns = rounds.div_ceil(MANY);
    let ns = timed(turns, || {
        let count = fs::read_dir(&folder.0)?.filter(Result::is_ok).count();
        if count == MANY as usize { Ok(()) } else { Err(io::Error::other("names are missing")) }
    })?;
    Ok((ns as f64 * f64::from(rounds) / f64::from(turns * MANY)) as u64)
}

/// With a buffer of 64 KiB, into a new file each time.
fn copy(place: &Place, rounds: u32, len_bytes: u64) -> io::Result<u64> {
    let folder = Folder::new(place)?;
    let mut chunk = vec![7; CHUNK_BYTES];
    let source = folder.file(0);
    let mut file = File::create(&source)?;
    if len_bytes <= 64 << 20 {
        for _ in 0..len_bytes / CHUNK_BYTES as u64 {
            file.write_all(&chunk)?;
        }
    } else {
        // There is not memory for two of that size everywhere: a file that is one hole.
        file.set_len(len_bytes)?;
    }
    drop(file);
    timed(rounds, || {
        let (mut from, mut to) = (File::open(&source)?, File::create(folder.file(1))?);
        loop {
            let count = from.read(&mut chunk)?;
            if count == 0 {
                break;
            }
            to.write_all(&chunk[..count])?;
        }
        drop(to);
        fs::remove_file(folder.file(1))
    })
}

/// One MiB.
pub fn copy_1(place: &Place, rounds: u32) -> io::Result<u64> {
    copy(place, rounds, 1 << 20)
}

/// 64 MiB.
pub fn copy_64(place: &Place, rounds: u32) -> io::Result<u64> {
    copy(place, rounds, 64 << 20)
}

/// One GiB, out of a hole.
pub fn copy_1024(place: &Place, rounds: u32) -> io::Result<u64> {
    copy(place, rounds, 1 << 30)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single system calls.

use super::{CHUNK_BYTES, Place, check, timed};
use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};

/// A call that does nothing, past the C library.
pub fn null(_: &Place, rounds: u32) -> io::Result<u64> {
    timed(rounds, || {
        // SAFETY: the call takes nothing and changes nothing.
        black_box(unsafe { libc::syscall(libc::SYS_getppid) });
        Ok(())
    })
}

/// One byte of zeros.
pub fn read_byte(_: &Place, rounds: u32) -> io::Result<u64> {
    let mut file = File::open("/dev/zero")?;
    let mut byte = [0];
    timed(rounds, || file.read_exact(&mut byte))
}

/// One byte to nowhere.
pub fn write_byte(_: &Place, rounds: u32) -> io::Result<u64> {
    let mut file = OpenOptions::new().write(true).open("/dev/null")?;
    timed(rounds, || file.write_all(&[0]))
}

/// From a file that is in memory.
pub fn read_chunk(place: &Place, rounds: u32) -> io::Result<u64> {
    let (path, mut chunk) = (place.folder.join("chunk"), vec![7; CHUNK_BYTES]);
    fs::write(&path, &chunk)?;
    let file = File::open(&path)?;
    let ns = timed(rounds, || file.read_exact_at(&mut chunk, 0))?;
    fs::remove_file(&path)?;
    Ok(ns)
}

/// Over what is there already.
pub fn write_chunk(place: &Place, rounds: u32) -> io::Result<u64> {
    let (path, chunk) = (place.folder.join("chunk"), vec![7; CHUNK_BYTES]);
    fs::write(&path, &chunk)?;
    let file = OpenOptions::new().write(true).open(&path)?;
    let ns = timed(rounds, || file.write_all_at(&chunk, 0))?;
    fs::remove_file(&path)?;
    Ok(ns)
}

/// Of a file on tmpfs.
pub fn open_close(place: &Place, rounds: u32) -> io::Result<u64> {
    let path = place.folder.join("file");
    fs::write(&path, "x")?;
    let name = super::processes::c_string(&path)?;
    let ns = timed(rounds, || {
        // SAFETY: the name ends in a NUL; the descriptor is ours.
        check(unsafe { libc::close(check(libc::open(name.as_ptr(), libc::O_RDONLY))?) }).map(drop)
    })?;
    fs::remove_file(&path)?;
    Ok(ns)
}

/// Of a file on tmpfs.
pub fn stat(place: &Place, rounds: u32) -> io::Result<u64> {
    let path = place.folder.join("file");
    fs::write(&path, "x")?;
    let ns = timed(rounds, || {
        fs::symlink_metadata(&path).map(|found| {
            black_box(found);
        })
    })?;
    fs::remove_file(&path)?;
    Ok(ns)
}

static DELIVERED: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_signal(_: libc::c_int) {
    DELIVERED.fetch_add(1, Ordering::Relaxed);
}

/// From `kill()` of the own process until it is back, the handler done.
pub fn signal(_: &Place, rounds: u32) -> io::Result<u64> {
    let handler: extern "C" fn(libc::c_int) = count_signal;
    // SAFETY: a zeroed sigaction is one without flags and with an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    // SAFETY: the handler only counts.
    check(unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) })?;
    DELIVERED.store(0, Ordering::Relaxed);
    // SAFETY: takes nothing.
    let own = unsafe { libc::getpid() };
    let ns = timed(rounds, || {
        // SAFETY: the handler is set; a process without threads gets its signal before kill returns.
        check(unsafe { libc::kill(own, libc::SIGUSR1) }).map(drop)
    })?;
    if DELIVERED.load(Ordering::Relaxed) != rounds {
        return Err(io::Error::other("signals were lost"));
    }
    Ok(ns)
}

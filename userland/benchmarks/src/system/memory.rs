// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of a process.

use super::{CHUNK_BYTES, Place, check, timed};
use std::io;

/// Maps 64 KiB, writes to each page, and gives them back.
pub fn map_touch(_: &Place, rounds: u32) -> io::Result<u64> {
    timed(rounds, || {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping wherever there is room.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), CHUNK_BYTES, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        for at in (0..CHUNK_BYTES).step_by(4096) {
            // SAFETY: within the mapping, which is writable.
            unsafe { start.cast::<u8>().add(at).write_volatile(1) };
        }
        // SAFETY: the mapping is ours and nothing refers to it.
        check(unsafe { libc::munmap(start, CHUNK_BYTES) }).map(drop)
    })
}

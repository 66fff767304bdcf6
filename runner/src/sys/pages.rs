// SPDX-License-Identifier: MIT OR Apache-2.0
//! Protection, discarding and mapping of pages in mappings that the caller owns.

use crate::memory::protection::Access;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};

fn check(result: i32) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes a range inaccessible.
///
/// # Safety
/// The range must be whole pages of a mapping that the caller owns, and nothing may rely on access.
pub unsafe fn forbid(start: *mut u8, len: usize) -> io::Result<()> {
    // SAFETY: the caller's promise.
    check(unsafe { libc::mprotect(start.cast(), len, libc::PROT_NONE) })
}

/// Allows what `access` says, and nothing else, in a range.
///
/// # Safety
/// The range must be whole pages of a mapping that the caller owns, and nothing may rely on more access.
pub unsafe fn set_access(start: *mut u8, len: usize, access: Access) -> io::Result<()> {
    let protection = match access {
        Access::Full => libc::PROT_READ | libc::PROT_WRITE,
        Access::Read => libc::PROT_READ,
        Access::None => libc::PROT_NONE,
    };
    // SAFETY: the caller's promise.
    check(unsafe { libc::mprotect(start.cast(), len, protection) })
}

/// Gives pages back to the host; they read as zero afterwards.
///
/// # Safety
/// The range must be whole pages of a private anonymous mapping that the caller owns.
pub unsafe fn discard(start: *mut u8, len: usize) -> io::Result<()> {
    // SAFETY: the caller's promise.
    check(unsafe { libc::madvise(start.cast(), len, libc::MADV_DONTNEED) })
}

/// Bytes of a mapped range that are in memory now; 0 when the host does not tell.
///
/// # Safety
/// The range must be mapped and start at a page boundary.
pub unsafe fn resident(start: *mut u8, len: usize) -> u64 {
    const CHUNK_PAGES: usize = 16384;
    let mut states = vec![0u8; CHUNK_PAGES.min(len.div_ceil(4096))];
    let mut pages = 0;
    for offset in (0..len).step_by(CHUNK_PAGES * 4096) {
        let count = CHUNK_PAGES.min((len - offset).div_ceil(4096));
        // SAFETY: the caller's promise; `states` has a byte for each page asked about.
        let result = unsafe {
            libc::mincore(start.wrapping_add(offset).cast(), count * 4096, states.as_mut_ptr())
        };
        if result != 0 {
            return 0;
        }
        pages += states[..count].iter().filter(|state| **state & 1 != 0).count() as u64;
    }
    pages * 4096
}

/// Maps `len` bytes of `file` at `offset`, a page boundary, privately in place of what is at `start`.
///
/// # Safety
/// The range, rounded up to whole pages, must belong to a private mapping that the caller owns, and
/// no Rust reference may point into it.
pub unsafe fn map_file(start: *mut u8, len: usize, file: &File, offset: u64) -> io::Result<()> {
    let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
    // SAFETY: the caller's promise.
    let result = unsafe {
        libc::mmap(
            start.cast(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_FIXED,
            file.as_raw_fd(),
            offset,
        )
    };
    if result == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Puts zero pages in place of whatever is mapped at `start`.
///
/// # Safety
/// The range must be whole pages of a private mapping that the caller owns, and no Rust reference may
/// point into it.
pub unsafe fn replace_by_zeroes(start: *mut u8, len: usize) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the caller's promise.
    let result = unsafe { libc::mmap(start.cast(), len, access, flags, -1, 0) };
    if result == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A file that is in memory only, and gone with its last user.
pub fn memory_file() -> io::Result<File> {
    // SAFETY: the name is a C string; the result is a new descriptor that nobody else has.
    unsafe {
        let descriptor = libc::memfd_create(c"ochre-data".as_ptr(), libc::MFD_CLOEXEC);
        check(if descriptor < 0 { -1 } else { 0 })?;
        Ok(File::from_raw_fd(descriptor))
    }
}

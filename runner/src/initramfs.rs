// SPDX-License-Identifier: MIT OR Apache-2.0
//! The initramfs: checked, put at the top of KernelMemory, with a second archive behind it for
//! `ochre exec`.
#![forbid(unsafe_code)]

use crate::error::Error;
use crate::memory::{KernelAddr, KernelMemory, PAGE_BYTES};
use crate::newc;
use std::fs::File;
use std::path::Path;

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its address, or 0.
    pub addr: u32,
    /// Its length.
    pub len_bytes: u32,
}

/// Puts the archive at `path` and then `second` at the end of `memory`, above `floor`.
///
/// # Errors
/// When the file is no archive, or the memory is too small.
pub fn place(
    memory: &KernelMemory,
    floor: u64,
    path: &Path,
    second: &[u8],
) -> Result<Placed, Error> {
    let read = |source| Error::ReadInitramfs { path: path.to_owned(), source };
    let bad = |reason| Error::BadInitramfs { path: path.to_owned(), reason };
    let file = File::open(path).map_err(read)?;
    let file_bytes = file.metadata().map_err(read)?.len();
    newc::check(&file).map_err(read)?.map_err(bad)?;
    // The kernel looks for a further archive at a multiple of four.
    let second_at = file_bytes.next_multiple_of(4);
    let len_bytes = second_at + second.len() as u64;
    let room = len_bytes.next_multiple_of(u64::from(PAGE_BYTES));
    let Some(addr) = memory.len_bytes().checked_sub(room).filter(|addr| *addr >= floor) else {
        return Err(Error::BadMemorySize(format!(
            "the memory is too small for the kernel and an initramfs of {} MiB; use a larger --memory",
            len_bytes.div_ceil(1 << 20)
        )));
    };
    let (addr, len_bytes) = (addr as u32, len_bytes as u32);
    memory.map_file(KernelAddr(addr), &file, file_bytes as u32).map_err(read)?;
    if let Some(bytes) = memory.bytes(KernelAddr(addr + second_at as u32), second.len() as u32) {
        bytes.write(second);
    }
    Ok(Placed { addr, len_bytes })
}

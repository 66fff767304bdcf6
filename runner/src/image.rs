// SPDX-License-Identifier: MIT OR Apache-2.0
//! The data that a program starts with, in a file from which each new process maps it copy-on-write.
//!
//! The file is an entry of the compiled-code cache (`cache`), or one in memory where the program was
//! compiled just now. Whole pages are mapped; what is left of the first and the last page is copied,
//! since the kernel may have written beside it.
#![forbid(unsafe_code)]

use crate::loader::DataImage;
use crate::memory::ProcessMemory;
use crate::sys::pages;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Bytes of a page of the host and of the guest's kernel.
pub const PAGE_BYTES: u32 = 4096;

/// Below this a copy is quicker than a mapping, of which each page is a fault.
const MIN_MAPPED_BYTES: u32 = 64 << 10;

/// A program's data.
pub struct Image {
    file: File,
    /// Where whole pages begin, in the file and in the memory, and their bytes.
    mapped: (u64, u32, u32),
    /// What is copied: addresses and bytes.
    copied: Vec<(u32, Vec<u8>)>,
}

impl Image {
    /// Data of `len_bytes` at `offset` of `file`, which belongs at `addr`.
    ///
    /// # Errors
    /// When the file cannot be read, or the offset is at another place within its page than the address.
    pub fn new(file: File, offset: u64, addr: u32, len_bytes: u32) -> io::Result<Self> {
        let end = addr.checked_add(len_bytes).ok_or(io::ErrorKind::InvalidData)?;
        if offset % u64::from(PAGE_BYTES) != u64::from(addr % PAGE_BYTES) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (first, last) = (addr.next_multiple_of(PAGE_BYTES), end - end % PAGE_BYTES);
        let pieces = if first < last && last - first >= MIN_MAPPED_BYTES {
            vec![(addr, first), (last, end)]
        } else {
            vec![(addr, end)]
        };
        let offset_of = |at: u32| offset + u64::from(at - addr);
        let mapped = match pieces[..] {
            [(_, first), (last, _)] => (offset_of(first), first, last - first),
            _ => (0, 0, 0),
        };
        let mut copied = Vec::new();
        for (from, to) in pieces {
            let mut bytes = vec![0; (to - from) as usize];
            file.read_exact_at(&mut bytes, offset_of(from))?;
            copied.push((from, bytes));
        }
        Ok(Self { file, mapped, copied })
    }

    /// The same of data that is in no file yet.
    ///
    /// # Errors
    /// When the host has no memory for it.
    pub fn of(data: &DataImage) -> io::Result<Self> {
        let offset = data.addr % PAGE_BYTES;
        let mut file = pages::memory_file()?;
        file.write_all(&vec![0; offset as usize])?;
        file.write_all(&data.bytes)?;
        let len_bytes = u32::try_from(data.bytes.len()).map_err(io::Error::other)?;
        Self::new(file, offset.into(), data.addr, len_bytes)
    }

    /// Puts the data into a new memory; `false` when it does not fit or cannot be read.
    pub fn place(&self, memory: &ProcessMemory) -> bool {
        let (offset, addr, len_bytes) = self.mapped;
        (len_bytes == 0 || memory.map_image(addr, &self.file, offset, len_bytes))
            && self.copied.iter().all(|(addr, bytes)| memory.write_image(*addr, bytes))
    }
}

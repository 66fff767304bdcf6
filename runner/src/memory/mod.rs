// SPDX-License-Identifier: MIT OR Apache-2.0
//! Guest memories: the machine's one [`KernelMemory`] and a [`ProcessMemory`] per `mm_struct`.
//!
//! Both are wasm shared memories with a reservation of 4 GiB, so that they never move. They never
//! shrink either: a range once checked stays valid as long as the memory lives, whatever other vCPUs
//! do meanwhile.

pub mod protection;
pub mod region;

use crate::handover::presence::raise_flag;
use ochre_abi::user::{NULL_PAGE_BYTES, PREEMPT_FLAG_ADDR};
use protection::{Access, Protection, Use};
use region::{Bytes, Region};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use wasmtime::{Engine, MemoryType, SharedMemory};

/// Bytes of a wasm page.
pub const WASM_PAGE_BYTES: u64 = 65536;
/// Bytes of a page of the guest's kernel.
pub const PAGE_BYTES: u32 = 4096;
/// Wasm pages of the largest memory.
pub const MAX_WASM_PAGES: u32 = 65536;

/// Address in KernelMemory, as the kernel gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelAddr(pub u32);

/// Address in a ProcessMemory, as the guest gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserAddr(pub u32);

/// The memory of the kernel. Nobody can touch its first page, so that a null pointer is a trap.
pub struct KernelMemory {
    region: Region,
}

impl KernelMemory {
    /// Creates the memory, all zero.
    ///
    /// # Errors
    /// When the host has no address space left.
    pub fn new(engine: &Engine, wasm_pages: u32) -> wasmtime::Result<Self> {
        let ty = MemoryType::shared(wasm_pages, MAX_WASM_PAGES);
        let region = Region::new(SharedMemory::new(engine, ty)?);
        region.protect_null_page(PAGE_BYTES)?;
        Ok(Self { region })
    }

    /// The wasm memory, to be imported.
    pub fn wasm(&self) -> &SharedMemory {
        self.region.wasm()
    }

    /// Length in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.region.len() as u64
    }

    /// The range, if it lies within the memory and not in the null page.
    #[inline]
    pub fn bytes(&self, addr: KernelAddr, len_bytes: u32) -> Option<Bytes<'_>> {
        if addr.0 < PAGE_BYTES && len_bytes > 0 {
            return None;
        }
        self.region.bytes(addr.0, len_bytes)
    }

    /// The naturally aligned word at `addr`, which is not in the null page.
    #[inline]
    pub fn word(&self, addr: KernelAddr) -> Option<&AtomicU32> {
        if addr.0 < PAGE_BYTES {
            return None;
        }
        self.region.word(addr.0)
    }

    /// Gives whole pages back to the host; they read as zero afterwards. `false` for a bad range.
    pub fn discard(&self, addr: KernelAddr, len_bytes: u32) -> bool {
        // The initramfs is mapped from a file, whose bytes would come back.
        addr.0 >= PAGE_BYTES && self.region.discard_mapped(addr.0, len_bytes)
    }

    /// Maps the first `len_bytes` of `file` privately at `addr`, a page boundary; what follows in the
    /// last page is zero. Without a mapping that the host can make, the bytes are read in.
    ///
    /// # Errors
    /// When the range is not within the memory, or the file cannot be read.
    pub fn map_file(&self, addr: KernelAddr, file: &File, len_bytes: u32) -> std::io::Result<()> {
        self.region.map_file(addr.0, file, len_bytes)
    }
}

/// The memory of one process.
pub struct ProcessMemory {
    handle: u32,
    /// Before the region, which it must not outlive.
    protection: Protection,
    region: Region,
    /// First and last address, and one, of the pages that are mapped from the program's image.
    image: OnceLock<(u32, u32)>,
}

impl ProcessMemory {
    /// Creates a memory, all zero, whose null page nobody can touch.
    ///
    /// # Errors
    /// When the host has no memory or address space left.
    pub fn new(engine: &Engine, handle: u32, wasm_pages: u32) -> wasmtime::Result<Self> {
        let ty = MemoryType::shared(wasm_pages, MAX_WASM_PAGES);
        let region = Region::new(SharedMemory::new(engine, ty)?);
        region.protect_null_page(NULL_PAGE_BYTES)?;
        let protection = Protection::default();
        Ok(Self { handle, protection, region, image: OnceLock::new() })
    }

    /// Its handle.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// The wasm memory, to be imported (once per Store: wasmtime looks a fault's address up in all
    /// memories of a Store and insists on finding one).
    pub fn wasm(&self) -> &SharedMemory {
        self.region.wasm()
    }

    /// Address of its first byte in the runner.
    pub fn start(&self) -> usize {
        self.region.start()
    }

    /// Makes the memory at least `wasm_pages` long; `false` when the host cannot.
    pub fn grow(&self, wasm_pages: u32) -> bool {
        let grown = self.region.grow(u64::from(wasm_pages));
        self.protection.grown(&self.region);
        grown
    }

    /// Changes what the program may do with whole pages; `false` for a bad range, or where the host
    /// cannot.
    pub fn protect(&self, addr: UserAddr, len_bytes: u32, access: Access) -> bool {
        let aligned = addr.0.is_multiple_of(PAGE_BYTES) && len_bytes.is_multiple_of(PAGE_BYTES);
        aligned
            && addr.0 >= NULL_PAGE_BYTES
            && self.region.bytes(addr.0, len_bytes).is_some()
            && self.protection.change(&self.region, addr, len_bytes, access)
    }

    /// The longest range at `addr` of at most `len_bytes` that the program may use so.
    #[inline]
    pub fn prefix(&self, addr: UserAddr, len_bytes: u32, wanted: Use) -> Option<Bytes<'_>> {
        if addr.0 < NULL_PAGE_BYTES {
            return None;
        }
        let available = (self.region.len() as u64).saturating_sub(u64::from(addr.0));
        let len_bytes = u32::try_from(available).unwrap_or(u32::MAX).min(len_bytes);
        let allowed = self.protection.allowed(addr, len_bytes as usize, wanted);
        Some(self.region.bytes(addr.0, len_bytes)?.first(allowed))
    }

    /// The range, if the program may use all of it so.
    #[inline]
    pub fn bytes(&self, addr: UserAddr, len_bytes: u32, wanted: Use) -> Option<Bytes<'_>> {
        if addr.0 < NULL_PAGE_BYTES {
            return None;
        }
        let bytes = self.region.bytes(addr.0, len_bytes)?;
        (self.protection.allowed(addr, bytes.len(), wanted) == bytes.len()).then_some(bytes)
    }

    /// The naturally aligned word at `addr`, if the program may use it so.
    #[inline]
    pub fn word(&self, addr: UserAddr, wanted: Use) -> Option<&AtomicU32> {
        if addr.0 < NULL_PAGE_BYTES || self.protection.allowed(addr, 4, wanted) < 4 {
            return None;
        }
        self.region.word(addr.0)
    }

    /// Zeroes a range of whole pages and gives them back to the host; `false` for a bad range.
    pub fn discard(&self, addr: UserAddr, len_bytes: u32) -> bool {
        if addr.0 < NULL_PAGE_BYTES {
            return false;
        }
        match self.image.get() {
            Some((start, end))
                if addr.0 < *end
                    && u64::from(addr.0) + u64::from(len_bytes) > u64::from(*start) =>
            {
                let discarded = self.region.discard_mapped(addr.0, len_bytes);
                if discarded {
                    self.protection.restore(&self.region, addr, len_bytes);
                }
                discarded
            }
            _ => self.region.discard(addr.0, len_bytes),
        }
    }

    /// Maps pages of a program's image, once, before anybody runs over this memory; reads them in where
    /// the host has no mapping left. `false` when they do not fit or cannot be read.
    pub fn map_image(&self, addr: u32, file: &File, offset: u64, len_bytes: u32) -> bool {
        if addr < NULL_PAGE_BYTES || self.image.set((addr, addr.saturating_add(len_bytes))).is_err()
        {
            return false;
        }
        if self.region.map_pages(addr, file, offset, len_bytes) {
            return true;
        }
        let mut bytes = vec![0; len_bytes as usize];
        file.read_exact_at(&mut bytes, offset).is_ok() && self.write_image(addr, &bytes)
    }

    /// Writes what of a program's image is not mapped; `false` when it does not fit.
    pub fn write_image(&self, addr: u32, bytes: &[u8]) -> bool {
        let len_bytes = u32::try_from(bytes.len()).ok();
        let target =
            len_bytes.and_then(|len_bytes| self.bytes(UserAddr(addr), len_bytes, Use::Write));
        target.map(|target| target.write(bytes)).is_some()
    }

    /// Bytes that the host holds of a range that starts with a page; what is not within the memory
    /// does not count.
    pub fn resident_bytes(&self, addr: UserAddr, len_bytes: u32) -> u64 {
        let available = self.region.len().saturating_sub(addr.0 as usize);
        let len_bytes = u32::try_from(available).unwrap_or(u32::MAX).min(len_bytes);
        self.region.resident_bytes(addr.0, len_bytes)
    }

    /// Makes user code over this memory call `__preempt` at its next check.
    pub fn set_preempt_flag(&self) {
        if let Some(flag) = self.region.word(PREEMPT_FLAG_ADDR) {
            raise_flag(flag);
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wasm shared memory as the host reads and writes it: the only place where guest memory is
//! touched from Rust.
//!
//! Why this is sound: the base of a memory with a reservation of its full size never moves, and its
//! length only grows, so a range that was within the length once stays mapped while the [`Region`]
//! lives; a [`Bytes`] borrows the region. Guest code on other threads may write the same bytes at the
//! same time, so no Rust reference to them is ever made: they are copied through raw pointers, and
//! words are atomics. A torn copy is the guest's own race.
#![expect(unsafe_code, reason = "the one module that touches guest memory from the host")]

use super::protection::Access;
use crate::sys::faults::Openable;
use crate::sys::pages;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use wasmtime::SharedMemory;

/// A wasm shared memory with its base and length at hand.
pub struct Region {
    base: *mut u8,
    /// Bytes; written with `growing` held.
    len: AtomicUsize,
    growing: Mutex<()>,
    memory: SharedMemory,
}

// SAFETY: `base` points to memory that `memory` owns, which is itself Send and Sync; all accesses
// through it are raw copies or atomics, as the module's header says.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// Wraps `memory`.
    pub fn new(memory: SharedMemory) -> Self {
        let data = memory.data();
        Self {
            base: data.as_ptr().cast_mut().cast(),
            len: AtomicUsize::new(data.len()),
            growing: Mutex::new(()),
            memory,
        }
    }

    /// The wasm memory.
    pub fn wasm(&self) -> &SharedMemory {
        &self.memory
    }

    /// Address of the first byte.
    pub fn start(&self) -> usize {
        self.base.addr()
    }

    /// Length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Is the length 0?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Grows to at least `wasm_pages`; `false` when that is impossible.
    pub fn grow(&self, wasm_pages: u64) -> bool {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.memory.size();
        if wasm_pages <= now {
            return true;
        }
        if self.memory.grow(wasm_pages - now).is_err() {
            return false;
        }
        self.len.store(self.memory.data_size(), Ordering::Release);
        true
    }

    /// The range, if it lies within the memory.
    #[inline]
    pub fn bytes(&self, addr: u32, len_bytes: u32) -> Option<Bytes<'_>> {
        let (start, len) = (addr as usize, len_bytes as usize);
        if start + len > self.len() {
            return None;
        }
        Some(Bytes { pointer: self.base.wrapping_add(start), len, region: PhantomData })
    }

    /// The word at `addr`, if it is aligned and within the memory.
    #[inline]
    pub fn word(&self, addr: u32) -> Option<&AtomicU32> {
        if !addr.is_multiple_of(4) {
            return None;
        }
        let bytes = self.bytes(addr, 4)?;
        // SAFETY: four mapped bytes, aligned because the base is page aligned; they outlive `self`'s
        // borrow, and atomics may be shared with the guest.
        Some(unsafe { AtomicU32::from_ptr(bytes.pointer.cast()) })
    }

    /// Takes all access to the first `len_bytes` away.
    pub fn protect_null_page(&self, len_bytes: u32) -> io::Result<()> {
        if self.len() < len_bytes as usize {
            return Ok(());
        }
        // SAFETY: the range is within the mapping; every host access goes through checks that
        // refuse it (`ProcessMemory`, `KernelMemory`), and a guest access becomes a wasm trap.
        unsafe { pages::forbid(self.base, len_bytes as usize) }
    }

    /// Changes what user code may do with a range of whole pages; `false` when the host refuses.
    /// The host's own accesses look at the marks of `memory::protection` first.
    pub fn set_access(&self, addr: u32, len_bytes: u32, access: Access) -> bool {
        let aligned = addr.is_multiple_of(4096) && len_bytes.is_multiple_of(4096);
        let Some(bytes) = self.bytes(addr, len_bytes).filter(|_| aligned) else { return false };
        // SAFETY: whole pages of our own mapping; a guest access to closed ones becomes a wasm trap,
        // and one of the host's opens them again, as `Self::openable` has asked.
        unsafe { pages::set_access(bytes.pointer, bytes.len, access) }.is_ok()
    }

    /// Lets the host's own faults open closed pages from `first` on; `None` when too many memories
    /// have asked.
    pub fn openable(&self, first: u32) -> Option<Openable> {
        let base = self.base.expose_provenance();
        // SAFETY: the mapping is there while `self` lives, whose owner drops the value before; pages
        // are closed only against user code.
        unsafe { Openable::new(base + first as usize, base + self.len()) }
    }

    /// The same after the memory has grown.
    pub fn extend_openable(&self, openable: &Openable) {
        // SAFETY: as above.
        unsafe { openable.extend(self.base.addr() + self.len()) }
    }

    /// Zeroes a range of whole pages by giving them back; `false` for a bad range.
    pub fn discard(&self, addr: u32, len_bytes: u32) -> bool {
        if !addr.is_multiple_of(4096) || !len_bytes.is_multiple_of(4096) {
            return false;
        }
        let Some(bytes) = self.bytes(addr, len_bytes) else { return false };
        // SAFETY: whole pages of an anonymous private mapping.
        unsafe { pages::discard(bytes.pointer, bytes.len) }.is_ok()
    }

    /// Maps whole pages of a file privately over a range of whole pages; `false` when that is impossible.
    pub fn map_pages(&self, addr: u32, file: &File, offset: u64, len_bytes: u32) -> bool {
        let aligned = addr.is_multiple_of(4096) && len_bytes.is_multiple_of(4096);
        let Some(bytes) = self.bytes(addr, len_bytes).filter(|_| aligned) else { return false };
        // SAFETY: a page-aligned range of our own mapping; nobody holds a reference into it.
        unsafe { pages::map_file(bytes.pointer, bytes.len, file, offset) }.is_ok()
    }

    /// Like [`Self::discard`] where pages of a file may be mapped, which would come back.
    pub fn discard_mapped(&self, addr: u32, len_bytes: u32) -> bool {
        if !addr.is_multiple_of(4096) || !len_bytes.is_multiple_of(4096) || len_bytes == 0 {
            return len_bytes == 0;
        }
        let Some(bytes) = self.bytes(addr, len_bytes) else { return false };
        // SAFETY: whole pages of a private mapping; nobody holds a reference into it.
        unsafe { pages::replace_by_zeroes(bytes.pointer, bytes.len) }.is_ok()
    }

    /// Bytes that the host holds of a range that starts with a page; 0 for a bad one.
    pub fn resident_bytes(&self, addr: u32, len_bytes: u32) -> u64 {
        let Some(bytes) = self.bytes(addr, len_bytes).filter(|_| addr.is_multiple_of(4096)) else {
            return 0;
        };
        // SAFETY: the range is mapped.
        unsafe { pages::resident(bytes.pointer, bytes.len) }
    }

    /// Maps a file's first bytes privately over a range; reads them in where that is impossible.
    pub fn map_file(&self, addr: u32, file: &File, len_bytes: u32) -> io::Result<()> {
        let bytes = self.bytes(addr, len_bytes).ok_or(io::ErrorKind::InvalidInput)?;
        if len_bytes == 0 {
            return Ok(());
        }
        if addr.is_multiple_of(4096) && self.bytes(addr, len_bytes.next_multiple_of(4096)).is_some()
        {
            // SAFETY: a page-aligned range of our own mapping; nobody holds a reference into it.
            if unsafe { pages::map_file(bytes.pointer, bytes.len, file, 0) }.is_ok() {
                return Ok(());
            }
        }
        let mut buffer = vec![0; 1 << 20];
        let mut done = 0;
        while done < bytes.len {
            let count = buffer.len().min(bytes.len - done);
            file.read_exact_at(&mut buffer[..count], done as u64)?;
            self.bytes(addr + done as u32, count as u32)
                .ok_or(io::ErrorKind::InvalidInput)?
                .write(&buffer[..count]);
            done += count;
        }
        Ok(())
    }
}

/// A checked range of a [`Region`].
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    pointer: *mut u8,
    len: usize,
    region: PhantomData<&'a Region>,
}

impl Bytes<'_> {
    /// Length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is it an empty range?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its first `len` bytes, or all of it.
    #[inline]
    #[must_use]
    pub fn first(self, len: usize) -> Self {
        Self { len: self.len.min(len), ..self }
    }

    /// All but its first `len` bytes.
    #[inline]
    #[must_use]
    pub fn skip(self, len: usize) -> Self {
        let len = self.len.min(len);
        Self { pointer: self.pointer.wrapping_add(len), len: self.len - len, ..self }
    }

    /// Copies `source` here; the ranges must be equally long, else the shorter length counts.
    #[inline]
    pub fn copy_from(&self, source: Bytes<'_>) {
        let len = self.len.min(source.len);
        // SAFETY: both ranges are mapped. Small powers of two, the bulk of a kernel's user copies,
        // are one load and one store; `copy` allows overlap.
        unsafe {
            match len {
                1 => *self.pointer = *source.pointer,
                2 => copy_word::<u16>(self.pointer, source.pointer),
                4 => copy_word::<u32>(self.pointer, source.pointer),
                8 => copy_word::<u64>(self.pointer, source.pointer),
                _ => std::ptr::copy(source.pointer, self.pointer, len),
            }
        }
    }

    /// Copies `source` to the start of the range, as much as fits.
    pub fn write(&self, source: &[u8]) {
        let len = self.len.min(source.len());
        // SAFETY: the range is mapped, and no Rust slice can overlap guest memory.
        unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), self.pointer, len) }
    }

    /// Copies the start of the range to `target`, as much as fits.
    pub fn read(&self, target: &mut [u8]) {
        let len = self.len.min(target.len());
        // SAFETY: the range is mapped, and no Rust slice can overlap guest memory.
        unsafe { std::ptr::copy_nonoverlapping(self.pointer, target.as_mut_ptr(), len) }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut copy = vec![0; self.len];
        self.read(&mut copy);
        copy
    }

    /// Zeroes the range.
    #[inline]
    pub fn clear(&self) {
        // SAFETY: the range is mapped.
        unsafe { std::ptr::write_bytes(self.pointer, 0, self.len) }
    }

    /// Position of the first zero byte.
    pub fn find_zero(&self) -> Option<usize> {
        // SAFETY: the range is mapped; memchr reads each byte at most once, and does not read past
        // the length, whatever the guest writes meanwhile.
        let hit = unsafe { libc::memchr(self.pointer.cast(), 0, self.len) };
        (!hit.is_null()).then(|| hit as usize - self.pointer as usize)
    }
}

/// # Safety
/// Both pointers must address `size_of::<T>()` mapped bytes.
#[inline]
unsafe fn copy_word<T>(to: *mut u8, from: *const u8) {
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { to.cast::<T>().write_unaligned(from.cast::<T>().read_unaligned()) }
}

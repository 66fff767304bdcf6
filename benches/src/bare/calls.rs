// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system calls that a program needs to start, to compute and to talk: numbers and structures of
//! the asm-generic ABI for 32 bits. Everything else gives ENOSYS, which the C library lives with.

use crate::clock::read_ns;
use ochre_runner::memory::protection::Use;
use ochre_runner::memory::{ProcessMemory, UserAddr, WASM_PAGE_BYTES};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// `write`.
pub const WRITE: u32 = 64;
const READ: u32 = 63;
const WRITEV: u32 = 66;
const EXIT: u32 = 93;
const EXIT_GROUP: u32 = 94;
const SET_TID_ADDRESS: u32 = 96;
const SIGALTSTACK: u32 = 132;
const SIGACTION: u32 = 134;
const SIGPROCMASK: u32 = 135;
const BRK: u32 = 214;
const MUNMAP: u32 = 215;
const MMAP: u32 = 222;
const MPROTECT: u32 = 226;
const MADVISE: u32 = 233;
const GETRANDOM: u32 = 278;
const CLOCK_GETTIME: u32 = 403;
const PPOLL: u32 = 414;

const EBADF: i32 = -9;
const ENOMEM: i32 = -12;
const EFAULT: i32 = -14;
const ENOSYS: i32 = -38;

const PAGE_BYTES: u32 = 4096;

/// A process without a kernel.
pub struct Process {
    memory: Arc<ProcessMemory>,
    /// First address that was never given out.
    fresh: u32,
    /// Given back: address and length.
    free: Vec<(u32, u32)>,
    status: Option<u8>,
}

/// What the call in hand wants to have done.
pub trait Calls {
    /// Does system call `nr`.
    ///
    /// # Errors
    /// When the program ends by it.
    fn call(&mut self, nr: u32, arguments: [u32; 6]) -> wasmtime::Result<i32>;
}

impl Process {
    /// A process whose heap begins at `heap_base`.
    pub fn new(memory: Arc<ProcessMemory>, heap_base: u32) -> Self {
        Self {
            memory,
            fresh: heap_base.next_multiple_of(PAGE_BYTES),
            free: Vec::new(),
            status: None,
        }
    }

    /// How the program has ended.
    pub fn status(&self) -> Option<u8> {
        self.status
    }

    fn write(&self, file: u32, addr: u32, len_bytes: u32) -> i32 {
        let Some(bytes) = self.memory.bytes(UserAddr(addr), len_bytes, Use::Read) else {
            return EFAULT;
        };
        let mut buffer = vec![0; len_bytes as usize];
        bytes.read(&mut buffer);
        let written = match file {
            1 => io::stdout().write_all(&buffer).and_then(|()| io::stdout().flush()),
            2 => io::stderr().write_all(&buffer),
            _ => return EBADF,
        };
        if written.is_ok() { len_bytes.cast_signed() } else { EBADF }
    }

    fn read(&self, file: u32, addr: u32, len_bytes: u32) -> i32 {
        let Some(bytes) = self.memory.bytes(UserAddr(addr), len_bytes, Use::Write) else {
            return EFAULT;
        };
        if file != 0 {
            return EBADF;
        }
        let mut buffer = vec![0; bytes.len()];
        let Ok(count) = io::stdin().read(&mut buffer) else { return EBADF };
        if let Some(bytes) = self.memory.bytes(UserAddr(addr), count as u32, Use::Write) {
            bytes.write(&buffer[..count]);
        }
        count as i32
    }

    fn write_vectors(&self, file: u32, addr: u32, count: u32) -> i32 {
        let mut total = 0;
        for index in 0..count {
            let (Some(start), Some(len)) =
                (self.word(addr + 8 * index), self.word(addr + 8 * index + 4))
            else {
                return EFAULT;
            };
            match self.write(file, start, len) {
                error @ ..0 => return error,
                written => total += written,
            }
        }
        total
    }

    fn word(&self, addr: u32) -> Option<u32> {
        Some(
            self.memory.word(UserAddr(addr), Use::Read)?.load(std::sync::atomic::Ordering::Relaxed),
        )
    }

    fn map(&mut self, len_bytes: u32) -> i32 {
        let Some(len) = len_bytes.checked_next_multiple_of(PAGE_BYTES) else { return ENOMEM };
        if let Some(at) = self.free.iter().position(|(_, free)| *free == len) {
            return self.free.swap_remove(at).0.cast_signed();
        }
        let addr = self.fresh;
        let Some(end) = addr.checked_add(len) else { return ENOMEM };
        if !self.memory.grow(u64::from(end).div_ceil(WASM_PAGE_BYTES) as u32) {
            return ENOMEM;
        }
        self.fresh = end;
        addr.cast_signed()
    }

    fn unmap(&mut self, addr: u32, len_bytes: u32) -> i32 {
        let len = len_bytes.next_multiple_of(PAGE_BYTES);
        self.memory.discard(UserAddr(addr), len);
        self.free.push((addr, len));
        0
    }

    /// The same bytes each time: nothing shall depend on chance.
    fn random(&self, addr: u32, len_bytes: u32) -> i32 {
        let Some(bytes) = self.memory.bytes(UserAddr(addr), len_bytes, Use::Write) else {
            return EFAULT;
        };
        bytes.write(&vec![0x5a; len_bytes as usize]);
        len_bytes.cast_signed()
    }

    fn time(&self, clock: u32, addr: u32) -> i32 {
        let ns = read_ns(clock.cast_signed());
        let Some(bytes) = self.memory.bytes(UserAddr(addr), 16, Use::Write) else { return EFAULT };
        let parts = [ns / 1_000_000_000, ns % 1_000_000_000];
        bytes.write(&parts.map(u64::to_le_bytes).concat());
        0
    }
}

impl Calls for Process {
    fn call(&mut self, nr: u32, [a0, a1, a2, ..]: [u32; 6]) -> wasmtime::Result<i32> {
        Ok(match nr {
            READ => self.read(a0, a1, a2),
            WRITE => self.write(a0, a1, a2),
            WRITEV => self.write_vectors(a0, a1, a2),
            MMAP => self.map(a1),
            MUNMAP => self.unmap(a0, a1),
            CLOCK_GETTIME => self.time(a0, a1),
            GETRANDOM => self.random(a0, a1),
            // A heap that cannot grow: all memory comes from mmap.
            BRK => self.fresh.cast_signed(),
            SET_TID_ADDRESS => 1,
            // The C library asks whether its first three files are open.
            PPOLL => 0,
            SIGALTSTACK | SIGACTION | SIGPROCMASK | MPROTECT | MADVISE => 0,
            EXIT | EXIT_GROUP => {
                self.status = Some(a0 as u8);
                return Err(wasmtime::Error::msg("the program has ended"));
            }
            _ => ENOSYS,
        })
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks of the task fibers.
//!
//! Every stack is a mapping of [`STACK_BYTES`], aligned to its own size, so that the room left under
//! the running frame is the low bits of the stack pointer: the headroom check on each system call
//! needs no memory access. User and kernel frames of a task share the stack:
//!
//! ```text
//!   base + STACK_BYTES ┌──────────────────┐  wasmtime's entry frames
//!                      │ user frames      │  a user frame below ENTRY_ROOM_BYTES may not enter
//!   + ENTRY_ROOM_BYTES ├──────────────────┤  the kernel: SIGSEGV instead
//!                      │ kernel frames    │
//!   + HOST_ROOM_BYTES  ├──────────────────┤  wasm code stops here (max_wasm_stack)
//!                      │ host calls       │
//!   + GUARD_BYTES      ├──────────────────┤
//!   base               │ guard            │
//!                      └──────────────────┘
//! ```
//!
//! Dead stacks are kept for the next task: their topmost pages stay warm, the rest is given back.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::{StackCreator, StackMemory};

/// Size and alignment of a stack, its guard included.
pub const STACK_BYTES: usize = 16 << 20;
/// Inaccessible bytes at its low end.
const GUARD_BYTES: usize = 64 << 10;
/// Room for host calls, guard included.
const HOST_ROOM_BYTES: usize = 512 << 10;
/// Room that must be left where user code enters the kernel.
pub const ENTRY_ROOM_BYTES: usize = 1536 << 10;
/// Room for wasmtime's own frames at the top.
const TOP_ROOM_BYTES: usize = 64 << 10;
/// What wasm code may use: see `wasmtime::Config::max_wasm_stack`.
pub const MAX_WASM_STACK_BYTES: usize = STACK_BYTES - HOST_ROOM_BYTES - TOP_ROOM_BYTES;

/// Bytes at the top of a kept stack that stay in memory.
const WARM_BYTES: usize = 64 << 10;
/// Most stacks kept.
const MAX_KEPT: usize = 64;

/// Is the running fiber's stack too full to enter the kernel?
#[inline]
pub fn is_low() -> bool {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr() % STACK_BYTES < ENTRY_ROOM_BYTES
}

/// Gives out and takes back stacks.
#[derive(Default)]
pub struct StackPool {
    kept: Arc<Mutex<Vec<Mapping>>>,
}

struct Mapping {
    base: *mut u8,
}

// SAFETY: a mapping is plain memory that any thread may use and unmap.
unsafe impl Send for Mapping {}
// SAFETY: nothing can be done through a shared reference.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new() -> std::io::Result<Self> {
        // SAFETY: a new mapping of twice the size, of which the aligned half is kept; the trims
        // stay within it.
        unsafe {
            let start = libc::mmap(
                std::ptr::null_mut(),
                STACK_BYTES * 2,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            );
            if start == libc::MAP_FAILED {
                return Err(std::io::Error::last_os_error());
            }
            let start = start.cast::<u8>();
            let lead = start.addr().next_multiple_of(STACK_BYTES) - start.addr();
            let base = start.wrapping_add(lead);
            if lead > 0 {
                libc::munmap(start.cast(), lead);
            }
            libc::munmap(base.wrapping_add(STACK_BYTES).cast(), STACK_BYTES - lead);
            let mapping = Self { base };
            let usable = base.wrapping_add(GUARD_BYTES).cast();
            let len = STACK_BYTES - GUARD_BYTES;
            if libc::mprotect(usable, len, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            // A huge page for the few kilobytes that a task uses would be 2 MiB of each task.
            libc::madvise(usable, len, libc::MADV_NOHUGEPAGE);
            Ok(mapping)
        }
    }

    /// Gives all but the warm top back.
    fn cool(&self) {
        // SAFETY: pages of our own anonymous mapping that no fiber uses any more.
        unsafe {
            libc::madvise(
                self.base.wrapping_add(GUARD_BYTES).cast(),
                STACK_BYTES - GUARD_BYTES - WARM_BYTES,
                libc::MADV_DONTNEED,
            );
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: our own mapping; the fiber that ran on it is gone.
        unsafe {
            libc::munmap(self.base.cast(), STACK_BYTES);
        }
    }
}

/// One stack in use.
struct Stack {
    mapping: Option<Mapping>,
    pool: Arc<Mutex<Vec<Mapping>>>,
}

impl Stack {
    fn base(&self) -> *mut u8 {
        self.mapping.as_ref().map_or(std::ptr::null_mut(), |mapping| mapping.base)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let Some(mapping) = self.mapping.take() else { return };
        let mut kept = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT {
            mapping.cool();
            kept.push(mapping);
        }
    }
}

// SAFETY: the top is page aligned, the range is mapped readable and writable while the value lives,
// and the guard range lies directly below it.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.base().wrapping_add(STACK_BYTES)
    }

    fn range(&self) -> Range<usize> {
        let base = self.base().addr();
        base + GUARD_BYTES..base + STACK_BYTES
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.base()..self.base().wrapping_add(GUARD_BYTES)
    }
}

// SAFETY: every stack has a guard below it. A kept stack is not zero-filled again, which wasmtime
// asks for as defence in depth only when `zeroed` is set; then a fresh one is given.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, _size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let kept = if zeroed {
            None
        } else {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
        };
        let mapping = match kept {
            Some(mapping) => mapping,
            None => Mapping::new()?,
        };
        Ok(Box::new(Stack { mapping: Some(mapping), pool: Arc::clone(&self.kept) }))
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists of free blocks that any thread may take, and the memory that new blocks are made of. Talks to
//! the C library's allocator. A lock is held for a few instructions, and nothing is allocated under it
//! but from the C library.

use crate::{CLASSES, STEP};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::{Mutex, PoisonError};

/// What stands in a free block: it is at least as large, and as aligned.
pub struct Free {
    /// The next block of the list.
    pub next: *mut Free,
    /// In the first block of a list that is kept here: the first block of the next list.
    lists: *mut Free,
}

/// Memory for new blocks is taken from the C library so many bytes at first, and twice as many each time,
const FIRST_BYTES: usize = 1 << 10;
/// up to these.
const MOST_BYTES: usize = 64 << 10;

/// What there is of one class.
struct Class {
    lists: *mut Free,
    fresh: *mut u8,
    fresh_bytes: usize,
    next_bytes: usize,
}

// SAFETY: what it points to belongs to it alone, whichever thread looks.
unsafe impl Send for Class {}

static ALL: [Mutex<Class>; CLASSES] = [const {
    Mutex::new(Class {
        lists: ptr::null_mut(),
        fresh: ptr::null_mut(),
        fresh_bytes: 0,
        next_bytes: FIRST_BYTES,
    })
}; CLASSES];

/// Gives a list of up to `most` blocks; null when there is no memory.
pub fn take(class: usize, most: u32) -> *mut Free {
    let size = (class + 1) * STEP;
    let mut of = ALL[class].lock().unwrap_or_else(PoisonError::into_inner);
    let list = of.lists;
    if !list.is_null() {
        // SAFETY: lists that are here are free blocks, each with its fields written by `give`.
        of.lists = unsafe { (*list).lists };
        return list;
    }
    if of.fresh_bytes < size {
        of.refill();
    }
    let mut list: *mut Free = ptr::null_mut();
    for _ in 0..most {
        if of.fresh_bytes < size {
            break;
        }
        let block = of.fresh.cast::<Free>();
        // SAFETY: so many bytes are left, aligned as each block is.
        unsafe {
            block.write(Free { next: list, lists: ptr::null_mut() });
            of.fresh = of.fresh.add(size);
        }
        of.fresh_bytes -= size;
        list = block;
    }
    list
}

/// Takes a list back.
///
/// # Safety
/// All of it is free blocks of this class that are in no other list, the last one's `next` being null.
pub unsafe fn give(class: usize, list: *mut Free) {
    if list.is_null() {
        return;
    }
    let mut of = ALL[class].lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the block is free, as the caller promises.
    unsafe { (*list).lists = of.lists };
    of.lists = list;
}

impl Class {
    /// Gets memory, if there is some. What is left of the old one is smaller than a block.
    fn refill(&mut self) {
        let bytes = self.next_bytes;
        let Ok(layout) = Layout::from_size_align(bytes, STEP) else { return };
        // SAFETY: the size is not 0.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            (self.fresh, self.fresh_bytes) = (memory, bytes);
            self.next_bytes = (bytes * 2).min(MOST_BYTES);
        }
    }
}

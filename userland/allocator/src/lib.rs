// SPDX-License-Identifier: MIT OR Apache-2.0
//! The allocator of the guest's larger programs. musl's keeps its own records beside each block, finds
//! and checks them at each free, and gives the kernel back what it will soon ask for again; half of the
//! time of a program that makes many small things goes there. Rust tells the size of a block when it
//! frees it, so small blocks need no records at all.
//!
//! Blocks of up to [`LARGEST`] bytes are of one of [`CLASSES`] sizes. Each thread has lists of free
//! blocks of each size, of which it takes and gives without a lock. What it has too much of, or too
//! little, goes by whole lists to and from the lists of all ([`shared`]), which make new blocks out of
//! memory from the C library. All else comes from the C library, which also gets it back; only a few large
//! blocks are kept for a while ([`large`]).
//!
//! Invariants: a small block always comes from [`shared`] and goes back there, never to the C library,
//! and so the memory of small blocks stays with the program, for blocks of the same size. A thread that
//! ends leaves its lists to the others.

mod large;
mod local;
mod shared;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

/// Sizes of blocks differ by this; it is also the alignment of them all.
const STEP: usize = 16;
/// The largest small block.
const LARGEST: usize = CLASSES * STEP;
/// Sizes of small blocks.
const CLASSES: usize = 32;

/// Takes small blocks from lists, and others from the C library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator;

/// The class of a small block.
fn class_of(layout: Layout) -> Option<usize> {
    // A block of no bytes is never asked for.
    (layout.size() <= LARGEST && layout.align() <= STEP)
        .then(|| layout.size().div_ceil(STEP).max(1) - 1)
}

/// A block that is not small.
#[inline]
unsafe fn take_large(layout: Layout, zeroed: bool) -> *mut u8 {
    let layout = large::rounded(layout);
    if large::is_large(layout)
        && let Some(block) = large::take(layout.size())
    {
        if zeroed {
            // SAFETY: the block is that large.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        return block;
    }
    // SAFETY: the caller promises that the size is not 0.
    unsafe { if zeroed { System.alloc_zeroed(layout) } else { System.alloc(layout) } }
}

// SAFETY: what is given out is as large and as aligned as it shall be, and is nobody else's: it was new
// or had been freed, and has been taken out of the only list that had it.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class_of(layout) {
            Some(class) => local::take(class),
            // SAFETY: the caller's promise is the same.
            None => unsafe { take_large(layout, false) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(class) = class_of(layout) {
            // SAFETY: the block came from `take` with the same class, and nobody uses it any more.
            return unsafe { local::give(class, block) };
        }
        let layout = large::rounded(layout);
        // SAFETY: the block came from `System` with this layout, and nobody uses it any more.
        unsafe {
            if large::is_large(layout) {
                large::give(block, layout.size());
            } else {
                System.dealloc(block, layout);
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class_of(layout) else {
            // SAFETY: the caller's promise is the same.
            return unsafe { take_large(layout, true) };
        };
        let block = local::take(class);
        if !block.is_null() {
            // SAFETY: it is at least that large.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, is no overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class_of(layout), class_of(wanted)) {
            (None, None) => {
                let (layout, wanted) = (large::rounded(layout), large::rounded(wanted));
                // What the C library cannot do in place it can do with pages, without a copy.
                if layout.align() == wanted.align() {
                    // SAFETY: the block came from `System` with this layout.
                    return unsafe { System.realloc(block, layout, wanted.size()) };
                }
            }
            (Some(before), Some(after)) if before == after => return block,
            _ => {}
        }
        // SAFETY: the size is not 0, as the caller promises.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both are that large, and are two blocks; the old one is freed once.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests;

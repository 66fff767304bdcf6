// SPDX-License-Identifier: MIT OR Apache-2.0
//! A few large blocks that were freed lately. The C library gives such memory to the kernel and gets it
//! back zeroed, which costs a fault for each page; a program that makes buffers in a loop should pay that
//! once. Talks to the C library's allocator.
//!
//! Invariants: a block here is as large as [`rounded`] says for what was asked for, and so can be given
//! out for whatever rounds to the same; at most [`MOST_BYTES`] are kept.

use crate::STEP;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::{Mutex, PoisonError};

/// Blocks from this size on are large,
const SMALLEST: usize = 16 << 10;
/// and those above this one are not kept.
const LARGEST: usize = 1 << 20;
/// All that is kept.
const MOST_BYTES: usize = 2 << 20;
/// Blocks that are kept.
const MOST_BLOCKS: usize = 16;

/// The last ones that were freed, the oldest first.
struct Kept {
    blocks: [(*mut u8, usize); MOST_BLOCKS],
    count: usize,
    bytes: usize,
}

// SAFETY: the blocks belong to it alone, whichever thread looks.
unsafe impl Send for Kept {}

static KEPT: Mutex<Kept> =
    Mutex::new(Kept { blocks: [(ptr::null_mut(), 0); MOST_BLOCKS], count: 0, bytes: 0 });

/// The layout that a block has in truth: one that could be kept has one of eight sizes between two powers
/// of two, and larger ones the same alignment, so that one can become the other in its place.
#[inline]
pub fn rounded(layout: Layout) -> Layout {
    if layout.size() < SMALLEST || layout.align() > STEP {
        return layout;
    }
    let eighth = if layout.size() > LARGEST { 1 } else { 1 << (layout.size().ilog2() - 3) };
    Layout::from_size_align(layout.size().next_multiple_of(eighth), STEP).unwrap_or(layout)
}

/// Could a block of this layout, as [`rounded`] gives it, be kept?
#[inline]
pub fn is_large(layout: Layout) -> bool {
    (SMALLEST..=LARGEST).contains(&layout.size()) && layout.align() == STEP
}

/// A kept block of a size, if there is one. What is in it is of no meaning.
pub fn take(size: usize) -> Option<*mut u8> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let count = kept.count;
    // The last one freed is the one that the processor's caches know.
    let index = kept.blocks[..count].iter().rposition(|(_, other)| *other == size)?;
    Some(kept.remove(index))
}

/// Keeps a block, and frees older ones for it.
///
/// # Safety
/// The block came from `System` with the layout of this size and alignment [`STEP`], and is not used
/// any more.
pub unsafe fn give(block: *mut u8, size: usize) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    while kept.count == MOST_BLOCKS || kept.bytes + size > MOST_BYTES {
        let oldest = kept.blocks[0].1;
        let block = kept.remove(0);
        if let Ok(layout) = Layout::from_size_align(oldest, STEP) {
            // SAFETY: the block came from `System` with this layout, and was removed from here.
            unsafe { System.dealloc(block, layout) };
        }
    }
    let count = kept.count;
    kept.blocks[count] = (block, size);
    kept.count += 1;
    kept.bytes += size;
}

impl Kept {
    fn remove(&mut self, index: usize) -> *mut u8 {
        let (block, size) = self.blocks[index];
        self.blocks.copy_within(index + 1..self.count, index);
        self.count -= 1;
        self.bytes -= size;
        block
    }
}

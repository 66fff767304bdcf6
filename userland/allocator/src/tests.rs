// SPDX-License-Identifier: MIT OR Apache-2.0
//! All tests run on the allocator itself.

use crate::{Allocator, LARGEST, STEP};
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::sync::mpsc::channel;
use std::thread;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// A block full of a byte, which nobody else may write to.
struct Marked(*mut u8, Layout, u8);

// SAFETY: the block belongs to it alone.
unsafe impl Send for Marked {}

impl Marked {
    fn new(size: usize, mark: u8) -> Self {
        let layout = Layout::from_size_align(size, 1 << (mark % 5)).unwrap();
        // SAFETY: the size is not 0.
        let block = unsafe { alloc(layout) };
        assert!(!block.is_null() && block.addr().is_multiple_of(layout.align()));
        // SAFETY: the block is that large.
        unsafe { block.write_bytes(mark, size) };
        Self(block, layout, mark)
    }

    fn check(&self, size: usize) {
        // SAFETY: the block is at least that large, and written.
        let bytes = unsafe { std::slice::from_raw_parts(self.0, size) };
        assert!(bytes.iter().all(|byte| *byte == self.2), "somebody else wrote to a block");
    }

    fn resize(&mut self, size: usize) {
        // SAFETY: the block has this layout, and the size is not 0.
        self.0 = unsafe { realloc(self.0, self.1, size) };
        let kept = size.min(self.1.size());
        self.check(kept);
        self.1 = Layout::from_size_align(size, self.1.align()).unwrap();
        // SAFETY: the block is that large.
        unsafe { self.0.write_bytes(self.2, size) };
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        self.check(self.1.size());
        // SAFETY: the block has this layout.
        unsafe { dealloc(self.0, self.1) };
    }
}

/// Numbers that follow from the first one.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    }
}

fn work(seed: u64, mut hand_on: impl FnMut(Marked)) {
    let mut number = numbers(seed);
    let mut held = Vec::new();
    for turn in 0..20_000 {
        match number(8) {
            0..4 => held.push(Marked::new(1 + number(LARGEST * 5 / 4), turn as u8)),
            4 if turn % 64 == 0 => drop(Marked::new(1 + number(3 << 20), turn as u8)),
            4 if !held.is_empty() => {
                let index = number(held.len());
                let most = if turn % 128 == 1 { 3 << 20 } else { LARGEST * 2 };
                held[index].resize(1 + number(most));
            }
            5 if !held.is_empty() => hand_on(held.swap_remove(number(held.len()))),
            _ if !held.is_empty() => drop(held.swap_remove(number(held.len()))),
            _ => {}
        }
    }
}

#[test]
fn blocks_belong_to_one_holder() {
    work(1, drop);
}

#[test]
fn blocks_are_freed_by_other_threads_and_after_threads_have_ended() {
    let (sender, receiver) = channel();
    let workers: Vec<_> = (0..4)
        .map(|seed| {
            let sender = sender.clone();
            thread::spawn(move || work(seed, |block| sender.send(block).unwrap()))
        })
        .collect();
    drop(sender);
    let mut kept = Vec::new();
    for (index, block) in receiver.into_iter().enumerate() {
        if index % 3 == 0 {
            kept.push(block)
        }
    }
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(!kept.is_empty());
}

#[test]
fn zeroed_blocks_are_zero_after_use() {
    for size in (1..LARGEST).step_by(7).chain([20_000, 100_000, 1_000_000]) {
        drop(Marked::new(size, 0xaa));
        let layout = Layout::from_size_align(size, 1).unwrap();
        // SAFETY: the size is not 0, and the block is that large and freed once.
        unsafe {
            let block = alloc_zeroed(layout);
            assert!(std::slice::from_raw_parts(block, size).iter().all(|byte| *byte == 0));
            dealloc(block, layout);
        }
    }
}

#[test]
fn large_alignments_are_kept() {
    for align in [STEP * 2, 256, 4096] {
        let layout = Layout::from_size_align(24, align).unwrap();
        // SAFETY: the size is not 0, and the block is freed once.
        unsafe {
            let block = alloc(layout);
            assert!(block.addr().is_multiple_of(align));
            dealloc(block, layout);
        }
    }
}

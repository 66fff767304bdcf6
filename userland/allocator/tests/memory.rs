// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the allocator keeps of freed memory. One test, for there is one memory in the process.

use ochre_allocator::Allocator;
use std::alloc::{Layout, alloc, dealloc};
use std::collections::HashMap;
use std::hint::black_box;
use std::thread;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_ascii_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

fn fill() {
    let map: HashMap<_, _> = (0..5_000).map(|i: usize| (i, i.to_string())).collect();
    assert_eq!(black_box(map).len(), 5_000);
}

#[test]
fn little_memory_is_kept() {
    // Small blocks of threads that have ended.
    (0..5).for_each(|_| thread::spawn(fill).join().unwrap());
    let before = resident_bytes();
    (0..200).for_each(|_| thread::spawn(fill).join().unwrap());
    // Without the lists of all, each would keep 80 kB.
    assert!(resident_bytes() < before + (4 << 20), "memory grows from thread to thread");

    // Large blocks. How much of them the C library keeps is its business, but it does not grow.
    let round = || {
        let blocks: Vec<_> = (1..100).map(|number| vec![1u8; number * 10_007]).collect();
        black_box(blocks).len()
    };
    (0..5).for_each(|_| assert_eq!(round(), 99));
    let before = resident_bytes();
    (0..20).for_each(|_| assert_eq!(round(), 99));
    assert!(resident_bytes() < before + (10 << 20), "freed memory is not used again");
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: the sizes are not 0, and what is allocated is freed once, with its layout.
    unsafe {
        let block = alloc(layout(500_000));
        dealloc(block, layout(500_000));
        let next = alloc(layout(499_000));
        assert_eq!(next, block, "a kept block is given out for about its size");
        dealloc(next, layout(499_000));
    }
}

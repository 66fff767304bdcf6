// SPDX-License-Identifier: MIT OR Apache-2.0
//! How often protection may change from one page to the next, over all memories of the runner. It has
//! a process of its own: nothing else can close a page meanwhile.

use ochre_runner::engine;
use ochre_runner::memory::protection::Access;
use ochre_runner::memory::{ProcessMemory, UserAddr};

const PAGE: u32 = 4096;

fn page(number: u32) -> UserAddr {
    UserAddr(number * PAGE)
}

#[test]
fn there_is_a_limit_that_memories_give_back() {
    let engine = engine::new().expect("an engine");
    // Every second page, until the limit of the whole runner or this memory's end.
    let close = |memory: &ProcessMemory| {
        let pages = (2..memory.wasm().size() as u32 * 16).step_by(2);
        pages.take_while(|number| memory.protect(page(*number), PAGE, Access::None)).count()
    };
    let full = |memories: &[ProcessMemory]| memories.iter().map(close).sum::<usize>();
    let make = || ProcessMemory::new(&engine, 0, 1024).expect("a memory");
    let first: Vec<_> = [make(), make()].into();
    let closed = full(&first);
    assert!((4000..16384).contains(&closed), "{closed}");
    // What takes no more of them still goes.
    let last = first.last().expect("a memory");
    assert!(last.protect(page(2), 16382 * PAGE, Access::None));
    drop(first);
    assert!(full(&[make(), make()]) >= closed);
}

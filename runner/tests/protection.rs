// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages of a process's memory that are closed: what the runner's own copies find, and that none of
//! them ends the runner. What programs find is tested in the guest (`tests/tests/memory.rs`).

use ochre_runner::engine;
use ochre_runner::memory::protection::{Access, Use};
use ochre_runner::memory::{ProcessMemory, UserAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wasmtime::Engine;

const PAGE: u32 = 4096;
/// Wasm pages of a memory: 1 MiB.
const WASM_PAGES: u32 = 16;

fn memory(engine: &Engine) -> ProcessMemory {
    ProcessMemory::new(engine, 0, WASM_PAGES).expect("a memory")
}

fn page(number: u32) -> UserAddr {
    UserAddr(number * PAGE)
}

/// How much of four pages from page `first` on may be read, and written.
fn usable(memory: &ProcessMemory, first: u32) -> (usize, usize) {
    let len = |wanted| memory.prefix(page(first), 4 * PAGE, wanted).map_or(0, |bytes| bytes.len());
    (len(Use::Read), len(Use::Write))
}

#[test]
fn copies_end_where_a_page_is_closed() {
    let engine = engine::new().expect("an engine");
    let memory = memory(&engine);
    let (none, all) = (0, 4 * PAGE as usize);
    assert_eq!(usable(&memory, 40), (all, all));

    assert!(memory.protect(page(42), PAGE, Access::None));
    assert_eq!(usable(&memory, 40), (all / 2, all / 2));
    assert_eq!(usable(&memory, 42), (none, none));
    assert_eq!(usable(&memory, 43), (all, all));
    assert!(memory.bytes(UserAddr(42 * PAGE - 8), 8, Use::Write).is_some());
    assert!(memory.bytes(UserAddr(42 * PAGE - 8), 9, Use::Read).is_none());
    assert!(memory.word(UserAddr(43 * PAGE - 4), Use::Read).is_none());

    assert!(memory.protect(page(41), 2 * PAGE, Access::Read));
    assert_eq!(usable(&memory, 40), (all, all / 4));
    assert!(memory.word(page(41), Use::Read).is_some());
    assert!(memory.word(page(41), Use::Write).is_none());

    assert!(memory.protect(page(41), 2 * PAGE, Access::Full));
    assert_eq!(usable(&memory, 40), (all, all));
}

#[test]
fn ranges_that_are_none_are_refused() {
    let engine = engine::new().expect("an engine");
    let memory = memory(&engine);
    assert!(!memory.protect(UserAddr(0), PAGE, Access::None), "the null page");
    assert!(!memory.protect(UserAddr(40 * PAGE + 1), PAGE, Access::None), "an odd address");
    assert!(!memory.protect(page(40), PAGE + 1, Access::None), "an odd length");
    assert!(!memory.protect(page(WASM_PAGES * 16 - 1), 2 * PAGE, Access::None), "beyond the end");
    assert!(!memory.protect(UserAddr(u32::MAX - 4095), PAGE, Access::None), "far beyond it");
    assert!(memory.protect(page(WASM_PAGES * 16 - 1), PAGE, Access::None), "the last page");
    assert!(memory.protect(page(1), PAGE, Access::None), "the preemption flag's");
    memory.set_preempt_flag();
    assert!(memory.word(page(1), Use::Write).is_some(), "which stays open");
}

#[test]
fn a_grown_memory_can_be_closed_at_its_new_end() {
    let engine = engine::new().expect("an engine");
    let memory = memory(&engine);
    assert!(memory.protect(page(40), PAGE, Access::None));
    assert!(memory.grow(2 * WASM_PAGES));
    let end = page(2 * WASM_PAGES * 16 - 1);
    let target = memory.bytes(end, 1, Use::Write).expect("the last page");
    assert!(memory.protect(end, PAGE, Access::None));
    // It was open when the copy began.
    target.write(&[1]);
    assert!(memory.bytes(end, 1, Use::Read).is_none());
}

#[test]
fn a_page_that_closes_under_a_copy_ends_nothing() {
    let engine = engine::new().expect("an engine");
    let memory = memory(&engine);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..2000 {
                for access in [Access::None, Access::Read, Access::Full] {
                    assert!(memory.protect(page(40), 8 * PAGE, access));
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        for byte in (0..=255).cycle() {
            if done.load(Ordering::Relaxed) {
                break;
            }
            if let Some(target) = memory.bytes(page(40), 8 * PAGE, Use::Write) {
                target.write(&[byte; 8 * PAGE as usize]);
            }
            if let Some(word) = memory.word(page(44), Use::Write) {
                word.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(usable(&memory, 40).1, 4 * PAGE as usize);
}

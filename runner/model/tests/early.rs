// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt that comes while the kernel tells where its interrupt words are is not lost.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom::thread;
use ochre_runner_model::check;
use ochre_runner_model::handover::early::Early;

struct Shared {
    early: Early,
    is_told: AtomicBool,
    word: AtomicU32,
}

impl Shared {
    fn word(&self) -> Option<&AtomicU32> {
        self.is_told.load(Ordering::Acquire).then_some(&self.word)
    }

    fn raise(&self, bits: u32) {
        match self.word() {
            Some(word) => drop(word.fetch_or(bits, Ordering::Release)),
            None => self.early.keep(bits, || self.word()),
        }
    }
}

#[test]
fn every_early_bit_arrives() {
    check(|| {
        let shared = Arc::new(Shared {
            early: Early::new(),
            is_told: AtomicBool::new(false),
            word: AtomicU32::new(0),
        });
        let devices = [1, 2].map(|bit| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.raise(bit))
        });
        shared.is_told.store(true, Ordering::Release);
        shared.early.release(&shared.word);
        for device in devices {
            device.join().unwrap();
        }
        assert_eq!(shared.word.load(Ordering::Relaxed), 3);
    });
}

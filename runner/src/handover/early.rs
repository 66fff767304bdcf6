// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that devices raise before the kernel has told where its interrupt words are.
//!
//! Invariant: each bit reaches the word of vCPU 0, whichever of the two comes first.
#![forbid(unsafe_code)]

use crate::sync::{AtomicU32, Ordering, fence};

/// The bits that wait.
#[derive(Debug)]
pub struct Early(AtomicU32);

impl Early {
    /// None.
    pub fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// For who has found no words: keeps `bits`, and hands them over if `word` has turned up meanwhile.
    pub fn keep<'a>(&self, bits: u32, word: impl FnOnce() -> Option<&'a AtomicU32>) {
        self.0.fetch_or(bits, Ordering::Release);
        fence(Ordering::SeqCst);
        if let Some(word) = word() {
            self.hand_over(word);
        }
    }

    /// For the kernel's vCPU, once everybody can find `word`: moves there what has been kept.
    pub fn release(&self, word: &AtomicU32) {
        fence(Ordering::SeqCst);
        self.hand_over(word);
    }

    fn hand_over(&self, word: &AtomicU32) {
        let bits = self.0.swap(0, Ordering::Acquire);
        word.fetch_or(bits, Ordering::Release);
    }
}

impl Default for Early {
    fn default() -> Self {
        Self::new()
    }
}

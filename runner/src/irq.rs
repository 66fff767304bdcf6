// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `irq_pending` words in KernelMemory.
#![forbid(unsafe_code)]

use crate::memory::{KernelAddr, KernelMemory};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy)]
struct Words {
    first: u32,
    stride_bytes: u32,
    vcpus: u32,
}

/// Where the words are, and the bits that came before the kernel told.
#[derive(Default)]
pub struct Irq {
    words: OnceLock<Words>,
    early: AtomicU32,
}

impl Irq {
    /// Takes the place of the words; `false` if one of them is not within the memory.
    pub fn set_up(&self, memory: &KernelMemory, first: u32, stride_bytes: u32, vcpus: u32) -> bool {
        let words = Words { first, stride_bytes, vcpus };
        let all_there = (0..vcpus).all(|vcpu| word(words, memory, vcpu).is_some());
        if vcpus == 0 || !all_there || self.words.set(words).is_err() {
            return false;
        }
        self.set(memory, 0, self.early.swap(0, Ordering::SeqCst));
        true
    }

    /// ORs `bits` into a vCPU's word.
    pub fn set(&self, memory: &KernelMemory, vcpu: u32, bits: u32) {
        match self.words.get().and_then(|words| word(*words, memory, vcpu)) {
            Some(word) => {
                word.fetch_or(bits, Ordering::SeqCst);
            }
            None => {
                self.early.fetch_or(bits, Ordering::SeqCst);
            }
        }
    }

    /// Takes all bits of a vCPU's word.
    pub fn take(&self, memory: &KernelMemory, vcpu: u32) -> u32 {
        let word = self.words.get().and_then(|words| word(*words, memory, vcpu));
        word.map_or(0, |word| word.swap(0, Ordering::SeqCst))
    }

    /// Has the vCPU anything pending?
    pub fn is_pending(&self, memory: &KernelMemory, vcpu: u32) -> bool {
        self.words
            .get()
            .and_then(|words| word(*words, memory, vcpu))
            .is_some_and(|word| word.load(Ordering::SeqCst) != 0)
    }
}

fn word(words: Words, memory: &KernelMemory, vcpu: u32) -> Option<&AtomicU32> {
    if vcpu >= words.vcpus {
        return None;
    }
    let offset = vcpu.checked_mul(words.stride_bytes)?;
    memory.word(KernelAddr(words.first.checked_add(offset)?))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `irq_pending` words in KernelMemory.
#![forbid(unsafe_code)]

use crate::handover::early::Early;
use crate::handover::presence::{Kick, Presence};
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
    early: Early,
}

impl Irq {
    /// Takes the place of the words; `false` if one of them is not within the memory.
    pub fn set_up(&self, memory: &KernelMemory, first: u32, stride_bytes: u32, vcpus: u32) -> bool {
        let words = Words { first, stride_bytes, vcpus };
        let all_there = (0..vcpus).all(|vcpu| word(words, memory, vcpu).is_some());
        if vcpus == 0 || !all_there || self.words.set(words).is_err() {
            return false;
        }
        if let Some(word) = self.word(memory, 0) {
            self.early.release(word);
        }
        true
    }

    /// ORs `bits` into a vCPU's word, and tells how it is made to look.
    pub fn set(&self, memory: &KernelMemory, vcpu: u32, presence: &Presence, bits: u32) -> Kick {
        match self.word(memory, vcpu) {
            Some(word) => presence.interrupt(word, bits),
            None => {
                self.early.keep(bits, || self.word(memory, 0));
                presence.kick()
            }
        }
    }

    /// Takes all bits of a vCPU's word.
    pub fn take(&self, memory: &KernelMemory, vcpu: u32) -> u32 {
        self.word(memory, vcpu).map_or(0, |word| word.swap(0, Ordering::Acquire))
    }

    /// The same for the calling vCPU, which needs no kick.
    pub fn set_own(&self, memory: &KernelMemory, vcpu: u32, bits: u32) {
        if let Some(word) = self.word(memory, vcpu) {
            word.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// Has the vCPU anything pending?
    pub fn is_pending(&self, memory: &KernelMemory, vcpu: u32) -> bool {
        self.word(memory, vcpu).is_some_and(|word| word.load(Ordering::Relaxed) != 0)
    }

    /// A vCPU's word, once the kernel has told.
    pub fn word<'a>(&self, memory: &'a KernelMemory, vcpu: u32) -> Option<&'a AtomicU32> {
        word(*self.words.get()?, memory, vcpu)
    }
}

fn word(words: Words, memory: &KernelMemory, vcpu: u32) -> Option<&AtomicU32> {
    if vcpu >= words.vcpus {
        return None;
    }
    let offset = vcpu.checked_mul(words.stride_bytes)?;
    memory.word(KernelAddr(words.first.checked_add(offset)?))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a vCPU is, and how it is made to look at its interrupt bits.
//!
//! Invariants:
//! - Bits that are set while a vCPU is parked wake it.
//! - Bits that are set while it runs user code end in the preemption flag of that code's memory, or the
//!   vCPU sees them itself when it looks after [`Presence::enter`].
//! - A flag that one thread of a process takes down is up again if another vCPU, running a thread of the
//!   same process, was meant and has not looked yet.
#![forbid(unsafe_code)]

use crate::sync::{AtomicBool, AtomicU32, Ordering, fence};
use std::time::Duration;

/// No process memory.
pub const NO_MEMORY: u32 = u32::MAX;

/// Where one vCPU is; written by its own thread only.
#[derive(Debug)]
pub struct Presence {
    idle: AtomicBool,
    /// Handle of the memory whose user code it may be running.
    memory: AtomicU32,
}

/// What makes a vCPU look at its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kick {
    /// It is parked, or about to be: unpark its thread.
    Unpark,
    /// It runs: raise the preemption flag of this memory, if there is such a one.
    Preempt(u32),
}

/// How long a vCPU with nothing to do sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    /// Until it is unparked.
    UntilKicked,
    /// At most so long.
    AtMost(Duration),
}

impl Presence {
    /// A vCPU that runs no user code yet.
    pub fn new() -> Self {
        Self { idle: AtomicBool::new(false), memory: AtomicU32::new(NO_MEMORY) }
    }

    /// Is it parked, or about to be? What follows a fence may rely on the answer.
    pub fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed)
    }

    /// The memory whose user code it may be running.
    pub fn memory(&self) -> u32 {
        self.memory.load(Ordering::Relaxed)
    }

    /// For its own thread: from now on it may run user code of `memory`. The caller looks at the bits
    /// before it does.
    #[inline]
    pub fn enter(&self, memory: u32) {
        // The fence costs more than all the rest of a switch between threads of one process.
        if self.memory.load(Ordering::Relaxed) != memory {
            self.memory.store(memory, Ordering::Relaxed);
            fence(Ordering::SeqCst);
        }
    }

    /// For any thread: sets `bits` in the vCPU's `word`; what the caller has written before is seen by
    /// who finds them.
    #[must_use]
    pub fn interrupt(&self, word: &AtomicU32, bits: u32) -> Kick {
        word.fetch_or(bits, Ordering::Release);
        self.kick()
    }

    /// For any thread that has written what the vCPU is to see.
    #[must_use]
    pub fn kick(&self) -> Kick {
        fence(Ordering::SeqCst);
        if self.is_idle() { Kick::Unpark } else { Kick::Preempt(self.memory()) }
    }

    /// For its own thread: sleeps by `park` as long as `look`, which looks at the bits, allows.
    pub fn idle(&self, mut look: impl FnMut() -> Option<Sleep>, mut park: impl FnMut(Sleep)) {
        self.idle.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        while let Some(sleep) = look() {
            park(sleep);
        }
        // Who has still seen it idle does no more than unpark it: the kernel looks from here on, and
        // user code comes after another [`Self::enter`].
        self.idle.store(false, Ordering::Relaxed);
    }
}

impl Default for Presence {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes user code look: raises its preemption flag. The caller has a fence between the bits and this.
pub fn raise_flag(flag: &AtomicU32) {
    flag.store(1, Ordering::Relaxed);
}

/// For a thread of process `memory` that has just taken the flag down: is one of the `others` (a vCPU
/// and its interrupt word), which runs the same process, still to look?
pub fn is_owed<'a>(
    memory: u32,
    others: impl IntoIterator<Item = (&'a Presence, &'a AtomicU32)>,
) -> bool {
    fence(Ordering::SeqCst);
    others
        .into_iter()
        .any(|(other, word)| other.memory() == memory && word.load(Ordering::Relaxed) != 0)
}

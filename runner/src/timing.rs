// SPDX-License-Identifier: MIT OR Apache-2.0
//! When the phases of a boot were reached, for `--timing`.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The phases, in the order of an ordinary boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Phase {
    /// The engine exists.
    Engine,
    /// The kernel's code is loaded.
    KernelLoaded,
    /// The initramfs is in place.
    Initramfs,
    /// The first kernel instance exists.
    Instantiated,
    /// The kernel has printed.
    FirstLine,
    /// The first user program runs.
    FirstProgram,
    /// Console text after that.
    FirstUserText,
    /// The machine has ended.
    End,
}

const NAMES: [&str; 8] = [
    "engine",
    "kernel code loaded",
    "initramfs in place",
    "kernel instantiated",
    "first kernel line",
    "first user program",
    "first console text after it",
    "end",
];

/// The table.
pub struct Timing {
    start: Instant,
    reached_ns: [AtomicU64; NAMES.len()],
}

impl Timing {
    /// Starts now.
    pub fn new() -> Self {
        Self { start: Instant::now(), reached_ns: Default::default() }
    }

    /// Notes that a phase is reached, the first time.
    #[inline]
    pub fn mark(&self, phase: Phase) {
        let slot = &self.reached_ns[phase as usize];
        if slot.load(Ordering::Relaxed) == 0 {
            let now_ns = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let _ = slot.compare_exchange(0, now_ns.max(1), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Has it been reached?
    pub fn is_reached(&self, phase: Phase) -> bool {
        self.reached_ns[phase as usize].load(Ordering::Relaxed) != 0
    }

    /// As text, times in milliseconds since the process began to work.
    pub fn table(&self) -> String {
        let mut text = String::from("        ms   phase\n");
        for (name, slot) in NAMES.iter().zip(&self.reached_ns) {
            let ns = slot.load(Ordering::Relaxed);
            if ns != 0 {
                let _ = writeln!(text, "{:10.2}   {name}", ns as f64 / 1e6);
            }
        }
        text
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::new()
    }
}

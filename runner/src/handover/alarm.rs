// SPDX-License-Identifier: MIT OR Apache-2.0
//! The deadlines of vCPUs, and the plan of the thread that fires those of busy ones.
//!
//! Invariant: when the thread sleeps, it wakes no later than the earliest deadline that a busy vCPU has
//! told it, or it is about to be woken.
#![forbid(unsafe_code)]

use crate::sync::{AtomicU64, Condvar, Mutex, Ordering, PoisonError, fence};
use std::time::Duration;

/// A deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// The one-shot timer of a vCPU: armed by its own thread, taken by whoever sees that it has expired.
#[derive(Debug)]
pub struct Deadline(AtomicU64);

impl Deadline {
    /// One that is not armed.
    pub fn new() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    /// When it expires.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Arms or disarms it. [`Alarm::notice`] comes after it.
    pub fn set(&self, deadline_ns: u64) {
        self.0.store(deadline_ns, Ordering::Relaxed);
    }

    /// Disarms it if it has expired; `true` for the one caller who has done so.
    pub fn take_expired(&self, now_ns: u64) -> bool {
        let deadline_ns = self.get();
        deadline_ns != NEVER
            && deadline_ns <= now_ns
            && self
                .0
                .compare_exchange(deadline_ns, NEVER, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Default for Deadline {
    fn default() -> Self {
        Self::new()
    }
}

/// The sleep of the timer thread.
#[derive(Debug)]
pub struct Alarm {
    /// When the thread will wake; `NEVER` while it is making up its mind, so that everybody tells.
    planned_ns: AtomicU64,
    sleep: Mutex<()>,
    earlier: Condvar,
}

impl Alarm {
    /// Of a thread that does not run yet.
    pub fn new() -> Self {
        Self { planned_ns: AtomicU64::new(NEVER), sleep: Mutex::new(()), earlier: Condvar::new() }
    }

    /// A busy vCPU has this deadline.
    pub fn notice(&self, deadline_ns: u64) {
        fence(Ordering::SeqCst);
        if deadline_ns < self.planned_ns.load(Ordering::Relaxed) {
            // Taking the lock waits until the thread sleeps, so that it hears.
            drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            self.earlier.notify_one();
        }
    }

    /// The thread: `scan` fires what has expired and gives the earliest deadline left, or `None` at the
    /// machine's end; `time_until` is how long to sleep for a deadline, `None` without end.
    pub fn run(
        &self,
        mut scan: impl FnMut() -> Option<u64>,
        time_until: impl Fn(u64) -> Option<Duration>,
    ) {
        let mut sleep = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            self.planned_ns.store(NEVER, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            let Some(next_ns) = scan() else { return };
            self.planned_ns.store(next_ns, Ordering::Relaxed);
            sleep = match time_until(next_ns) {
                None => self.earlier.wait(sleep).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let result = self.earlier.wait_timeout(sleep, time);
                    result.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Default for Alarm {
    fn default() -> Self {
        Self::new()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! One-shot timers, one per vCPU, and the thread that fires them while their vCPUs are busy.
//!
//! An idle vCPU sleeps until its own deadline and needs no help; the thread looks at busy ones only.
//! So an idle machine has one sleeper per vCPU and no second wake-up per timer.
#![forbid(unsafe_code)]

use crate::vm::Vm;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// The thread's side.
pub struct Timer {
    /// When the thread will wake; `NEVER` while it is making up its mind, so that everybody tells.
    planned_ns: AtomicU64,
    sleep: Mutex<()>,
    earlier: Condvar,
}

impl Default for Timer {
    fn default() -> Self {
        Self { planned_ns: AtomicU64::new(NEVER), sleep: Mutex::new(()), earlier: Condvar::new() }
    }
}

impl Timer {
    /// A busy vCPU has this deadline.
    pub fn notice(&self, deadline_ns: u64) {
        if deadline_ns < self.planned_ns.load(Ordering::SeqCst) {
            // Taking the lock waits until the thread sleeps, so that it hears.
            drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            self.earlier.notify_one();
        }
    }

    /// The thread.
    pub fn run(vm: &Vm) {
        crate::sys::thread::want_sharp_timers();
        let timer = &vm.timer;
        let mut sleep = timer.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        while !vm.is_stopping() {
            timer.planned_ns.store(NEVER, Ordering::SeqCst);
            let now_ns = vm.monotonic_ns();
            let mut next_ns = NEVER;
            for vcpu in &vm.vcpus {
                if vcpu.is_idle() {
                    continue;
                }
                if vcpu.take_expired(now_ns) {
                    vm.raise_on(vcpu.index(), 1 << ochre_abi::irq::TIMER);
                } else {
                    next_ns = next_ns.min(vcpu.deadline_ns());
                }
            }
            timer.planned_ns.store(next_ns, Ordering::SeqCst);
            sleep = if next_ns == NEVER {
                timer.earlier.wait(sleep).unwrap_or_else(PoisonError::into_inner)
            } else {
                let length = Duration::from_nanos(next_ns.saturating_sub(vm.monotonic_ns()));
                let result = timer.earlier.wait_timeout(sleep, length);
                result.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

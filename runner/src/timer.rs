// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thread that fires the one-shot timers of busy vCPUs.
//!
//! An idle vCPU sleeps until its own deadline and needs no help; the thread looks at busy ones only.
//! So an idle machine has one sleeper per vCPU and no second wake-up per timer. How the two tell each
//! other: [`crate::handover::alarm`].
#![forbid(unsafe_code)]

use crate::handover::alarm::NEVER;
use crate::vm::Vm;
use std::time::Duration;

/// The thread.
pub fn run(vm: &Vm) {
    crate::sys::thread::want_sharp_timers();
    let time_until = |deadline_ns: u64| {
        let time_ns = deadline_ns.saturating_sub(vm.monotonic_ns());
        (deadline_ns != NEVER).then(|| Duration::from_nanos(time_ns))
    };
    vm.alarm.run(|| scan(vm), time_until);
}

/// Fires what has expired; gives the earliest deadline left.
fn scan(vm: &Vm) -> Option<u64> {
    if vm.is_stopping() {
        return None;
    }
    let now_ns = vm.monotonic_ns();
    let mut next_ns = NEVER;
    for vcpu in vm.vcpus.iter().filter(|vcpu| !vcpu.presence.is_idle()) {
        if vcpu.deadline.take_expired(now_ns) {
            vm.raise_on(vcpu.index(), 1 << ochre_abi::irq::TIMER);
        } else {
            next_ns = next_ns.min(vcpu.deadline.get());
        }
    }
    Some(next_ns)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: clocks and the one-shot timer.
#![forbid(unsafe_code)]

use super::Task;
use crate::vcpu;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn host_clock_monotonic(task: &mut Task<'_>) -> wasmtime::Result<u64> {
    Ok(task.data().vm.monotonic_ns())
}

pub fn host_clock_realtime(_: &mut Task<'_>) -> wasmtime::Result<u64> {
    // A host clock before 1970 shows the guest 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

pub fn host_clock_vcpu(_: &mut Task<'_>) -> wasmtime::Result<u64> {
    Ok(crate::sys::thread::cpu_time_ns())
}

pub fn host_timer_set(task: &mut Task<'_>, deadline_ns: u64) -> wasmtime::Result<()> {
    let vm = &task.data().vm;
    vm.vcpus[vcpu::current_index() as usize].deadline.set(deadline_ns);
    vm.alarm.notice(deadline_ns);
    Ok(())
}

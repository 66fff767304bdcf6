// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: vCPUs and their interrupts.
#![forbid(unsafe_code)]

use super::errno::{EAGAIN, EBUSY, EINVAL};
use super::{Task, bad_call};
use crate::fault::Unwind;
use crate::memory::KernelAddr;
use crate::task::Start;
use crate::vcpu;
use crate::vm::Started;

pub fn host_irq_setup(
    task: &mut Task<'_>,
    irq_pending: KernelAddr,
    stride_bytes: u32,
    vcpus: u32,
) -> wasmtime::Result<()> {
    let data = task.data();
    if data.vm.irq.set_up(&data.kernel, irq_pending.0, stride_bytes, vcpus) {
        return Ok(());
    }
    let addr = irq_pending.0;
    bad_call(format!("host_irq_setup({addr:#x}, {stride_bytes}, {vcpus}): not possible"))
}

pub fn host_vcpu_idle(task: &mut Task<'_>) -> wasmtime::Result<()> {
    let vm = &task.data().vm;
    vm.vcpus[vcpu::current_index() as usize].idle(vm);
    if vm.is_stopping() { Err(Unwind::Stop.into()) } else { Ok(()) }
}

pub fn host_vcpu_yield(task: &mut Task<'_>) -> wasmtime::Result<()> {
    if task.data().vm.is_stopping() {
        return Err(Unwind::Stop.into());
    }
    std::thread::yield_now();
    Ok(())
}

pub fn host_vcpu_kick(task: &mut Task<'_>, vcpu: u32, bits: u32) -> wasmtime::Result<()> {
    task.data().vm.raise_on(vcpu, bits);
    Ok(())
}

pub fn host_vcpu_start(
    task: &mut Task<'_>,
    vcpu: u32,
    idle_task: KernelAddr,
    stack_top: KernelAddr,
) -> wasmtime::Result<i32> {
    let vm = &task.data().vm;
    Ok(match vm.start_vcpu(vcpu, Start::Vcpu(idle_task.0, stack_top.0)) {
        Ok(Started::Yes) => 0,
        Ok(Started::Already) => -EBUSY,
        Ok(Started::Unknown) => -EINVAL,
        Err(_) => -EAGAIN,
    })
}

pub async fn host_vcpu_stop(task: &mut Task<'_>) -> wasmtime::Result<()> {
    let data = task.data_mut();
    drop(data.vm.tasks.remove(data.handle));
    Err(data.leave(Unwind::VcpuStop))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: tasks.
#![forbid(unsafe_code)]

use super::errno::EAGAIN;
use super::machine::write_text;
use super::{Task, bad_call};
use crate::fault::{Unwind, backtrace};
use crate::loader::FAULT_EXPORT;
use crate::memory::KernelAddr;
use crate::task::{self, Start};
use crate::trace;
use crate::vcpu::{self, NO_MEMORY};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use wasmtime::{Module, WasmBacktrace};

/// Most tasks: each takes a few of the host's mappings, of which a process has some 65,000.
const MAX_TASKS: usize = 12_000;

pub fn host_task_create(
    task: &mut Task<'_>,
    new: KernelAddr,
    stack_top: KernelAddr,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let vm = &data.vm;
    if vm.tasks.len() >= MAX_TASKS {
        return Ok(-EAGAIN);
    }
    // If it becomes a thread, it is one of the caller's process.
    let home = data.own.as_ref().map_or(NO_MEMORY, |own| own.handle());
    let created = task::Task::create(vm, Start::Task(new.0, stack_top.0), home);
    Ok(created.map_or(-EAGAIN, |task| task.handle().cast_signed()))
}

pub fn host_task_adopt(task: &mut Task<'_>, _: KernelAddr) -> wasmtime::Result<i32> {
    Ok(task.data().handle.cast_signed())
}

fn name_next(task: &Task<'_>, next: u32) -> wasmtime::Result<()> {
    let vm = &task.data().vm;
    if vm.is_stopping() {
        return Err(Unwind::Stop.into());
    }
    match vm.tasks.get(next) {
        Some(next) => {
            vcpu::set_next(next);
            Ok(())
        }
        None => bad_call(format!("a switch to task {next:#x}, which does not exist")),
    }
}

pub async fn host_task_switch(task: &mut Task<'_>, next: u32) -> wasmtime::Result<()> {
    if next == task.data().handle {
        return Ok(());
    }
    name_next(task, next)?;
    let mut is_back = false;
    // Gives the vCPU away once; see `trace` for who else may look in meanwhile.
    poll_fn(|_| {
        if std::mem::replace(&mut is_back, true) && !trace::answer(task) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(())
}

pub async fn host_task_exit(task: &mut Task<'_>, next: u32) -> wasmtime::Result<()> {
    name_next(task, next)?;
    let data = task.data_mut();
    drop(data.vm.tasks.remove(data.handle));
    Err(data.leave(Unwind::Exit))
}

pub fn host_task_destroy(task: &mut Task<'_>, dead: u32) -> wasmtime::Result<()> {
    let data = task.data();
    if dead == data.handle {
        return bad_call("host_task_destroy of the running task");
    }
    match data.vm.tasks.remove(dead) {
        Some(dead) => {
            data.vm.reaper.bury(dead);
            Ok(())
        }
        None => bad_call(format!("host_task_destroy of task {dead:#x}, which does not exist")),
    }
}

pub async fn host_task_exec(
    task: &mut Task<'_>,
    of: KernelAddr,
    stack_top: KernelAddr,
) -> wasmtime::Result<()> {
    Err(task.data_mut().leave(Unwind::Exec { task: of.0, stack_top: stack_top.0 }))
}

pub fn host_task_set_memory(task: &mut Task<'_>, of: u32, memory: u32) -> wasmtime::Result<()> {
    let vm = Arc::clone(&task.data().vm);
    let Some(subject) = vm.tasks.get(of) else {
        return bad_call(format!("host_task_set_memory of task {of:#x}, which does not exist"));
    };
    subject.set_memory(memory);
    if of == task.data().handle {
        vm.enter_memory(memory);
        task.data_mut().own = if memory == NO_MEMORY { None } else { vm.memories.get(memory) };
    }
    Ok(())
}

pub fn host_fault_report(task: &mut Task<'_>, text: KernelAddr, len: u32) -> wasmtime::Result<u32> {
    if let Some(report) = live_fault(task) {
        return write_text(task, &report, text, len);
    }
    let report = std::mem::take(&mut task.data_mut().fault_report);
    let written = write_text(task, &report, text, len);
    task.data_mut().fault_report = report;
    written
}

/// Backtrace of the code that has trapped, if its frames are still there: below that of `__fault`.
fn live_fault(task: &Task<'_>) -> Option<String> {
    let trace = WasmBacktrace::force_capture(task);
    let kernel = &task.data().vm.kernel;
    let user = trace.frames().iter().position(|frame| !Module::same(frame.module(), kernel))?;
    let (entry, rest) = trace.frames().get(user..)?.split_first()?;
    (entry.func_name() == Some(FAULT_EXPORT)).then(|| backtrace(rest))
}

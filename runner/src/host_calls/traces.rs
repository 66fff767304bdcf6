// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: backtraces and the names in them.
#![forbid(unsafe_code)]

use super::machine::write_text;
use super::{Task, kernel_bytes};
use crate::fault::backtrace;
use crate::memory::KernelAddr;
use crate::trace;
use wasmtime::{FrameInfo, Module, WasmBacktrace};

/// Backtrace of a task; `None` when it runs elsewhere, has not run yet, or has just ended: who asks
/// need not keep it from doing so.
fn capture(task: &Task<'_>, of: u32) -> Option<WasmBacktrace> {
    let data = task.data();
    if of == data.handle {
        return Some(WasmBacktrace::force_capture(task));
    }
    trace::of(&*data.vm.tasks.get(of)?)
}

pub fn host_stack_trace(
    task: &mut Task<'_>,
    of: u32,
    text: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let trace = match capture(task, of) {
        Some(trace) => backtrace(trace.frames()),
        None => "(runs on another vCPU, has not run yet, or has ended)\n".to_owned(),
    };
    write_text(task, &trace, text, len)
}

pub fn host_stack_functions(
    task: &mut Task<'_>,
    of: u32,
    functions: KernelAddr,
    max: u32,
) -> wasmtime::Result<u32> {
    let Some(trace) = capture(task, of) else { return Ok(0) };
    let vm = &task.data().vm;
    let in_kernel = |frame: &&FrameInfo| Module::same(frame.module(), &vm.kernel);
    let kernel: Vec<_> = trace.frames().iter().take_while(in_kernel).take(max as usize).collect();
    for frame in &kernel {
        if let Some(name) = frame.func_name() {
            vm.symbols.note(frame.func_index(), name);
        }
    }
    let bytes: Vec<u8> = kernel.iter().flat_map(|frame| frame.func_index().to_le_bytes()).collect();
    kernel_bytes(&task.data().kernel, functions, bytes.len() as u32)?.write(&bytes);
    Ok(kernel.len() as u32)
}

pub fn host_symbol_name(
    task: &mut Task<'_>,
    function: u32,
    text: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let name = task.data().vm.symbols.name(function).unwrap_or_default();
    write_text(task, &name, text, len)
}

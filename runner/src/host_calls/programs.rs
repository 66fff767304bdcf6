// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: programs.
#![forbid(unsafe_code)]

use super::errno::{EINPROGRESS, EINVAL, ENOEXEC, ENOMEM};
use super::{Task, bad_call, kernel_bytes};
use crate::memory::KernelAddr;
use crate::program::{MAX_FILE_BYTES, Slot, State, Step};
use crate::task::TaskData;
use ochre_abi::layout::program_info;
use std::sync::Arc;

fn slot(data: &TaskData, handle: u32) -> wasmtime::Result<Arc<Slot>> {
    match data.vm.programs.get(handle) {
        Some(slot) => Ok(slot),
        None => bad_call(format!("program {handle:#x} does not exist")),
    }
}

fn result(step: Step) -> i32 {
    match step {
        Step::Done => 0,
        Step::InProgress => -EINPROGRESS,
        Step::Invalid => -EINVAL,
    }
}

pub fn host_program_create(task: &mut Task<'_>, len: u32) -> wasmtime::Result<i32> {
    if len > MAX_FILE_BYTES {
        return Ok(-ENOMEM);
    }
    let created = task.data().vm.programs.create(len);
    Ok(created.map_or(-ENOMEM, |slot| slot.handle().cast_signed()))
}

pub fn host_program_write(
    task: &mut Task<'_>,
    program: u32,
    bytes: KernelAddr,
    len: u32,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let slot = slot(data, program)?;
    let bytes = kernel_bytes(&data.kernel, bytes, len)?;
    Ok(result(data.vm.programs.write(&slot, bytes)))
}

pub fn host_program_load(task: &mut Task<'_>, program: u32) -> wasmtime::Result<i32> {
    let data = task.data();
    let slot = slot(data, program)?;
    Ok(result(data.vm.programs.load(&slot)))
}

pub fn host_program_info(
    task: &mut Task<'_>,
    program: u32,
    info: KernelAddr,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let slot = slot(data, program)?;
    let target = kernel_bytes(&data.kernel, info, program_info::SIZE)?;
    let mut bytes = vec![0; program_info::SIZE as usize];
    let result = match &*slot.state() {
        State::Receiving { .. } => -EINVAL,
        State::Loading => -EINPROGRESS,
        State::Ready(program) => {
            let info = &program.info;
            let words = [
                (program_info::MEMORY_PAGES, info.memory_pages),
                (program_info::STACK_TOP, info.stack_top),
                (program_info::HEAP_BASE, info.heap_base),
                (program_info::FLAGS, info.flags),
            ];
            for (offset, word) in words {
                bytes[offset as usize..][..4].copy_from_slice(&word.to_le_bytes());
            }
            0
        }
        State::Refused(reason) => {
            let room = program_info::MESSAGE_BYTES as usize - 1;
            let text = &reason.as_bytes()[..reason.floor_char_boundary(room)];
            bytes[program_info::MESSAGE as usize..][..text.len()].copy_from_slice(text);
            -ENOEXEC
        }
    };
    target.write(&bytes);
    Ok(result)
}

pub fn host_program_destroy(task: &mut Task<'_>, program: u32) -> wasmtime::Result<()> {
    task.data().vm.programs.remove(program);
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: process memories, and pages of the kernel's.
//!
//! Most calls are about the memory of the caller's own process; that one is at hand in the Store's
//! data, others are looked up.
#![forbid(unsafe_code)]

use super::errno::{EFAULT, EINVAL, ENOMEM};
use super::{Task, bad_call, kernel_bytes};
use crate::memory::protection::{Access, Use};
use crate::memory::{KernelAddr, MAX_WASM_PAGES, ProcessMemory, UserAddr};
use crate::task::TaskData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Calls `f` on a memory; the kernel must have named one.
#[inline]
fn with<R>(
    data: &TaskData,
    handle: u32,
    f: impl FnOnce(&ProcessMemory) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    if let Some(own) = &data.own
        && own.handle() == handle
    {
        return f(own);
    }
    with_other(data, handle, f)
}

#[cold]
fn with_other<R>(
    data: &TaskData,
    handle: u32,
    f: impl FnOnce(&ProcessMemory) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    match data.vm.memories.get(handle) {
        Some(memory) => f(&memory),
        None => bad_call(format!("process memory {handle:#x} does not exist")),
    }
}

pub fn host_page_discard(
    task: &mut Task<'_>,
    address: KernelAddr,
    len: u32,
) -> wasmtime::Result<()> {
    task.data().kernel.discard(address, len);
    Ok(())
}

pub fn host_memory_create(task: &mut Task<'_>, wasm_pages: u32) -> wasmtime::Result<i32> {
    let vm = &task.data().vm;
    if wasm_pages == 0 || wasm_pages > MAX_WASM_PAGES {
        return Ok(-EINVAL);
    }
    let made = vm
        .memories
        .try_insert_with(|handle| ProcessMemory::new(&vm.engine, handle, wasm_pages).ok());
    Ok(made.map_or(-ENOMEM, |memory| memory.handle().cast_signed()))
}

pub fn host_memory_destroy(task: &mut Task<'_>, memory: u32) -> wasmtime::Result<()> {
    let data = task.data_mut();
    let Some(dead) = data.vm.memories.remove(memory) else {
        return bad_call(format!("host_memory_destroy of {memory:#x}, which does not exist"));
    };
    if data.own.as_ref().is_some_and(|own| Arc::ptr_eq(own, &dead)) {
        data.own = None;
    }
    data.vm.parking.clear(&data.vm, memory);
    data.vm.reaper.bury(dead);
    Ok(())
}

pub fn host_memory_grow(
    task: &mut Task<'_>,
    memory: u32,
    wasm_pages: u32,
) -> wasmtime::Result<i32> {
    with(task.data(), memory, |memory| {
        let grown = wasm_pages <= MAX_WASM_PAGES && memory.grow(wasm_pages);
        Ok(if grown { 0 } else { -ENOMEM })
    })
}

pub fn host_memory_discard(
    task: &mut Task<'_>,
    memory: u32,
    address: UserAddr,
    len: u32,
) -> wasmtime::Result<i32> {
    with(task.data(), memory, |memory| Ok(if memory.discard(address, len) { 0 } else { -EINVAL }))
}

pub fn host_memory_protect(
    task: &mut Task<'_>,
    memory: u32,
    address: UserAddr,
    len: u32,
    access: u32,
) -> wasmtime::Result<i32> {
    let Some(access) = Access::new(access) else { return Ok(-EINVAL) };
    with(task.data(), memory, |memory| {
        Ok(if memory.protect(address, len, access) { 0 } else { -ENOMEM })
    })
}

pub fn host_memory_resident(
    task: &mut Task<'_>,
    memory: u32,
    address: UserAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    with(task.data(), memory, |memory| Ok((memory.resident_bytes(address, len) >> 10) as u32))
}

pub fn host_memory_read(
    task: &mut Task<'_>,
    memory: u32,
    to: KernelAddr,
    from: UserAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let data = task.data();
    let target = kernel_bytes(&data.kernel, to, len)?;
    with(data, memory, |memory| {
        let Some(source) = memory.prefix(from, len, Use::Read) else { return Ok(len) };
        target.copy_from(source);
        Ok(len - source.len() as u32)
    })
}

pub fn host_memory_write(
    task: &mut Task<'_>,
    memory: u32,
    to: UserAddr,
    from: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let data = task.data();
    let source = kernel_bytes(&data.kernel, from, len)?;
    with(data, memory, |memory| {
        let Some(target) = memory.prefix(to, len, Use::Write) else { return Ok(len) };
        target.copy_from(source);
        Ok(len - target.len() as u32)
    })
}

pub fn host_memory_clear(
    task: &mut Task<'_>,
    memory: u32,
    to: UserAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    with(task.data(), memory, |memory| {
        let Some(target) = memory.prefix(to, len, Use::Write) else { return Ok(len) };
        target.clear();
        Ok(len - target.len() as u32)
    })
}

pub fn host_memory_move(
    task: &mut Task<'_>,
    memory: u32,
    to: UserAddr,
    from: UserAddr,
    len: u32,
) -> wasmtime::Result<i32> {
    with(task.data(), memory, |memory| {
        Ok(match (memory.bytes(to, len, Use::Write), memory.bytes(from, len, Use::Read)) {
            (Some(target), Some(source)) => {
                target.copy_from(source);
                0
            }
            _ => -EFAULT,
        })
    })
}

pub fn host_memory_read_string(
    task: &mut Task<'_>,
    memory: u32,
    to: KernelAddr,
    from: UserAddr,
    max: u32,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let target = kernel_bytes(&data.kernel, to, max)?;
    with(data, memory, |memory| {
        let Some(source) = memory.prefix(from, max, Use::Read) else { return Ok(-EFAULT) };
        match source.find_zero() {
            Some(length) => {
                target.copy_from(source.first(length + 1));
                // Another thread of the process may have changed it since.
                target.skip(length).first(1).clear();
                Ok(length as i32)
            }
            None if source.len() as u32 == max => {
                target.copy_from(source);
                Ok(max.cast_signed())
            }
            None => Ok(-EFAULT),
        }
    })
}

pub fn host_memory_string_len(
    task: &mut Task<'_>,
    memory: u32,
    from: UserAddr,
    max: u32,
) -> wasmtime::Result<u32> {
    with(task.data(), memory, |memory| {
        let Some(source) = memory.prefix(from, max, Use::Read) else { return Ok(0) };
        Ok(match source.find_zero() {
            Some(length) => length as u32 + 1,
            None if source.len() as u32 == max => max.saturating_add(1),
            None => 0,
        })
    })
}

pub fn host_memory_load(
    task: &mut Task<'_>,
    memory: u32,
    address: UserAddr,
    value: KernelAddr,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let target = kernel_bytes(&data.kernel, value, 4)?;
    with(data, memory, |memory| {
        let Some(word) = memory.word(address, Use::Read) else { return Ok(-EFAULT) };
        target.write(&word.load(Ordering::SeqCst).to_le_bytes());
        Ok(0)
    })
}

pub fn host_memory_cmpxchg(
    task: &mut Task<'_>,
    memory: u32,
    address: UserAddr,
    old: u32,
    new: u32,
    seen: KernelAddr,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let target = kernel_bytes(&data.kernel, seen, 4)?;
    with(data, memory, |memory| {
        let Some(word) = memory.word(address, Use::Write) else { return Ok(-EFAULT) };
        let found = word.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst);
        target.write(&found.unwrap_or_else(|found| found).to_le_bytes());
        Ok(0)
    })
}

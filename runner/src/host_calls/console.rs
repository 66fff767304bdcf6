// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: console and host streams.
#![forbid(unsafe_code)]

use super::errno::{EAGAIN, EINVAL, EPIPE};
use super::{Task, kernel_bytes};
use crate::boot;
use crate::memory::KernelAddr;
use crate::queue::{Offered, Taken};
use crate::task::TaskData;
use crate::timing::Phase;
use ochre_abi::stream;

/// Most bytes moved by one call: longer ones would keep the vCPU for too long.
const MAX_CHUNK: u32 = 256 << 10;

fn mark_text(data: &TaskData) {
    data.vm.timing.mark(Phase::FirstLine);
    if data.vm.timing.is_reached(Phase::FirstProgram) {
        data.vm.timing.mark(Phase::FirstUserText);
    }
}

pub fn host_early_print(task: &mut Task<'_>, text: KernelAddr, len: u32) -> wasmtime::Result<()> {
    let data = task.data();
    mark_text(data);
    let text = kernel_bytes(&data.kernel, text, len)?;
    data.vm.console.early_print(&text.first(MAX_CHUNK as usize).to_vec());
    Ok(())
}

pub fn host_console_write(
    task: &mut Task<'_>,
    text: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let data = task.data();
    mark_text(data);
    let text = kernel_bytes(&data.kernel, text, len)?.first(MAX_CHUNK as usize);
    Ok(match data.vm.console.output.offer(text) {
        Offered::Bytes(count) => count as u32,
        Offered::Full => 0,
        // Nobody sees it, but the guest must not wait for that.
        Offered::Closed => text.len() as u32,
    })
}

pub fn host_console_read(
    task: &mut Task<'_>,
    buffer: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let data = task.data();
    let buffer = kernel_bytes(&data.kernel, buffer, len)?;
    Ok(match data.vm.console.input.take(buffer) {
        Taken::Bytes(count) => count as u32,
        Taken::Empty | Taken::End => 0,
    })
}

pub fn host_console_size(task: &mut Task<'_>) -> wasmtime::Result<u32> {
    Ok(task.data().vm.console.size())
}

fn want_stdin(data: &TaskData) -> wasmtime::Result<()> {
    if data.vm.streams.want_stdin() {
        boot::start_stdin(&data.vm)?;
    }
    Ok(())
}

pub fn host_stream_read(
    task: &mut Task<'_>,
    stream: u32,
    buffer: KernelAddr,
    len: u32,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let buffer = kernel_bytes(&data.kernel, buffer, len)?.first(MAX_CHUNK as usize);
    if stream != stream::STDIN {
        return Ok(-EINVAL);
    }
    want_stdin(data)?;
    Ok(match data.vm.streams.stdin.take(buffer) {
        Taken::Bytes(count) => count as i32,
        Taken::Empty => -EAGAIN,
        Taken::End => 0,
    })
}

pub fn host_stream_write(
    task: &mut Task<'_>,
    stream: u32,
    bytes: KernelAddr,
    len: u32,
) -> wasmtime::Result<i32> {
    let data = task.data();
    let bytes = kernel_bytes(&data.kernel, bytes, len)?.first(MAX_CHUNK as usize);
    let streams = &data.vm.streams;
    let queue = match stream {
        stream::STDOUT => &streams.stdout,
        stream::STDERR => &streams.stderr,
        stream::STATUS => {
            streams.write_status(&bytes.to_vec());
            return Ok(bytes.len() as i32);
        }
        _ => return Ok(-EINVAL),
    };
    Ok(match queue.offer(bytes) {
        Offered::Bytes(count) => count as i32,
        Offered::Full => -EAGAIN,
        Offered::Closed => -EPIPE,
    })
}

pub fn host_stream_poll(task: &mut Task<'_>, stream: u32) -> wasmtime::Result<u32> {
    let data = task.data();
    let streams = &data.vm.streams;
    let bit = |ready: bool, bit| if ready { bit } else { 0 };
    Ok(match stream {
        stream::STDIN => {
            want_stdin(data)?;
            bit(streams.stdin.is_ready(), stream::READABLE)
        }
        stream::STDOUT => bit(streams.stdout.is_ready(), stream::WRITABLE),
        stream::STDERR => bit(streams.stderr.is_ready(), stream::WRITABLE),
        stream::STATUS => stream::WRITABLE,
        _ => 0,
    })
}

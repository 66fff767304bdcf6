// SPDX-License-Identifier: MIT OR Apache-2.0
//! Host calls: the machine as a whole.
#![forbid(unsafe_code)]

use super::{Task, bad_call, kernel_bytes};
use crate::error::Outcome;
use crate::fault::Unwind;
use crate::memory::KernelAddr;
use ochre_abi::layout::boot_info;
use ochre_abi::stop;

pub fn host_boot_info(task: &mut Task<'_>, info: KernelAddr) -> wasmtime::Result<()> {
    let data = task.data();
    let target = kernel_bytes(&data.kernel, info, boot_info::SIZE)?;
    let boot = &data.vm.boot_info;
    let words = [
        // 4 GiB does not fit; `boot` never makes a memory that long.
        (boot_info::MEMORY_BYTES, data.kernel.len_bytes() as u32),
        (boot_info::INITRAMFS_ADDR, boot.initramfs_addr),
        (boot_info::INITRAMFS_BYTES, boot.initramfs_bytes),
        (boot_info::VCPUS, boot.vcpus),
        (boot_info::USER_PAGES_LIMIT, boot.user_pages_limit),
    ];
    let mut bytes = vec![0; boot_info::SIZE as usize];
    for (offset, word) in words {
        bytes[offset as usize..][..4].copy_from_slice(&word.to_le_bytes());
    }
    let line = boot.command_line.as_bytes();
    bytes[boot_info::COMMAND_LINE as usize..][..line.len()].copy_from_slice(line);
    target.write(&bytes);
    Ok(())
}

pub fn host_machine_stop(task: &mut Task<'_>, reason: u32, code: u32) -> wasmtime::Result<()> {
    let outcome = match reason {
        stop::POWEROFF => Outcome::Poweroff,
        stop::REBOOT => Outcome::Reboot,
        stop::HALT => Outcome::Halt,
        stop::PANIC => Outcome::Panic,
        _ => return bad_call(format!("host_machine_stop({reason}, {code}): no such reason")),
    };
    task.data().vm.stop(outcome);
    Err(Unwind::Stop.into())
}

/// Copies text, cut off where it does not fit; gives the length copied.
pub fn write_text(
    task: &Task<'_>,
    text: &str,
    target: KernelAddr,
    len: u32,
) -> wasmtime::Result<u32> {
    let target = kernel_bytes(&task.data().kernel, target, len)?;
    target.write(text.as_bytes());
    Ok(text.len().min(target.len()) as u32)
}

pub fn host_random_fill(task: &mut Task<'_>, bytes: KernelAddr, len: u32) -> wasmtime::Result<()> {
    let target = kernel_bytes(&task.data().kernel, bytes, len)?;
    let mut random = vec![0; target.len()];
    crate::sys::random::fill(&mut random)?;
    target.write(&random);
    Ok(())
}

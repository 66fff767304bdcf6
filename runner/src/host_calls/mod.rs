// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host calls: one Rust function per row of `abi::host_calls`, registered from that table.
//!
//! A plain host call is a function `(&mut Caller<TaskData>, arguments…) -> wasmtime::Result<result>`;
//! a suspending one is asynchronous, and its task's vCPU may poll other tasks until it is ready. A
//! row without a function here, or with one of other types, does not compile.
//!
//! Invariant: an address that is not within KernelMemory, or a handle that names nothing, is the
//! kernel's mistake and stops the machine ([`bad_call`]), unless the table gives it an errno.
#![forbid(unsafe_code)]

mod clock;
mod console;
mod machine;
mod memory;
mod programs;
mod tasks;
mod traces;
mod vcpus;

use crate::fault::Unwind;
use crate::memory::region::Bytes;
use crate::memory::{KernelAddr, KernelMemory, UserAddr};
use crate::profile::Profile;
use crate::sys::stacks;
use crate::task::TaskData;
use crate::vm::Vm;
use ochre_abi::{HOST_MODULE, KERNEL_MEMORY_IMPORT};
use std::sync::Arc;
use wasmtime::{Caller, Engine, Extern, InstancePre, Linker, Store};

use clock::*;
use console::*;
use machine::*;
use memory::*;
use programs::*;
use tasks::*;
use traces::*;
use vcpus::*;

/// The calling task.
pub type Task<'a> = Caller<'a, TaskData>;

/// Linux errno values that host calls give, as negative results.
pub mod errno {
    /// Try again.
    pub const EAGAIN: i32 = 11;
    /// No memory.
    pub const ENOMEM: i32 = 12;
    /// Bad address.
    pub const EFAULT: i32 = 14;
    /// Not an executable.
    pub const ENOEXEC: i32 = 8;
    /// In use.
    pub const EBUSY: i32 = 16;
    /// Invalid argument.
    pub const EINVAL: i32 = 22;
    /// Nobody reads.
    pub const EPIPE: i32 = 32;
    /// Not done yet.
    pub const EINPROGRESS: i32 = 115;
}

macro_rules! argument_type {
    (kaddr) => {
        u32
    };
    (uaddr) => {
        u32
    };
    (u32) => {
        u32
    };
    (i32) => {
        i32
    };
    (u64) => {
        u64
    };
}

macro_rules! argument {
    (kaddr $value:ident) => {
        KernelAddr($value)
    };
    (uaddr $value:ident) => {
        UserAddr($value)
    };
    ($kind:ident $value:ident) => {
        $value
    };
}

macro_rules! result_type {
    () => {
        ()
    };
    (!) => {
        ()
    };
    ($kind:ident) => {
        argument_type!($kind)
    };
}

macro_rules! register {
    ($linker:ident plain $name:ident ($($arg:ident : $kind:tt),*) ($($result:tt)?)) => {
        $linker.func_wrap(
            HOST_MODULE,
            stringify!($name),
            |mut task: Task<'_>, $($arg: argument_type!($kind)),*|
                -> wasmtime::Result<result_type!($($result)?)> {
                $name(&mut task, $(argument!($kind $arg)),*)
            },
        )?;
    };
    ($linker:ident suspends $name:ident ($($arg:ident : $kind:tt),*) ($($result:tt)?)) => {
        $linker.func_wrap_async(
            HOST_MODULE,
            stringify!($name),
            |mut task: Task<'_>, ($($arg,)*): ($(argument_type!($kind),)*)| {
                Box::new(async move { $name(&mut task, $(argument!($kind $arg)),*).await })
            },
        )?;
    };
}

/// The same, with a counter around.
macro_rules! register_counted {
    ($linker:ident $profile:ident plain $name:ident ($($arg:ident : $kind:tt),*) ($($result:tt)?)) => {
        let call = $profile.call(stringify!($name));
        $linker.func_wrap(
            HOST_MODULE,
            stringify!($name),
            move |mut task: Task<'_>, $($arg: argument_type!($kind)),*|
                -> wasmtime::Result<result_type!($($result)?)> {
                call.count(&mut task, |task| $name(task, $(argument!($kind $arg)),*))
            },
        )?;
    };
    ($linker:ident $profile:ident suspends $name:ident ($($arg:ident : $kind:tt),*) ($($result:tt)?)) => {
        let call = $profile.call(stringify!($name));
        $linker.func_wrap_async(
            HOST_MODULE,
            stringify!($name),
            move |mut task: Task<'_>, ($($arg,)*): ($(argument_type!($kind),)*)| {
                call.count_suspending();
                Box::new(async move { $name(&mut task, $(argument!($kind $arg)),*).await })
            },
        )?;
    };
}

macro_rules! register_all {
    ($( $(#[doc = $doc:literal])* $mode:ident fn $name:ident ( $($arg:ident : $kind:tt),* ) $(-> $result:tt)? ; )*) => {
        fn register_table(linker: &mut Linker<TaskData>) -> wasmtime::Result<()> {
            $( register!(linker $mode $name ($($arg : $kind),*) ($($result)?)); )*
            Ok(())
        }

        fn register_counted(
            linker: &mut Linker<TaskData>,
            profile: &Arc<Profile>,
        ) -> wasmtime::Result<()> {
            $( register_counted!(linker profile $mode $name ($($arg : $kind),*) ($($result)?)); )*
            Ok(())
        }
    };
}
ochre_abi::for_each_host_call!(register_all);

/// All functions that kernel and programs import from the host; counted, where there is a profile.
///
/// # Errors
/// When wasmtime has no memory for them.
pub fn link(engine: &Engine, profile: Option<&Arc<Profile>>) -> wasmtime::Result<Linker<TaskData>> {
    let mut linker = Linker::new(engine);
    match profile {
        Some(profile) => register_counted(&mut linker, profile)?,
        None => register_table(&mut linker)?,
    }
    // Called by the glue of user programs before it enters the kernel.
    linker.func_wrap(HOST_MODULE, "stack_check", stack_check)?;
    linker.func_wrap(HOST_MODULE, "preempt_check", |task: Task<'_>| {
        let vm = &task.data().vm;
        // The end of the machine raises the flag, too.
        if vm.is_stopping() {
            return Err(Unwind::Stop.into());
        }
        vm.renew_preempt_requests();
        stack_check()
    })?;
    Ok(linker)
}

fn stack_check() -> wasmtime::Result<()> {
    if stacks::is_low() { Err(Unwind::StackLow.into()) } else { Ok(()) }
}

/// Binds the kernel of `vm` to its memory and the host calls.
///
/// # Errors
/// When an import does not fit, which the kernel's check would have found.
pub fn bind(vm: &Arc<Vm>) -> wasmtime::Result<InstancePre<TaskData>> {
    let mut linker = vm.linker.clone();
    let (module, name) = KERNEL_MEMORY_IMPORT;
    // A shared memory belongs to no Store, but wasmtime wants to see one.
    let store = Store::new(&vm.engine, TaskData::new(vm, 0));
    linker.define(&store, module, name, Extern::SharedMemory(vm.memory.wasm().clone()))?;
    linker.instantiate_pre(&vm.kernel)
}

/// The kernel broke the contract.
#[cold]
fn bad_call<T>(what: impl Into<String>) -> wasmtime::Result<T> {
    Err(Unwind::BadCall(what.into()).into())
}

/// A range of KernelMemory that the kernel named.
#[inline]
fn kernel_bytes(kernel: &KernelMemory, addr: KernelAddr, len: u32) -> wasmtime::Result<Bytes<'_>> {
    match kernel.bytes(addr, len) {
        Some(bytes) => Ok(bytes),
        None => {
            bad_call(format!("{len} bytes at {:#x} are not within the kernel's memory", addr.0))
        }
    }
}

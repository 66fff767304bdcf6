// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernel entries: what `vmlinux.wasm` exports for the runner and for the user glue.
//!
//! A task's life, seen from the host:
//!
//! ```text
//!   first run:      entry = kernel_task_start(task, stack_top)
//!   loop {
//!     read struct user_entry at `entry`     (a kernel thread never gets here)
//!     PROGRAM: instantiate program `program` over memory `memory`, set its __stack_pointer to
//!              `stack_pointer`, call its _start(stack_pointer)
//!     THREAD:  instantiate the same program over the same memory, set __stack_pointer, call its
//!              __linux_clone_start(stack_pointer, tls)
//!     the user code runs, calls kernel_syscall/kernel_preempt/kernel_signal_return …
//!       and ends in one of:
//!       - host_task_exit       the fiber is finished
//!       - host_task_exec       new Store; entry = kernel_task_resume(task, stack_top); continue
//!       - a trap in user code  pending = kernel_user_fault(...); run the handlers it names
//!                              (see `user`); does not return when the fault is fatal. After the
//!                              last handler the instruction runs again, or the host, which may
//!                              have had to unwind the stack, calls kernel_user_fault again
//!       - a trap in kernel code  kernel_oops(...): does not return when the kernel gives up the
//!                              task alone; else the machine stops
//!       - the entry function returns: treated as fault::UNREACHABLE
//!   }
//! ```
//!
//! `kernel_syscall`, `kernel_preempt`, `kernel_signal_return` and `kernel_user_fault` give an `i64`:
//! the low half is the syscall's result (negative errno on error), the high half is the address of
//! a signal frame in the ProcessMemory whose handler must run now, or 0.

/// wasm value types of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// 32-bit.
    I32,
    /// 64-bit.
    I64,
}

/// One export.
#[derive(Clone, Copy, Debug)]
pub struct KernelEntry {
    /// Export name.
    pub name: &'static str,
    /// Parameter names and types.
    pub params: &'static [(&'static str, Value)],
    /// Result type.
    pub result: Option<Value>,
}

const fn i32s(name: &'static str) -> (&'static str, Value) {
    (name, Value::I32)
}

/// `kernel_boot()`: the boot vCPU's entry; becomes the idle task and never returns.
pub const BOOT: &str = "kernel_boot";
/// `kernel_vcpu_start(task, stack_top)`: a secondary vCPU's entry; never returns.
pub const VCPU_START: &str = "kernel_vcpu_start";
/// `kernel_task_start(task, stack_top) -> address of struct user_entry`.
pub const TASK_START: &str = "kernel_task_start";
/// `kernel_task_resume(task, stack_top) -> address of struct user_entry`: after `host_task_exec`.
pub const TASK_RESUME: &str = "kernel_task_resume";
/// `kernel_syscall(nr, a0..a5, sp) -> i64`; `sp` is the user's `__stack_pointer`.
pub const SYSCALL: &str = "kernel_syscall";
/// `kernel_preempt(sp) -> i64`: takes pending interrupts and reschedules.
pub const PREEMPT: &str = "kernel_preempt";
/// `kernel_signal_return(frame) -> i64`: the handler of `frame` has returned.
pub const SIGNAL_RETURN: &str = "kernel_signal_return";
/// `kernel_user_fault(kind, address, sp) -> i64`: user code of the running task has trapped.
pub const USER_FAULT: &str = "kernel_user_fault";
/// `kernel_oops(kind, address)`: kernel code of the running task has trapped, and its frames are gone.
/// Ends the task where the machine can do without it; returns where it cannot.
pub const OOPS: &str = "kernel_oops";

/// All exports.
pub const KERNEL_ENTRIES: &[KernelEntry] = &[
    KernelEntry { name: BOOT, params: &[], result: None },
    KernelEntry { name: VCPU_START, params: &[i32s("task"), i32s("stack_top")], result: None },
    KernelEntry {
        name: TASK_START,
        params: &[i32s("task"), i32s("stack_top")],
        result: Some(Value::I32),
    },
    KernelEntry {
        name: TASK_RESUME,
        params: &[i32s("task"), i32s("stack_top")],
        result: Some(Value::I32),
    },
    KernelEntry {
        name: SYSCALL,
        params: &[
            i32s("nr"),
            i32s("a0"),
            i32s("a1"),
            i32s("a2"),
            i32s("a3"),
            i32s("a4"),
            i32s("a5"),
            i32s("sp"),
        ],
        result: Some(Value::I64),
    },
    KernelEntry { name: PREEMPT, params: &[i32s("sp")], result: Some(Value::I64) },
    KernelEntry { name: SIGNAL_RETURN, params: &[i32s("frame")], result: Some(Value::I64) },
    KernelEntry {
        name: USER_FAULT,
        params: &[i32s("kind"), i32s("address"), i32s("sp")],
        result: Some(Value::I64),
    },
    KernelEntry { name: OOPS, params: &[i32s("kind"), i32s("address")], result: None },
];

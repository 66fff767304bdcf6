// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an error out of wasm code means: a fault of the user program, a fault of the kernel, or one
//! of the ways in which a task leaves its Store on purpose.
#![forbid(unsafe_code)]

use ochre_abi::fault;
use std::fmt::Write;
use thiserror::Error;
use wasmtime::{FrameInfo, Module, ThrownException, Trap, WasmBacktrace};

/// Raised by host calls to leave all wasm frames of a task.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unwind {
    /// `host_task_exit`.
    #[error("the task has ended")]
    Exit,
    /// `host_task_exec`: go on in a new Store with these arguments.
    #[error("the task continues in a new program")]
    Exec {
        /// Address of its `task_struct`.
        task: u32,
        /// Top of its kernel stack.
        stack_top: u32,
    },
    /// `host_vcpu_stop`.
    #[error("the vCPU has stopped")]
    VcpuStop,
    /// The machine has stopped.
    #[error("the machine has stopped")]
    Stop,
    /// User code has used its stack up.
    #[error("the stack is used up")]
    StackLow,
    /// There is no instance of the user program.
    #[error("the program cannot be instantiated: {0}")]
    Refused(String),
    /// The kernel broke the contract.
    #[error("{0}")]
    BadCall(String),
}

/// Whose fault an error is.
#[derive(Debug, PartialEq, Eq)]
pub enum Cause {
    /// No fault: the task leaves.
    Leave(Unwind),
    /// The user program's; `kind` is one of `abi::fault`.
    User {
        /// One of `abi::fault`.
        kind: u32,
        /// The address, where one is known.
        address: u32,
        /// Trap and symbolized backtrace, lines ended by `\n`.
        report: String,
    },
    /// The kernel's, in its own code; fields as above.
    KernelTrap {
        /// One of `abi::fault`.
        kind: u32,
        /// The address, where one is known.
        address: u32,
        /// Trap and symbolized backtrace, lines ended by `\n`.
        report: String,
    },
    /// The kernel broke the contract, or the runner failed: nothing can go on.
    Kernel(String),
}

/// Sorts an error that came out of a call into a task's wasm code.
pub fn classify(error: &wasmtime::Error, kernel: &Module) -> Cause {
    let unwind = error.downcast_ref::<Unwind>();
    match unwind {
        Some(Unwind::Exit | Unwind::Exec { .. } | Unwind::VcpuStop | Unwind::Stop) => {
            return Cause::Leave(unwind.cloned().unwrap_or(Unwind::Stop));
        }
        Some(Unwind::BadCall(_) | Unwind::StackLow | Unwind::Refused(_)) | None => {}
    }
    let trap = error.downcast_ref::<Trap>().copied();
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let in_kernel = match unwind {
        Some(Unwind::StackLow | Unwind::Refused(_)) => false,
        Some(_) => true,
        None => frames.first().is_some_and(|top| Module::same(top.module(), kernel)),
    };
    // Of the rest, what user code has called for is its own fault: room for another exception, say.
    let known = is_known(error) || !frames.is_empty();
    let what = match (trap, unwind) {
        (_, Some(unwind)) => unwind.to_string(),
        (Some(trap), _) => trap.to_string(),
        (None, None) => error.root_cause().to_string(),
    };
    let (address, fault_text) = fault_address(error);
    let mut report = String::new();
    let _ = writeln!(report, "{what}{}", fault_text.map(|t| format!(" ({t})")).unwrap_or_default());
    report.push_str(&backtrace(frames));
    match trap {
        Some(trap) if in_kernel && unwind.is_none() => {
            return Cause::KernelTrap { kind: fault_kind(trap), address, report };
        }
        _ if in_kernel || !known => return Cause::Kernel(report),
        _ => {}
    }
    let kind = match (unwind, trap) {
        (Some(Unwind::Refused(_)), _) => fault::OTHER,
        (Some(_), _) => fault::STACK,
        (None, Some(trap)) => fault_kind(trap),
        (None, None) => fault::OTHER,
    };
    Cause::User { kind, address, report }
}

/// Is it a trap, an exception, or one of ours, and no failure of the runner or of wasmtime?
pub fn is_known(error: &wasmtime::Error) -> bool {
    error.is::<Trap>() || error.is::<Unwind>() || error.is::<ThrownException>()
}

/// The kernel's word for a trap.
pub fn fault_kind(trap: Trap) -> u32 {
    match trap {
        Trap::MemoryOutOfBounds => fault::MEMORY,
        Trap::StackOverflow => fault::STACK,
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            fault::TABLE_ACCESS
        }
        Trap::IntegerDivisionByZero => fault::DIVIDE,
        Trap::IntegerOverflow | Trap::BadConversionToInteger => fault::OVERFLOW,
        Trap::UnreachableCodeReached => fault::UNREACHABLE,
        Trap::HeapMisaligned => fault::MISALIGNED,
        _ => fault::OTHER,
    }
}

/// The faulting address and wasmtime's words about it. wasmtime keeps its type to itself and
/// attaches it as context, so its text is the only way to the number.
fn fault_address(error: &wasmtime::Error) -> (u32, Option<String>) {
    for cause in error.chain() {
        let text = cause.to_string();
        if let Some(rest) = text.strip_prefix("memory fault at wasm address 0x") {
            let digits = rest.split_whitespace().next().unwrap_or_default();
            let address = u64::from_str_radix(digits, 16).unwrap_or(0);
            return (u32::try_from(address).unwrap_or(u32::MAX), Some(text));
        }
    }
    (0, None)
}

/// Frames as text, innermost first, one line each; a run of equal frames, as an endless recursion
/// leaves it, takes one line.
pub fn backtrace(frames: &[FrameInfo]) -> String {
    let same = |a: &FrameInfo, b: &FrameInfo| {
        a.func_index() == b.func_index()
            && a.module_offset() == b.module_offset()
            && Module::same(a.module(), b.module())
    };
    let mut text = String::new();
    let mut depth = 0;
    for run in frames.chunk_by(same) {
        let frame = &run[0];
        let _ = write!(text, "  {depth:2}: ");
        match frame.func_name() {
            Some(name) => {
                let _ = write!(text, "{:#}", rustc_demangle::demangle(name));
            }
            None => {
                let _ = write!(text, "function {}", frame.func_index());
            }
        }
        if let Some(offset) = frame.module_offset() {
            let _ = write!(text, " @ {offset:#x}");
        }
        if run.len() > 1 {
            let _ = write!(text, " ({} times)", run.len());
        }
        text.push('\n');
        depth += run.len();
    }
    text
}

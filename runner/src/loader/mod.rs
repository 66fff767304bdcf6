// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens to a user program between the kernel handing its file over and wasmtime compiling it.
//!
//! 1. [`survey`] refuses what is not a program of `wasm32-unknown-linux-musl` (see `abi::user`), with
//!    a reason for the kernel's log, and notes what the kernel wants to know of it.
//! 2. [`rewrite`] turns the memory into an import, puts the [`glue`] in place of the system call,
//!    inserts the preemption checks and makes harmless what would block or crash a vCPU.
//!
//! Invariant: equal input gives equal output; [`VERSION`] changes with the output, because compiled
//! code is cached under it.
#![forbid(unsafe_code)]

mod glue;
mod rewrite;
mod survey;

use ochre_abi::{fault, layout::program_info};
use thiserror::Error;

pub use glue::IMPORTS;

/// Version of the loader's output.
pub const VERSION: u32 = 1;

// The contract that the glue is written against.
const _: () = assert!(fault::STACK == 1 && ochre_abi::ABI_VERSION == 1);

/// Why a file is no program.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Refusal(pub String);

/// What the kernel and the task want to know of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramInfo {
    /// 64 KiB pages of its initial memory.
    pub memory_pages: u32,
    /// Initial `__stack_pointer`.
    pub stack_top: u32,
    /// First address after its data.
    pub heap_base: u32,
    /// Bits of `abi::layout::program_info`.
    pub flags: u32,
}

impl ProgramInfo {
    /// Does it export `__linux_clone_start`?
    pub fn can_clone(&self) -> bool {
        self.flags & program_info::CAN_CLONE != 0
    }

    /// Does it export `__linux_signal`?
    pub fn can_signal(&self) -> bool {
        self.flags & program_info::CAN_SIGNAL != 0
    }
}

/// A program ready to be compiled.
#[derive(Debug)]
pub struct Prepared {
    /// The rewritten module.
    pub wasm: Vec<u8>,
    /// About it.
    pub info: ProgramInfo,
}

/// Checks and rewrites a program file.
///
/// # Errors
/// The reason, when the file is no program that this machine can run.
pub fn prepare(file: &[u8]) -> Result<Prepared, Refusal> {
    let survey = survey::survey(file)?;
    let wasm = rewrite::rewrite(file, &survey)
        .map_err(|error| Refusal(format!("cannot be rewritten: {error}")))?;
    Ok(Prepared { wasm, info: survey.info })
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens to a user program between the kernel handing its file over and wasmtime compiling it.
//!
//! 1. [`survey`] refuses what is not a program of `wasm32-unknown-linux-musl` (see `abi::user`), with
//!    a reason for the kernel's log, and notes what the kernel wants to know of it.
//! 2. [`rewrite`] turns the memory into an import, puts the [`glue`] in place of the system call,
//!    inserts the preemption checks and makes harmless what would block or crash a vCPU. Its data,
//!    which would be copied at every start, becomes an image to be mapped ([`DataImage`]).
//!
//! Invariant: equal input gives equal output; [`VERSION`] changes with the output, because compiled
//! code is cached under it.
#![forbid(unsafe_code)]

mod body;
mod bulk;
mod calls;
mod data;
mod glue;
mod live;
mod plan;
mod rewrite;
mod shape;
mod survey;
#[cfg(test)]
mod tests;

use ochre_abi::{fault, layout::program_info};
use thiserror::Error;

pub use data::DataImage;
pub use glue::{FAULT_EXPORT, IMPORTS, global_export};

/// Version of the loader's output.
pub const VERSION: u32 = 8;

// The contract that the glue is written against.
const _: () = assert!(fault::STACK == 1 && ochre_abi::ABI_VERSION == 4);

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

    /// Can a thread have the instance of another one that has ended?
    pub fn is_reusable(&self) -> bool {
        self.flags & program_info::REUSABLE != 0
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
    /// Bytes to be in its memory before its start function runs.
    pub image: Option<DataImage>,
}

/// Checks and rewrites a program file.
///
/// # Errors
/// The reason, when the file is no program that this machine can run.
pub fn prepare(file: &[u8]) -> Result<Prepared, Refusal> {
    prepare_with(file, Checks::Planned)
}

/// Which preemption checks a program gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// Those that it needs.
    Planned,
    /// None: such a program can keep a vCPU for ever. It is what the others are measured against.
    None,
}

/// Like [`prepare`], with a choice of checks. Nothing but a measurement may choose.
///
/// # Errors
/// The reason, when the file is no program that this machine can run.
#[doc(hidden)]
pub fn prepare_with(file: &[u8], checks: Checks) -> Result<Prepared, Refusal> {
    let survey = survey::survey(file)?;
    let refuse = |error: String| Refusal(format!("cannot be rewritten: {error}"));
    let calls = calls::Calls::read(file).map_err(|error| refuse(error.to_string()))?;
    let plans = match checks {
        Checks::Planned => plan::plan(&calls).map_err(|error| refuse(error.to_string()))?,
        Checks::None => vec![plan::Plan::default(); calls.bodies.len()],
    };
    let taken = data::take(file, &survey, &calls).map_err(|error| refuse(error.to_string()))?;
    let wasm = rewrite::rewrite(file, &survey, &calls, &plans, &taken)
        .map_err(|error| refuse(error.to_string()))?;
    Ok(Prepared { wasm, info: survey.info, image: taken.image })
}

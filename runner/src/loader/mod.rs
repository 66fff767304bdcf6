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
pub const VERSION: u32 = 2;

// The contract that the glue is written against.
const _: () = assert!(fault::STACK == 1 && ochre_abi::ABI_VERSION == 2);

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

#[cfg(test)]
mod tests {
    use super::{ProgramInfo, prepare};
    use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, Validator};

    const PROGRAM: &str = r#"(module
        (type $unused (func (param i64)))
        (import "linux" "syscall" (func $syscall (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "memory" (memory 3 65536 shared))
        (table 8 8 funcref)
        (elem (i32.const 3) func $leaf $syscall)
        (global (export "__stack_pointer") (mut i32) (i32.const 65536))
        (global (export "__heap_base") i32 (i32.const 70000))
        (func $leaf (export "leaf") (result i32) (ref.is_null (ref.func $leaf)))
        (func $__wasm_init_memory (memory.fill (i32.const 70000) (i32.const 0) (i32.const 9)))
        (start $__wasm_init_memory)
        (func $looping (loop $again (br_if $again (call $leaf))))
        (func (export "_start") (param i32) (call $looping))
        (func (export "__linux_clone_start") (param i32 i32)))"#;

    /// Names of the functions and numbers of atomic loads in each defined one.
    fn look(wasm: &[u8]) -> (Vec<(u32, String)>, Vec<usize>) {
        let (mut names, mut checks) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader().unwrap().into_iter();
                    let is_check = |op| matches!(op, Operator::I32AtomicLoad { .. });
                    checks.push(operators.filter(|op| is_check(op.clone().unwrap())).count());
                }
                Payload::CustomSection(section) => {
                    let KnownCustom::Name(section) = section.as_known() else { continue };
                    for name in section {
                        if let Name::Function(map) = name.unwrap() {
                            names.extend(map.into_iter().map(|naming| {
                                let naming = naming.unwrap();
                                (naming.index, naming.name.to_owned())
                            }));
                        }
                    }
                }
                _ => {}
            }
        }
        (names, checks)
    }

    #[test]
    fn a_rewritten_program_is_valid_and_keeps_its_names() {
        let prepared = prepare(&wat::parse_str(PROGRAM).unwrap()).unwrap();
        Validator::new().validate_all(&prepared.wasm).unwrap();
        let flags = ochre_abi::layout::program_info::CAN_CLONE;
        let expected = ProgramInfo { memory_pages: 3, stack_top: 65536, heap_base: 70000, flags };
        assert_eq!(prepared.info, expected);
        let (names, _) = look(&prepared.wasm);
        for (index, name) in
            [(5, "leaf"), (6, "__wasm_init_memory"), (7, "looping"), (10, "__syscall")]
        {
            assert!(names.contains(&(index, name.to_owned())), "{index} {name}: {names:?}");
        }
    }

    #[test]
    fn checks_stand_in_loops_and_callers_only() {
        let prepared = prepare(&wat::parse_str(PROGRAM).unwrap()).unwrap();
        let (_, checks) = look(&prepared.wasm);
        assert_eq!(checks[..5], [0, 0, 2, 1, 0]);
    }

    #[test]
    fn equal_input_gives_equal_output() {
        let program = wat::parse_str(PROGRAM).unwrap();
        assert_eq!(prepare(&program).unwrap().wasm, prepare(&program).unwrap().wasm);
    }
}

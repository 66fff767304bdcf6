// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks a user program against `abi::user` and collects what the rewriting needs.
#![forbid(unsafe_code)]

use super::{ProgramInfo, Refusal};
use ochre_abi::layout::program_info;
use ochre_abi::user;
use wasmparser::{
    CompositeInnerType, DataKind, ExternalKind, FuncType, MemoryType, Name, Operator, Parser,
    Payload, TypeRef, ValType, Validator, WasmFeatures,
};

/// What was found.
#[derive(Debug)]
pub struct Survey {
    /// About the program, for the kernel.
    pub info: ProgramInfo,
    /// Number of types.
    pub types: u32,
    /// Number of imported functions; each of them is the system call.
    pub imported_functions: u32,
    /// Number of functions that the module defines.
    pub defined_functions: u32,
    /// Index of the global `__stack_pointer`.
    pub stack_pointer: u32,
    /// Index of the function `__linux_signal`, in the module as it came.
    pub signal: Option<u32>,
    /// Index of wasm-ld's `__wasm_init_memory`, in the module as it came.
    pub init_memory: Option<u32>,
    /// Index of the start function, in the module as it came.
    pub start: Option<u32>,
    /// Number of globals.
    pub globals: u32,
    /// Bytes of each data segment.
    pub data_bytes: Vec<u32>,
    /// Its mutable globals, where that is all that differs between a new instance and one that has run.
    pub reset_globals: Vec<u32>,
}

/// Most mutable globals of an instance that is used again.
const MAX_RESET_GLOBALS: usize = 16;

/// Features that programs may use: what the engine is configured for.
fn features() -> WasmFeatures {
    let mut features = WasmFeatures::WASM3 | WasmFeatures::THREADS | WasmFeatures::WIDE_ARITHMETIC;
    features.remove(WasmFeatures::MEMORY64 | WasmFeatures::GC);
    features
}

#[derive(Default)]
struct Found {
    types: Vec<Option<FuncType>>,
    functions: Vec<u32>,
    imported_functions: u32,
    globals: Vec<Option<u32>>,
    global_is_stack_pointer: Vec<bool>,
    /// Mutable globals; `None` after one whose value is no number.
    mutable_globals: Option<Vec<u32>>,
    /// Functions, the imported ones first, that change tables or drop segments.
    changing: Vec<u32>,
    bodies: u32,
    memory: Option<MemoryType>,
    exports: Vec<(String, ExternalKind, u32)>,
    init_memory: Option<u32>,
    start: Option<u32>,
    data_bytes: Vec<u32>,
}

/// Checks `file`.
pub fn survey(file: &[u8]) -> Result<Survey, Refusal> {
    let refuse = |reason: &str| Err(Refusal(reason.to_owned()));
    if file.is_empty() {
        return refuse("the file is empty");
    }
    if file.len() < 8 || &file[..4] != b"\0asm" {
        return refuse("not a wasm module");
    }
    if file[4..8] != [1, 0, 0, 0] {
        return refuse("not a core wasm module of version 1 (a component?)");
    }
    Validator::new_with_features(features())
        .validate_all(file)
        .map_err(|error| Refusal(format!("not valid: {error}")))?;
    let found = collect(file).map_err(|error| Refusal(format!("not valid: {error}")))??;
    found.conclude()
}

fn collect(file: &[u8]) -> wasmparser::Result<Result<Found, Refusal>> {
    let mut found = Found { mutable_globals: Some(Vec::new()), ..Found::default() };
    for payload in Parser::new(0).parse_all(file) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        found.types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let Err(refusal) = found.import(import.module, import.name, import.ty) {
                        return Ok(Err(refusal));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    found.functions.push(ty?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    if found.memory.replace(memory?).is_some() {
                        return Ok(Err(Refusal("has more than one memory".to_owned())));
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let mut init = global.init_expr.get_operators_reader();
                    let value = match init.read()? {
                        Operator::I32Const { value } => Some(value.cast_unsigned()),
                        _ => None,
                    };
                    if global.ty.mutable {
                        let index = found.globals.len() as u32;
                        found.mutable_globals = found.mutable_globals.take().and_then(|mut all| {
                            let is_number = !global.ty.content_type.is_reference_type();
                            all.push(index);
                            is_number.then_some(all)
                        });
                    }
                    found.globals.push(value);
                    found
                        .global_is_stack_pointer
                        .push(global.ty.mutable && global.ty.content_type == ValType::I32);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    found.exports.push((export.name.to_owned(), export.kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => found.start = Some(func),
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if changes_instance(&operator?) {
                        found.changing.push(found.imported_functions + found.bodies);
                        break;
                    }
                }
                found.bodies += 1;
            }
            Payload::DataSection(section) => {
                for data in section {
                    let data = data?;
                    found.data_bytes.push(data.data.len() as u32);
                    if let DataKind::Active { .. } = data.kind {
                        let reason = "has data that every thread would write again; \
                                      link it with --shared-memory";
                        return Ok(Err(Refusal(reason.to_owned())));
                    }
                }
            }
            Payload::CustomSection(section) => {
                if let wasmparser::KnownCustom::Name(names) = section.as_known() {
                    found.init_memory = init_memory(names);
                }
            }
            _ => {}
        }
    }
    Ok(Ok(found))
}

/// Does it change what an instance has besides globals?
fn changes_instance(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
            | Operator::DataDrop { .. }
    )
}

/// The function that wasm-ld calls `__wasm_init_memory`; a broken name section names nothing.
fn init_memory(names: wasmparser::NameSectionReader<'_>) -> Option<u32> {
    for subsection in names {
        if let Name::Function(map) = subsection.ok()? {
            for naming in map {
                let naming = naming.ok()?;
                if naming.name == "__wasm_init_memory" {
                    return Some(naming.index);
                }
            }
        }
    }
    None
}

impl Found {
    fn import(&mut self, module: &str, name: &str, ty: TypeRef) -> Result<(), Refusal> {
        if (module, name) == user::SYSCALL_IMPORT {
            let TypeRef::Func(index) = ty else {
                return Err(Refusal("imports linux.syscall, but not as a function".to_owned()));
            };
            let ty = self.types.get(index as usize).and_then(Option::as_ref);
            let fits = ty.is_some_and(|ty| {
                ty.params() == [ValType::I32; 7] && ty.results() == [ValType::I32]
            });
            if !fits {
                let reason = "imports linux.syscall with another signature than seven i32 to i32";
                return Err(Refusal(reason.to_owned()));
            }
            self.functions.push(index);
            self.imported_functions += 1;
            return Ok(());
        }
        if let ((_, "memory"), TypeRef::Memory(memory)) = ((module, name), ty)
            && (module, name) == user::MEMORY_IMPORT
        {
            if self.memory.replace(memory).is_some() {
                return Err(Refusal("has more than one memory".to_owned()));
            }
            return Ok(());
        }
        Err(Refusal(format!(
            "imports {module}.{name}, which Linux does not have; \
             was it built for wasm32-unknown-linux-musl?"
        )))
    }

    fn export(&self, name: &str, kind: ExternalKind) -> Option<u32> {
        let found = self.exports.iter().find(|export| export.0 == name && export.1 == kind)?;
        Some(found.2)
    }

    /// An exported function that must have the given parameters and no result, if it is there.
    fn function(&self, name: &str, params: usize) -> Result<Option<u32>, Refusal> {
        let Some(index) = self.export(name, ExternalKind::Func) else { return Ok(None) };
        let ty = self.functions.get(index as usize);
        let ty = ty.and_then(|ty| self.types.get(*ty as usize)).and_then(Option::as_ref);
        let fits = ty.is_some_and(|ty| {
            ty.params().len() == params
                && ty.params().iter().all(|param| *param == ValType::I32)
                && ty.results().is_empty()
        });
        if fits {
            return Ok(Some(index));
        }
        Err(Refusal(format!(
            "exports {name} with another signature than {params} × i32 to nothing"
        )))
    }

    fn conclude(self) -> Result<Survey, Refusal> {
        let refuse = |reason: String| Err(Refusal(reason));
        let Some(memory) = self.memory else {
            return refuse("has no memory".to_owned());
        };
        if !memory.shared {
            return refuse("its memory is not shared; link it with --shared-memory".to_owned());
        }
        let Ok(memory_pages) = u32::try_from(memory.initial) else {
            return refuse("its memory is too large".to_owned());
        };
        if self.function(user::START, 1)?.is_none() {
            return refuse(format!("has no {}; is it a library?", user::START));
        }
        let signal = self.function(user::SIGNAL, 1)?;
        let clone = self.function(user::CLONE_START, 2)?;
        let stack_pointer = self.export(user::STACK_POINTER, ExternalKind::Global);
        let Some(stack_pointer) = stack_pointer
            .filter(|index| self.global_is_stack_pointer.get(*index as usize) == Some(&true))
        else {
            return refuse(format!(
                "exports no mutable i32 global {name}; link it with --export={name}",
                name = user::STACK_POINTER
            ));
        };
        let Some(stack_top) = self.globals[stack_pointer as usize] else {
            return refuse(format!("its {} has no constant value", user::STACK_POINTER));
        };
        if stack_top <= user::PREEMPT_FLAG_ADDR + 4 || u64::from(stack_top) > memory.initial << 16 {
            return refuse(
                "its stack is not at the start of its memory (--stack-first)".to_owned(),
            );
        }
        let heap_base = self
            .export(user::HEAP_BASE, ExternalKind::Global)
            .and_then(|index| self.globals.get(index as usize).copied().flatten())
            .unwrap_or_else(|| u32::try_from(memory.initial << 16).unwrap_or(u32::MAX));
        let mut flags = 0;
        if clone.is_some() {
            flags |= program_info::CAN_CLONE;
        }
        if signal.is_some() {
            flags |= program_info::CAN_SIGNAL;
        }
        // What the start function does is done in an instance that has run.
        let early = [self.start, self.init_memory];
        let changes = self.changing.iter().any(|index| !early.contains(&Some(*index)));
        let reset_globals = self
            .mutable_globals
            .filter(|globals| !changes && globals.len() <= MAX_RESET_GLOBALS)
            .unwrap_or_default();
        if !reset_globals.is_empty() {
            flags |= program_info::REUSABLE;
        }
        Ok(Survey {
            info: ProgramInfo { memory_pages, stack_top, heap_base, flags },
            types: self.types.len() as u32,
            imported_functions: self.imported_functions,
            defined_functions: self.functions.len() as u32 - self.imported_functions,
            stack_pointer,
            signal,
            globals: self.globals.len() as u32,
            init_memory: self.init_memory,
            start: self.start,
            data_bytes: self.data_bytes,
            reset_globals,
        })
    }
}

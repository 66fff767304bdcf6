// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel image: is it one, is it for this runner, and its compiled code.
#![forbid(unsafe_code)]

use crate::cache::{CodeCache, Kind, Source};
use crate::error::Error;
use crate::ordering::relax;
use ochre_abi::host_calls::{HOST_CALLS, HostCall, Kind as ValueKind};
use ochre_abi::kernel_entries::{KERNEL_ENTRIES, KernelEntry, Value};
use ochre_abi::{ABI_SECTION, ABI_VERSION, HOST_MODULE, KERNEL_MEMORY_IMPORT};
use std::path::Path;
use wasmparser::{Parser, Payload};
use wasmtime::{ExternType, FuncType, Module, ValType};

/// A checked kernel.
pub struct KernelImage {
    /// Its code.
    pub module: Module,
    /// Wasm pages that its memory needs before anything else is in it.
    pub memory_pages: u32,
}

impl KernelImage {
    /// Reads, checks and compiles the kernel.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn load(path: &Path, cache: &CodeCache) -> Result<Self, Error> {
        let read = |source| Error::ReadKernel { path: path.to_owned(), source };
        let bad = |reason| Error::BadKernel { path: path.to_owned(), reason };
        let file = std::fs::read(path).map_err(read)?;
        check_file(&file).map_err(bad)?;
        let content = *blake3::hash(&file).as_bytes();
        let module = match cache.find(Kind::Kernel, &content) {
            Some(found) => found.module,
            None => cache
                .compile(Kind::Kernel, &content, source(&relax(&file)))
                .map_err(|error| bad(format!("it does not compile: {error:#}")))?,
        };
        let memory_pages = check_module(&module).map_err(bad)?;
        Ok(Self { module, memory_pages })
    }
}

/// What the cache compiles of a kernel, after [`relax`].
pub fn source(relaxed: &[u8]) -> Source<'_> {
    Source { wasm: relaxed, meta: [0; 4], image: None }
}

/// Checks what can be seen without compiling: a damaged file and another version of the contract.
///
/// # Errors
/// The reason.
pub fn check_file(file: &[u8]) -> Result<(), String> {
    if file.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !file.starts_with(b"\0asm") {
        return Err("not a wasm module".to_owned());
    }
    let mut version = None;
    for payload in Parser::new(0).parse_all(file) {
        let payload = payload.map_err(|error| format!("the file is damaged: {error}"))?;
        if let Payload::CustomSection(section) = payload
            && section.name() == ABI_SECTION
        {
            version = Some(section.data().to_vec());
        }
    }
    let Some(version) = version else {
        return Err(format!("it has no section {ABI_SECTION:?}: some other program"));
    };
    // The kernel's build may pad the section; the version is its first word.
    let Some(version) = version.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return Err(format!("its section {ABI_SECTION:?} is too short"));
    };
    if version != ABI_VERSION {
        return Err(format!(
            "it speaks version {version} of the kernel interface, the runner version \
             {ABI_VERSION}; rebuild both with `cargo xtask build`"
        ));
    }
    Ok(())
}

/// Checks imports and exports; gives the pages of the memory.
fn check_module(module: &Module) -> Result<u32, String> {
    let mut memory_pages = None;
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        match import.ty() {
            ExternType::Memory(memory) if (from, name) == KERNEL_MEMORY_IMPORT => {
                if !memory.is_shared() {
                    return Err("its memory is not shared".to_owned());
                }
                memory_pages = u32::try_from(memory.minimum()).ok();
            }
            ExternType::Func(ty) if from == HOST_MODULE => {
                let Some(call) = HOST_CALLS.iter().find(|call| call.name == name) else {
                    return Err(format!("it needs host call {name}, which this runner lacks"));
                };
                if !fits_call(&ty, call) {
                    return Err(format!("it imports host call {name} with another signature"));
                }
            }
            _ => return Err(format!("it imports {from}.{name}, which no runner supplies")),
        }
    }
    for entry in KERNEL_ENTRIES {
        match module.get_export(entry.name) {
            Some(ExternType::Func(ty)) if fits_entry(&ty, entry) => {}
            Some(_) => return Err(format!("it exports {} with another signature", entry.name)),
            None => return Err(format!("it does not export {}", entry.name)),
        }
    }
    memory_pages.ok_or_else(|| "it does not import its memory".to_owned())
}

fn fits_call(ty: &FuncType, call: &HostCall) -> bool {
    let wanted = call.params.iter().map(|(_, kind)| *kind);
    let result = [call.result]
        .into_iter()
        .filter(|kind| !matches!(kind, ValueKind::Unit | ValueKind::Never));
    same(ty.params(), wanted.map(is_wide)) && same(ty.results(), result.map(is_wide))
}

fn is_wide(kind: ValueKind) -> bool {
    kind == ValueKind::U64
}

fn fits_entry(ty: &FuncType, entry: &KernelEntry) -> bool {
    let wide = |value| value == Value::I64;
    same(ty.params(), entry.params.iter().map(|(_, value)| wide(*value)))
        && same(ty.results(), entry.result.into_iter().map(wide))
}

fn same(types: impl Iterator<Item = ValType>, wide: impl Iterator<Item = bool>) -> bool {
    types.map(|ty| (ty.is_i32(), ty.is_i64())).eq(wide.map(|wide| (!wide, wide)))
}

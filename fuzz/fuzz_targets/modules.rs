// SPDX-License-Identifier: MIT OR Apache-2.0
//! Valid modules for the loader: random ones with what makes a module a program (see `abi::user`).
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ConstExpr, ExportKind, ExportSection, GlobalSection, GlobalType, ImportSection, MemoryType,
    Module, ValType,
};
use wasm_smith::Config;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(file)) = program(bytes) {
        ochre_fuzz::load(&file);
    }
});

/// A random module, and the same with the sections of a program around it.
fn program(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let config = Config {
        allow_start_export: true,
        bulk_memory_enabled: true,
        exceptions_enabled: true,
        gc_enabled: false,
        max_imports: 0,
        max_data_segments: 3,
        max_memories: 1,
        memory64_enabled: false,
        min_memories: 1,
        multi_value_enabled: true,
        reference_types_enabled: true,
        simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: true,
        ..Config::default()
    };
    let mut bytes = Unstructured::new(bytes);
    let pages = bytes.int_in_range(1..=3)?;
    let module = wasm_smith::Module::new(config, &mut bytes)?.to_bytes();
    Ok(dress(&module, pages).ok().flatten())
}

/// Adds an imported memory in place of its own, a stack pointer, and `_start`, where the module has a function for it.
fn dress(module: &[u8], pages: u64) -> wasmparser::Result<Option<Vec<u8>>> {
    use wasmparser::Payload;
    let (mut types, mut functions, mut globals) = (vec![], vec![], None);
    let mut dressed = Module::new();
    let mut reencoder = RoundtripReencoder;
    let mut own_exports = ExportSection::new();
    let mut number_of_globals = 0;
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.clone().into_iter_err_on_gc_types() {
                    types.push(ty?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty?);
                }
            }
            Payload::GlobalSection(section) => {
                number_of_globals = section.count();
                globals = Some(section);
            }
            Payload::ExportSection(section) => {
                if reencoder.parse_export_section(&mut own_exports, section).is_err() {
                    return Ok(None);
                }
            }
            _ => {}
        }
    }
    let takes_a_word = |ty: &u32| {
        let ty = types.get(*ty as usize);
        ty.is_some_and(|ty| ty.params() == [wasmparser::ValType::I32] && ty.results().is_empty())
    };
    let Some(start) = functions.iter().position(takes_a_word) else { return Ok(None) };
    let mut imports = ImportSection::new();
    let memory = MemoryType {
        minimum: pages,
        maximum: Some(65536),
        memory64: false,
        shared: true,
        page_size_log2: None,
    };
    imports.import("env", "memory", memory);
    let mut all_globals = GlobalSection::new();
    if let Some(section) = globals
        && reencoder.parse_global_section(&mut all_globals, section).is_err()
    {
        return Ok(None);
    }
    let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    all_globals.global(ty, &ConstExpr::i32_const(65536));
    own_exports.export("_start", ExportKind::Func, start as u32);
    own_exports.export("__stack_pointer", ExportKind::Global, number_of_globals);
    // In the order that the format asks for: what a module lacks comes before the next that it has.
    let (mut has_imports, mut has_globals, mut has_exports) = (false, false, false);
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let order = section_order(id);
        if !has_imports && order > section_order(2) {
            dressed.section(&imports);
            has_imports = true;
        }
        if !has_globals && order >= section_order(6) {
            dressed.section(&all_globals);
            has_globals = true;
        }
        if !has_exports && order >= section_order(7) {
            dressed.section(&own_exports);
            has_exports = true;
        }
        if ![2, 5, 6, 7].contains(&id) {
            dressed.section(&wasm_encoder::RawSection { id, data: &module[range] });
        }
    }
    Ok(Some(dressed.finish()))
}

/// Place of a section: their numbers, but tags (13) before globals and the data count (12) before code.
fn section_order(id: u8) -> u32 {
    match id {
        0 => 0,
        13 => 55,
        12 => 95,
        id => u32::from(id) * 10,
    }
}

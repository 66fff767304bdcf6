// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the fuzz targets share: the parts of the runner that read files from outside, compiled from the
//! runner's own files without wasmtime, and what must hold of them.
#![forbid(unsafe_code)]

#[path = "../../runner/src/loader/mod.rs"]
pub mod loader;
#[path = "../../runner/src/newc.rs"]
pub mod newc;

/// In place of the runner's module, for the loader.
mod memory {
    pub const MAX_WASM_PAGES: u32 = 65536;
}

use wasmparser::{Validator, WasmFeatures};

/// Gives a file to the loader. What it accepts, it makes a valid module of, every time the same, that
/// imports nothing but what the runner supplies.
///
/// # Panics
/// When that does not hold.
pub fn load(file: &[u8]) {
    let Ok(prepared) = loader::prepare(file) else { return };
    let features = WasmFeatures::all() & !WasmFeatures::MEMORY64;
    Validator::new_with_features(features)
        .validate_all(&prepared.wasm)
        .unwrap_or_else(|error| panic!("an accepted file became an invalid module: {error}"));
    let again = loader::prepare(file).expect("accepted before");
    assert_eq!(again.wasm, prepared.wasm, "another result the second time");
    let mut memories = 0;
    for payload in wasmparser::Parser::new(0).parse_all(&prepared.wasm) {
        let wasmparser::Payload::ImportSection(section) = payload.expect("just validated") else {
            continue;
        };
        for import in section.into_imports() {
            let import = import.expect("just validated");
            match import.ty {
                wasmparser::TypeRef::Memory(_) => memories += 1,
                _ => assert!(loader::IMPORTS.contains(&(import.module, import.name)), "{import:?}"),
            }
        }
    }
    assert_eq!(memories, 1, "a program has one memory, and it is imported");
}

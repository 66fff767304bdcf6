// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's barriers on a host whose processor orders most by itself.
//!
//! wasm knows one kind of atomic store and one fence, both sequentially consistent, which on x86-64 cost
//! an `mfence` each: more than the rest of a spin lock. The kernel needs less of nearly all. Its stores
//! are releases, which are plain stores there (Intel SDM volume 3, 10.2.2: stores are not reordered with
//! older loads or stores), and it says before each fence which it is ([`ochre_abi::fence`]). So
//! [`relax`] rewrites the module that is compiled; the image stays right for every host.
//!
//! | in the image                                   | compiled                                     |
//! |------------------------------------------------|----------------------------------------------|
//! | `T.atomic.storeN`                              | `nop; T.storeN`                              |
//! | `i32.const PARTIAL; drop; nop; atomic.fence`   | `i32.const PARTIAL; i32.atomic.load; drop`   |
//! | `i32.const FULL; drop; nop; atomic.fence`      | an atomic addition of 0 at the stack pointer |
//!
//! The load's value is of no use; it keeps the compiler from moving or merging accesses across it, as
//! any atomic access does. The addition is to the same end what Linux does on that processor.
//!
//! Invariant: nothing changes its length, so offsets in backtraces are those of the image.
#![forbid(unsafe_code)]

use ochre_abi::{fence, user};
use std::borrow::Cow;
use wasmparser::{ExternalKind, Operator, Parser, Payload, Result};

/// Prefix of atomic instructions.
const ATOMIC: u8 = 0xfe;
const NOP: u8 = 0x01;
const DROP: u8 = 0x1a;
/// `atomic.fence` with its reserved byte.
const FENCE: [u8; 3] = [ATOMIC, 0x03, 0x00];
/// Bytes of a fence with what stands before it.
const FENCE_BYTES: usize = 9;

/// The module to compile for this host in place of `file`, a kernel's. What cannot be read stays as it is:
/// the compiler tells what is wrong.
pub fn relax(file: &[u8]) -> Cow<'_, [u8]> {
    if cfg!(target_arch = "x86_64")
        && let Ok(relaxed) = rewrite(file)
    {
        return Cow::Owned(relaxed);
    }
    Cow::Borrowed(file)
}

fn rewrite(file: &[u8]) -> Result<Vec<u8>> {
    let mut relaxed = file.to_vec();
    let mut stack_pointer = None;
    for payload in Parser::new(0).parse_all(file) {
        match payload? {
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.name == user::STACK_POINTER && export.kind == ExternalKind::Global {
                        stack_pointer = u8::try_from(export.index).ok();
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let operators = body.get_operators_reader()?.into_iter_with_offsets();
                for operator in operators {
                    let (operator, at) = operator?;
                    relax_operator(&mut relaxed[at..], &operator, stack_pointer);
                }
            }
            _ => {}
        }
    }
    Ok(relaxed)
}

/// `bytes` begin with the operator.
fn relax_operator(bytes: &mut [u8], operator: &Operator<'_>, stack_pointer: Option<u8>) {
    let store = match operator {
        Operator::I32AtomicStore { .. } => 0x36,
        Operator::I64AtomicStore { .. } => 0x37,
        Operator::I32AtomicStore8 { .. } => 0x3a,
        Operator::I32AtomicStore16 { .. } => 0x3b,
        Operator::I64AtomicStore8 { .. } => 0x3c,
        Operator::I64AtomicStore16 { .. } => 0x3d,
        Operator::I64AtomicStore32 { .. } => 0x3e,
        Operator::I32Const { value } => {
            relax_fence(bytes, value.cast_unsigned(), stack_pointer);
            return;
        }
        _ => return,
    };
    // The second byte may be encoded in more than one.
    if let [prefix, code, ..] = bytes
        && *prefix == ATOMIC
        && (0x17..=0x1d).contains(code)
    {
        (*prefix, *code) = (NOP, store);
    }
}

fn relax_fence(bytes: &mut [u8], kind: u32, stack_pointer: Option<u8>) {
    let Some(bytes) = bytes.first_chunk_mut::<FENCE_BYTES>() else { return };
    if bytes[4..6] != [DROP, NOP] || bytes[6..] != FENCE {
        return;
    }
    match (kind, stack_pointer) {
        (fence::PARTIAL, _) => {
            // i32.atomic.load align=4 offset=0; drop
            bytes[4..].copy_from_slice(&[ATOMIC, 0x10, 0x02, 0x00, DROP]);
        }
        (fence::FULL, Some(global @ 0..0x80)) => {
            // global.get; i32.const 0; i32.atomic.rmw.add align=4 offset=0; drop
            *bytes = [0x23, global, 0x41, 0x00, ATOMIC, 0x1e, 0x02, 0x00, DROP];
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::relax;
    use wasmtime::{Engine, Module};

    const MODULE: &str = r#"(module
      (memory 1 1 shared)
      (global (export "__stack_pointer") (mut i32) (i32.const 65536))
      (func
        (i32.atomic.store16 offset=6 (i32.const 8) (i32.const 1))
        (i64.atomic.store (i32.const 8) (i64.const 1))
        i32.const 8192 drop nop atomic.fence
        i32.const 8196 drop nop atomic.fence
        ;; others
        atomic.fence
        i32.const 8192 drop
        (i32.store (i32.const 8192) (i32.const 8196))))"#;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn stores_and_marked_fences_change_and_nothing_else() {
        let file = wat::parse_str(MODULE).expect("module");
        let relaxed = relax(&file);
        assert_eq!(relaxed.len(), file.len());
        let wanted = MODULE
            .replace("(i32.atomic.store16", "nop (i32.store16")
            .replace("(i64.atomic.store ", "nop (i64.store ")
            .replacen("drop nop atomic.fence", "i32.atomic.load drop", 1)
            .replacen(
                "i32.const 8196 drop nop atomic.fence",
                "global.get 0 i32.const 0 i32.atomic.rmw.add drop",
                1,
            );
        // A `nop` stands before a store's opcode, behind its operands.
        let text = |wasm: &[u8]| {
            let mut operators = Vec::new();
            for payload in wasmparser::Parser::new(0).parse_all(wasm) {
                if let wasmparser::Payload::CodeSectionEntry(body) = payload.expect("module") {
                    let reader = body.get_operators_reader().expect("body");
                    operators.extend(reader.into_iter().map(|op| format!("{:?}", op.expect("op"))));
                }
            }
            operators.retain(|operator| operator != "Nop");
            operators
        };
        let wanted = wat::parse_str(wanted).expect("wanted module");
        assert_eq!(text(&relaxed), text(&wanted));
        Module::validate(&Engine::default(), &relaxed).expect("a valid module");
    }

    #[test]
    fn what_is_no_module_stays_as_it_is() {
        assert_eq!(*relax(b"\0asm\x01\0\0\0\x0a\xff"), *b"\0asm\x01\0\0\0\x0a\xff");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The glue's bulk operations: `memory.copy`, `memory.fill` and `memory.init` as programs get them. They
//! fault as a load or a store would, and can be preempted.
#![forbid(unsafe_code)]

use super::glue::{Glue, GlueFunction, cold_if, flag};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, CodeSection, Function, InstructionSink, MemArg, ValType,
};

/// Bytes that a bulk operation moves between two checks: less than 50 µs even where every page is
/// touched for the first time.
const CHUNK_BYTES: i32 = 64 << 10;

/// Bytes of a page of the guest's kernel.
const PAGE_BYTES: i32 = 4096;

/// A bulk operation.
#[derive(Clone, Copy)]
pub enum Bulk {
    /// `memory.copy`.
    Copy,
    /// `memory.fill`.
    Fill,
    /// `memory.init` of a segment.
    Init(u32),
}

impl Bulk {
    /// The locals that hold addresses, in the order in which other machines use them, and whether it
    /// writes there.
    fn ranges(self) -> &'static [(u32, bool)] {
        match self {
            Self::Copy => &[(1, false), (0, true)],
            Self::Fill | Self::Init(_) => &[(0, true)],
        }
    }
}

impl Glue<'_> {
    /// A bulk operation `(to, from, len)`. It touches every page of its ranges by loads and stores of
    /// its own, where the host can tell whose fault it is and at which address, and not in wasmtime's
    /// copying routine. What is long is done in pieces, if it is within bounds: what is not traps as a
    /// whole, before anything is written. Those before a closed page are done, as on other machines.
    pub(super) fn add_bulk(
        &self,
        code: &mut CodeSection,
        hints: &mut BranchHints,
        index: u32,
        bulk: Bulk,
        in_pieces: bool,
    ) {
        let [to, from, len] = [0, 1, 2];
        let mut function = Function::new([]);
        let mut found = Vec::new();
        if in_pieces {
            let mut body = function.instructions();
            body.local_get(len).i32_const(CHUNK_BYTES).i32_gt_u();
            found.push(cold_if(&mut function));
            let mut body = function.instructions();
            body.block(BlockType::Empty);
            for (address, _) in bulk.ranges() {
                touch_beyond(&mut body, *address, len);
            }
            if let Bulk::Init(segment) = bulk {
                let bytes = self.segment_bytes(segment);
                reach(&mut body, from, len);
                body.i64_const(bytes.into()).i64_gt_u().br_if(0);
            }
            if matches!(bulk, Bulk::Copy) {
                // Upwards in memory, from the end: what is still to be copied stays as it is.
                body.local_get(to).local_get(from).i32_gt_u().if_(BlockType::Empty);
                body.loop_(BlockType::Empty);
                body.local_get(len).i32_const(CHUNK_BYTES).i32_sub().local_set(len);
                for (address, write) in [(from, false), (to, true)] {
                    body.local_get(address).local_get(len).i32_add();
                    self.touch_piece(&mut body, write);
                }
                body.local_get(to).local_get(len).i32_add();
                body.local_get(from).local_get(len).i32_add();
                body.i32_const(CHUNK_BYTES).memory_copy(0, 0);
                found.push(self.check(&mut function));
                let mut body = function.instructions();
                body.local_get(len).i32_const(CHUNK_BYTES).i32_gt_u().br_if(0).end();
                body.br(1).end();
            }
            let mut body = function.instructions();
            body.loop_(BlockType::Empty);
            for (address, write) in bulk.ranges() {
                body.local_get(*address);
                self.touch_piece(&mut body, *write);
            }
            body.local_get(to).local_get(from).i32_const(CHUNK_BYTES);
            operate(&mut body, bulk);
            body.local_get(to).i32_const(CHUNK_BYTES).i32_add().local_set(to);
            if !matches!(bulk, Bulk::Fill) {
                body.local_get(from).i32_const(CHUNK_BYTES).i32_add().local_set(from);
            }
            body.local_get(len).i32_const(CHUNK_BYTES).i32_sub().local_set(len);
            found.push(self.check(&mut function));
            let mut body = function.instructions();
            body.local_get(len).i32_const(CHUNK_BYTES).i32_gt_u().br_if(0).end();
            body.end().end();
        }
        let mut body = function.instructions();
        body.local_get(len).if_(BlockType::Empty);
        for (address, write) in bulk.ranges() {
            touch(&mut body, *address, *write);
            // Does the last byte lie in another page than the first?
            body.local_get(*address);
            body.local_get(*address).local_get(len).i32_add().i32_const(1).i32_sub();
            body.i32_xor().i32_const(PAGE_BYTES).i32_ge_u().if_(BlockType::Empty);
            body.local_get(*address).local_get(len).call(self.toucher(*write)).end();
        }
        body.end();
        body.local_get(to).local_get(from).local_get(len);
        operate(&mut body, bulk);
        body.end();
        code.function(&function);
        if !found.is_empty() {
            hints.function_hints(self.function(GlueFunction::Syscall) + index, found);
        }
    }

    /// Touches all pages of a piece, whose address is on the stack.
    fn touch_piece(&self, body: &mut InstructionSink<'_>, write: bool) {
        body.i32_const(CHUNK_BYTES).call(self.toucher(write));
    }

    fn toucher(&self, write: bool) -> u32 {
        self.function(if write { GlueFunction::TouchWrite } else { GlueFunction::TouchRead })
    }

    /// A preemption check as it stands in the glue.
    fn check(&self, function: &mut Function) -> BranchHint {
        flag(function);
        let hint = cold_if(function);
        function.instructions().call(self.function(GlueFunction::Preempt)).end();
        hint
    }
}

/// The operation itself; its three operands are there.
fn operate(body: &mut InstructionSink<'_>, bulk: Bulk) {
    match bulk {
        Bulk::Copy => body.memory_copy(0, 0),
        Bulk::Fill => body.memory_fill(0),
        Bulk::Init(segment) => body.memory_init(0, segment),
    };
}

/// The sum of two words, without overflow.
fn reach(body: &mut InstructionSink<'_>, start: u32, len: u32) {
    body.local_get(start).i64_extend_i32_u().local_get(len).i64_extend_i32_u().i64_add();
}

/// Touches the byte at an address: nobody else may use it while it is copied from or to.
fn touch(body: &mut InstructionSink<'_>, address: u32, write: bool) {
    let byte = MemArg { offset: 0, align: 0, memory_index: 0 };
    if write {
        body.local_get(address).local_get(address).i32_load8_u(byte).i32_store8(byte);
    } else {
        body.local_get(address).i32_load8_u(byte).drop();
    }
}

/// Touches the first byte of a range that is not within the memory, if there is one.
fn touch_beyond(body: &mut InstructionSink<'_>, address: u32, len: u32) {
    let end = |body: &mut InstructionSink<'_>| {
        body.memory_size(0).i32_const(16).i32_shl();
    };
    reach(body, address, len);
    end(body);
    body.i64_extend_i32_u().i64_gt_u().if_(BlockType::Empty);
    body.local_get(address);
    end(body);
    body.local_get(address);
    end(body);
    body.i32_gt_u().select();
    body.i32_load8_u(MemArg { offset: 0, align: 0, memory_index: 0 }).drop().end();
}

/// `(address, len)`, of which at least one byte: touches the first byte of the range in each page, in
/// order, so that a fault has the address that other machines tell.
pub fn add_touch(code: &mut CodeSection, write: bool) {
    let [address, len, next] = [0, 1, 2];
    let mut function = Function::new([(1, ValType::I32)]);
    let mut body = function.instructions();
    touch(&mut body, address, write);
    body.local_get(address).i32_const(-PAGE_BYTES).i32_and().i32_const(PAGE_BYTES).i32_add();
    body.local_set(next);
    body.block(BlockType::Empty).loop_(BlockType::Empty);
    body.local_get(next).local_get(address).i32_sub().local_get(len).i32_ge_u().br_if(1);
    touch(&mut body, next, write);
    body.local_get(next).i32_const(PAGE_BYTES).i32_add().local_set(next);
    body.br(0).end().end().end();
    code.function(&function);
}

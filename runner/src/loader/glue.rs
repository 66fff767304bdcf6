// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions that the loader adds to every program, and the imports that they call.
//!
//! See `abi::user` for what they do. Their indices follow the program's own functions in the order of
//! [`Glue`]; the imports come first, so that a function of the program keeps its index up to a
//! constant.
#![forbid(unsafe_code)]

use super::survey::Survey;
use ochre_abi::{kernel_entries, user};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, CodeSection, ConstExpr, Function, FunctionSection,
    GlobalSection, GlobalType, InstructionSink, MemArg, TypeSection, ValType,
};

/// Bytes that a bulk operation moves between two checks: less than 50 µs even where every page is
/// touched for the first time.
const CHUNK_BYTES: i32 = 64 << 10;

/// Bytes of a page of the guest's kernel.
const PAGE_BYTES: i32 = 4096;

/// Functions that a rewritten program imports, in this order, before its memory.
pub const IMPORTS: [(&str, &str); 5] = [
    ("kernel", kernel_entries::SYSCALL),
    ("kernel", kernel_entries::PREEMPT),
    ("kernel", kernel_entries::SIGNAL_RETURN),
    // Traps when the stack is too full to enter the kernel.
    ("host", "stack_check"),
    // The same, after the preemption flag was taken down.
    ("host", "preempt_check"),
];

const KERNEL_SYSCALL: u32 = 0;
const KERNEL_PREEMPT: u32 = 1;
const KERNEL_SIGNAL_RETURN: u32 = 2;
const STACK_CHECK: u32 = 3;
const PREEMPT_CHECK: u32 = 4;

/// Bytes below the stack pointer that a leaf function may use without moving it. A preemption check
/// in such a function must not let a signal frame overwrite them.
const RED_ZONE_BYTES: i32 = 128;

/// Index spaces of a rewritten program.
pub struct Glue<'a> {
    survey: &'a Survey,
}

/// The glue functions, in index order.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum GlueFunction {
    /// In place of the imported system call.
    Syscall,
    /// Runs the handlers that the kernel has named.
    Deliver,
    /// What a preemption check calls.
    Preempt,
    /// Reads a byte of each page of a range.
    TouchRead,
    /// Reads it and writes it back.
    TouchWrite,
    /// `memory.copy` that faults like a load or store would, in pieces with checks between them.
    Copy,
    /// `memory.fill`, likewise.
    Fill,
    /// `memory.init` of data segment 0, likewise. Behind it the same in one piece, for before the
    /// program's stack is there; then those of the other segments.
    Init,
}

/// Types of locals that have [`Glue::keeper`]s, and how many each has.
pub const KEEPERS: [(ValType, u32); 4] =
    [(ValType::I32, 40), (ValType::I64, 16), (ValType::F32, 8), (ValType::F64, 16)];

/// A bulk operation.
#[derive(Clone, Copy)]
enum Bulk {
    Copy,
    Fill,
    /// Of a segment.
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

/// Types that the glue adds, after the program's own.
#[derive(Clone, Copy)]
#[repr(u32)]
enum GlueType {
    KernelSyscall,
    KernelWithWord,
    Syscall,
    Deliver,
    Nothing,
    TwoWords,
    ThreeWords,
}

impl<'a> Glue<'a> {
    pub fn new(survey: &'a Survey) -> Self {
        Self { survey }
    }

    /// Index in the rewritten program of function `index` of the program as it came.
    pub fn map_function(&self, index: u32) -> u32 {
        match index.checked_sub(self.survey.imported_functions) {
            Some(defined) => IMPORTS.len() as u32 + defined,
            None => self.function(GlueFunction::Syscall),
        }
    }

    /// Index of a glue function.
    pub fn function(&self, function: GlueFunction) -> u32 {
        IMPORTS.len() as u32 + self.survey.defined_functions + function as u32
    }

    /// Index of the glue function for `memory.init` of a segment; `early` before the program runs.
    pub fn init(&self, segment: u32, early: bool) -> u32 {
        self.function(GlueFunction::Init) + 2 * segment + u32::from(early)
    }

    fn segments(&self) -> u32 {
        self.survey.data_bytes.len() as u32
    }

    fn ty(&self, ty: GlueType) -> u32 {
        self.survey.types + ty as u32
    }

    /// Type of an import.
    pub fn import_type(&self, import: usize) -> u32 {
        self.ty(match import as u32 {
            KERNEL_SYSCALL => GlueType::KernelSyscall,
            STACK_CHECK | PREEMPT_CHECK => GlueType::Nothing,
            _ => GlueType::KernelWithWord,
        })
    }

    /// Adds the types.
    pub fn add_types(&self, types: &mut TypeSection) {
        let word = ValType::I32;
        types.ty().function([word; 8], [ValType::I64]);
        types.ty().function([word], [ValType::I64]);
        types.ty().function([word; 7], [word]);
        types.ty().function([ValType::I64], [word]);
        types.ty().function([], []);
        types.ty().function([word; 2], []);
        types.ty().function([word; 3], []);
    }

    /// Index of the global that keeps local number `nth` of a type while a check calls; `None` when
    /// there are not so many.
    pub fn keeper(&self, ty: ValType, nth: u32) -> Option<u32> {
        let mut first = self.survey.globals;
        for (kept, count) in KEEPERS {
            if kept == ty {
                return (nth < count).then_some(first + nth);
            }
            first += count;
        }
        None
    }

    /// Adds the globals.
    pub fn add_globals(&self, globals: &mut GlobalSection) {
        for (val_type, count) in KEEPERS {
            let ty = GlobalType { val_type, mutable: true, shared: false };
            let init = match val_type {
                ValType::I64 => ConstExpr::i64_const(0),
                ValType::F32 => ConstExpr::f32_const(0.0.into()),
                ValType::F64 => ConstExpr::f64_const(0.0.into()),
                _ => ConstExpr::i32_const(0),
            };
            for _ in 0..count {
                globals.global(ty, &init);
            }
        }
    }

    /// Adds the declarations.
    pub fn add_functions(&self, functions: &mut FunctionSection) {
        for ty in [GlueType::Syscall, GlueType::Deliver, GlueType::Nothing] {
            functions.function(self.ty(ty));
        }
        for _ in 0..2 {
            functions.function(self.ty(GlueType::TwoWords));
        }
        for _ in 0..2 + 2 * self.segments() {
            functions.function(self.ty(GlueType::ThreeWords));
        }
    }

    /// Names of the glue and its imports, by index.
    pub fn names(&self) -> Vec<(u32, String)> {
        let mut names: Vec<_> = (0..).zip(IMPORTS.map(|(_, name)| name.to_owned())).collect();
        let mut own: Vec<_> =
            ["__syscall", "__deliver_signals", "__preempt"].map(str::to_owned).into();
        own.extend(["__touch_read", "__touch_write", "__copy", "__fill"].map(str::to_owned));
        for segment in 0..self.segments() {
            own.extend([format!("__init_{segment}"), format!("__init_{segment}_early")]);
        }
        names.extend((self.function(GlueFunction::Syscall)..).zip(own));
        names
    }

    /// Adds the bodies.
    pub fn add_code(&self, code: &mut CodeSection, hints: &mut BranchHints) {
        self.add_syscall(code, hints);
        self.add_deliver(code);
        self.add_preempt(code, hints);
        add_touch(code, false);
        add_touch(code, true);
        self.add_bulk(code, hints, GlueFunction::Copy as u32, Bulk::Copy, true);
        self.add_bulk(code, hints, GlueFunction::Fill as u32, Bulk::Fill, true);
        for segment in 0..self.segments() {
            let index = GlueFunction::Init as u32 + 2 * segment;
            self.add_bulk(code, hints, index, Bulk::Init(segment), true);
            self.add_bulk(code, hints, index + 1, Bulk::Init(segment), false);
        }
    }

    fn add_syscall(&self, code: &mut CodeSection, hints: &mut BranchHints) {
        const RESULT: u32 = 7;
        let mut function = Function::new([(1, ValType::I64)]);
        let mut body = function.instructions();
        body.call(STACK_CHECK);
        for argument in 0..7 {
            body.local_get(argument);
        }
        body.global_get(self.survey.stack_pointer).call(KERNEL_SYSCALL).local_tee(RESULT);
        high_half(&mut body);
        let hint = cold_if(&mut function);
        function
            .instructions()
            .local_get(RESULT)
            .call(self.function(GlueFunction::Deliver))
            .return_()
            .end()
            .local_get(RESULT)
            .i32_wrap_i64()
            .end();
        code.function(&function);
        hints.function_hints(self.function(GlueFunction::Syscall), [hint]);
    }

    fn add_deliver(&self, code: &mut CodeSection) {
        const RESULT: u32 = 0;
        const FRAME: u32 = 1;
        const SAVED: u32 = 2;
        let sp = self.survey.stack_pointer;
        let mut function = Function::new([(2, ValType::I32)]);
        let mut body = function.instructions();
        match self.survey.signal {
            Some(signal) => {
                let signal = self.map_function(signal);
                body.loop_(BlockType::Empty).local_get(RESULT);
                high_half(&mut body);
                body.local_tee(FRAME).if_(BlockType::Empty);
                body.global_get(sp).local_set(SAVED).local_get(FRAME).global_set(sp);
                body.local_get(FRAME).call(signal);
                body.local_get(SAVED).global_set(sp);
                body.local_get(FRAME).call(KERNEL_SIGNAL_RETURN).local_set(RESULT);
                body.br(1).end().end().local_get(RESULT).i32_wrap_i64();
            }
            // The kernel knows that this program runs no handlers.
            None => {
                body.unreachable();
            }
        }
        body.end();
        code.function(&function);
    }

    fn add_preempt(&self, code: &mut CodeSection, hints: &mut BranchHints) {
        const RESULT: u32 = 0;
        let mut locals = vec![(1, ValType::I64)];
        locals.extend(KEEPERS.map(|(ty, count)| (count, ty)));
        let mut function = Function::new(locals);
        let mut body = function.instructions();
        // The flag goes down first: a request that comes while the kernel runs must not be lost. All
        // threads of a process share the flag; the check raises it again for those on other vCPUs.
        body.i32_const(user::PREEMPT_FLAG_ADDR.cast_signed()).i32_const(0).i32_atomic_store(word());
        body.call(PREEMPT_CHECK);
        body.global_get(self.survey.stack_pointer).i32_const(RED_ZONE_BYTES).i32_sub();
        body.call(KERNEL_PREEMPT).local_tee(RESULT);
        high_half(&mut body);
        let hint = cold_if(&mut function);
        // Handlers are preempted too, and then use the same keepers.
        let keepers = KEEPERS.iter().map(|(_, count)| count).sum::<u32>();
        let mut body = function.instructions();
        for keeper in 0..keepers {
            body.global_get(self.survey.globals + keeper).local_set(1 + keeper);
        }
        body.local_get(RESULT).call(self.function(GlueFunction::Deliver)).drop();
        for keeper in 0..keepers {
            body.local_get(1 + keeper).global_set(self.survey.globals + keeper);
        }
        body.end().end();
        code.function(&function);
        hints.function_hints(self.function(GlueFunction::Preempt), [hint]);
    }

    /// A bulk operation `(to, from, len)`. It touches every page of its ranges by loads and stores of
    /// its own, where the host can tell whose fault it is and at which address, and not in wasmtime's
    /// copying routine. What is long is done in pieces, if it is within bounds: what is not traps as a
    /// whole, before anything is written. Those before a closed page are done, as on other machines.
    fn add_bulk(
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
                let bytes = self.survey.data_bytes[segment as usize];
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
fn add_touch(code: &mut CodeSection, write: bool) {
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

/// Puts the preemption flag on the stack. An atomic load, for the compiler may take another one's
/// value from before the loop.
pub fn flag(function: &mut Function) {
    function
        .instructions()
        .i32_const(user::PREEMPT_FLAG_ADDR.cast_signed())
        .i32_atomic_load(word());
}

fn word() -> MemArg {
    MemArg { offset: 0, align: 2, memory_index: 0 }
}

/// An i64 on the stack becomes its high half.
fn high_half(body: &mut InstructionSink<'_>) {
    body.i64_const(32).i64_shr_u().i32_wrap_i64();
}

/// Opens an `if` that is rarely taken.
pub fn cold_if(function: &mut Function) -> BranchHint {
    let offset = function.byte_len() as u32;
    function.instructions().if_(BlockType::Empty);
    BranchHint { branch_func_offset: offset, branch_hint_value: 0 }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions that the loader adds to every program, and the imports that they call.
//!
//! See `abi::user` for what they do. Their indices follow the program's own functions in the order of
//! [`Glue`]; the imports come first, so that a function of the program keeps its index up to a
//! constant.
#![forbid(unsafe_code)]

use super::bulk::{self, Bulk};
use super::survey::Survey;
use ochre_abi::{kernel_entries, user};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, CodeSection, ConstExpr, Function, FunctionSection,
    GlobalSection, GlobalType, InstructionSink, MemArg, TypeSection, ValType,
};

/// Functions that a rewritten program imports, in this order, before its memory.
pub const IMPORTS: [(&str, &str); 6] = [
    ("kernel", kernel_entries::SYSCALL),
    ("kernel", kernel_entries::PREEMPT),
    ("kernel", kernel_entries::SIGNAL_RETURN),
    // Traps when the stack is too full to enter the kernel.
    ("host", "stack_check"),
    // The same, after the preemption flag was taken down.
    ("host", "preempt_check"),
    ("kernel", kernel_entries::USER_FAULT),
];

/// Export of [`GlueFunction::Fault`]; none of the program's own may have its name.
pub const FAULT_EXPORT: &str = "__fault";

/// Start of the names under which the mutable globals of a program are exported, for the runner.
const GLOBAL_EXPORT: &str = "__global_";

/// Export of mutable global number `nth`, where instances can be used again.
pub fn global_export(nth: usize) -> String {
    format!("{GLOBAL_EXPORT}{nth}")
}

/// Is that a name for the glue's own exports?
pub fn is_reserved(export: &str) -> bool {
    export == FAULT_EXPORT || export.starts_with(GLOBAL_EXPORT)
}

const KERNEL_SYSCALL: u32 = 0;
const KERNEL_PREEMPT: u32 = 1;
const KERNEL_SIGNAL_RETURN: u32 = 2;
const STACK_CHECK: u32 = 3;
const PREEMPT_CHECK: u32 = 4;
const KERNEL_USER_FAULT: u32 = 5;

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
    /// `(kind, address)`: what the runner calls, as it were, in place of an instruction that traps. It
    /// ends with a trap, after which that instruction runs again: see `crate::sys::resume`.
    Fault,
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

/// Types that the glue adds, after the program's own.
#[derive(Clone, Copy)]
#[repr(u32)]
enum GlueType {
    KernelSyscall,
    KernelWithWord,
    KernelWithFault,
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

    /// Bytes of a data segment.
    pub fn segment_bytes(&self, segment: u32) -> u32 {
        self.survey.data_bytes[segment as usize]
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
            KERNEL_USER_FAULT => GlueType::KernelWithFault,
            _ => GlueType::KernelWithWord,
        })
    }

    /// Adds the types.
    pub fn add_types(&self, types: &mut TypeSection) {
        let word = ValType::I32;
        types.ty().function([word; 8], [ValType::I64]);
        types.ty().function([word], [ValType::I64]);
        types.ty().function([word; 3], [ValType::I64]);
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
        // Those that report a fault and touch pages.
        for _ in 0..3 {
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
            ["__syscall", "__deliver_signals", "__preempt", FAULT_EXPORT].map(str::to_owned).into();
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
        self.add_fault(code);
        bulk::add_touch(code, false);
        bulk::add_touch(code, true);
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

    fn add_fault(&self, code: &mut CodeSection) {
        let mut function = Function::new([]);
        let mut body = function.instructions();
        body.local_get(0).local_get(1);
        body.global_get(self.survey.stack_pointer).i32_const(RED_ZONE_BYTES).i32_sub();
        body.call(KERNEL_USER_FAULT).call(self.function(GlueFunction::Deliver)).drop();
        body.unreachable().end();
        code.function(&function);
    }
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

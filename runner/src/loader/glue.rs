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
    BlockType, BranchHint, BranchHints, CodeSection, Function, FunctionSection, InstructionSink,
    MemArg, TypeSection, ValType,
};

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
    /// `memory.copy` that faults like a load or store would.
    Copy,
    /// `memory.fill`, likewise.
    Fill,
    /// `memory.init` of data segment 0; the others follow.
    Init,
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

    /// Index of the glue function for `memory.init` of a segment.
    pub fn init(&self, segment: u32) -> u32 {
        self.function(GlueFunction::Init) + segment
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
        types.ty().function([word; 3], []);
    }

    /// Adds the declarations.
    pub fn add_functions(&self, functions: &mut FunctionSection) {
        for ty in [GlueType::Syscall, GlueType::Deliver, GlueType::Nothing] {
            functions.function(self.ty(ty));
        }
        for _ in 0..2 + self.survey.data_segments {
            functions.function(self.ty(GlueType::ThreeWords));
        }
    }

    /// Names of the glue and its imports, by index.
    pub fn names(&self) -> Vec<(u32, String)> {
        let mut names: Vec<_> = (0..).zip(IMPORTS.map(|(_, name)| name.to_owned())).collect();
        let fixed = ["__syscall", "__deliver_signals", "__preempt", "__copy", "__fill"];
        names.extend((self.function(GlueFunction::Syscall)..).zip(fixed.map(str::to_owned)));
        names.extend((0..self.survey.data_segments).map(|n| (self.init(n), format!("__init_{n}"))));
        names
    }

    /// Adds the bodies.
    pub fn add_code(&self, code: &mut CodeSection, hints: &mut BranchHints) {
        self.add_syscall(code, hints);
        self.add_deliver(code);
        self.add_preempt(code, hints);
        self.add_guarded(code, true, |body| {
            body.memory_copy(0, 0);
        });
        self.add_guarded(code, false, |body| {
            body.memory_fill(0);
        });
        for segment in 0..self.survey.data_segments {
            self.add_guarded(code, false, |body| {
                body.memory_init(0, segment);
            });
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
        let mut function = Function::new([(1, ValType::I64)]);
        let mut body = function.instructions();
        // The flag goes down first: a request that comes while the kernel runs must not be lost. All
        // threads of a process share the flag; the check raises it again for those on other vCPUs.
        body.i32_const(user::PREEMPT_FLAG_ADDR.cast_signed()).i32_const(0).i32_atomic_store(word());
        body.call(PREEMPT_CHECK);
        body.global_get(self.survey.stack_pointer).i32_const(RED_ZONE_BYTES).i32_sub();
        body.call(KERNEL_PREEMPT).local_tee(RESULT);
        high_half(&mut body);
        let hint = cold_if(&mut function);
        let mut body = function.instructions();
        body.local_get(RESULT).call(self.function(GlueFunction::Deliver)).drop().end().end();
        code.function(&function);
        hints.function_hints(self.function(GlueFunction::Preempt), [hint]);
    }

    /// A bulk operation `(to, from, len)` that touches the null page by a load of its own, where the
    /// host can tell whose fault it is, and not in wasmtime's copying routine.
    fn add_guarded(
        &self,
        code: &mut CodeSection,
        from_is_address: bool,
        operation: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        let null_page = user::NULL_PAGE_BYTES.cast_signed();
        let mut function = Function::new([]);
        let mut body = function.instructions();
        for address in 0..1 + u32::from(from_is_address) {
            body.local_get(address).i32_const(null_page).i32_lt_u();
            body.local_get(2).i32_const(0).i32_ne().i32_and();
            body.if_(BlockType::Empty);
            body.local_get(address).i32_load8_u(MemArg { offset: 0, align: 0, memory_index: 0 });
            body.drop().end();
        }
        body.local_get(0).local_get(1).local_get(2);
        operation(&mut body);
        body.end();
        code.function(&function);
    }
}

/// Inserts a preemption check; returns the hint for its branch.
pub fn preemption_check(function: &mut Function, preempt: u32) -> BranchHint {
    function
        .instructions()
        .i32_const(user::PREEMPT_FLAG_ADDR.cast_signed())
        .i32_atomic_load(word());
    let hint = cold_if(function);
    function.instructions().call(preempt).end();
    hint
}

fn word() -> MemArg {
    MemArg { offset: 0, align: 2, memory_index: 0 }
}

/// An i64 on the stack becomes its high half.
fn high_half(body: &mut InstructionSink<'_>) {
    body.i64_const(32).i64_shr_u().i32_wrap_i64();
}

/// Opens an `if` that is rarely taken.
fn cold_if(function: &mut Function) -> BranchHint {
    let offset = function.byte_len() as u32;
    function.instructions().if_(BlockType::Empty);
    BranchHint { branch_func_offset: offset, branch_hint_value: 0 }
}

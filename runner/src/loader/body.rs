// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the rewritten body of one function: its operators, what stands in place of some of them,
//! and the checks of its [`Plan`].
//!
//! A loop whose body is copied becomes this, here with two copies; a branch back to its start becomes
//! a branch to the end of the copy that it stands in:
//!
//! ```text
//!   block $exit (results)
//!     loop $outer
//!       loop $inner
//!         block  body  br $exit  end
//!         block  body  br $exit  end
//!         br_if $inner (flag is 0)
//!       end
//!       call preempt
//!       br $outer
//!     end
//!     unreachable
//!   end
//! ```
//!
//! A call costs even when it is never made: the compiler's register allocator does not know that the
//! way to it is rare, and what lives across it is soon on the stack all through the loop. So the call
//! is not in the inner loop, and locals that are live are put away into globals (the glue's *keepers*)
//! before it and fetched behind it: nothing but the memory's base lives across.
#![forbid(unsafe_code)]

use super::data::Taken;
use super::glue::{Glue, GlueFunction, cold_if, flag};
use super::plan::{LoopPlan, Plan, PlannedLoop};
use std::collections::HashMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, BranchHint, Function, Instruction};
use wasmparser::{Operator, ValType};

type Result<T> = std::result::Result<T, Error<Infallible>>;

/// Labels that a copy has between its own and those outside of the loop: `$inner`, `$outer`, `$exit`.
const LABELS_AROUND: u32 = 3;

/// A function being written.
pub struct Body<'a, R> {
    /// Translates what stays as it is.
    pub reencoder: &'a mut R,
    /// Where the glue is.
    pub glue: &'a Glue<'a>,
    /// Types of parameters and locals.
    pub locals: &'a [ValType],
    /// The checks.
    pub plan: &'a Plan,
    /// Set for the function that runs when the memory is new, all zero but for the image, and before
    /// the program has its stack: what was taken out of it.
    pub early: Option<&'a Taken>,
    /// What has been written.
    pub function: Function,
    /// Hints for its branches.
    pub hints: Vec<BranchHint>,
}

impl<R: Reencode<Error = Infallible>> Body<'_, R> {
    /// Writes all of it.
    pub fn write(&mut self, operators: &[Operator<'_>]) -> Result<()> {
        let plan = self.plan;
        if plan.entry {
            self.check(&[]);
        }
        let mut loops = plan.loops.iter().peekable();
        let mut index = 0;
        while index < operators.len() {
            self.check_before(index);
            if let Some(planned) = loops.next_if(|planned| planned.start == index) {
                if let LoopPlan::Copied(copies) = planned.plan {
                    self.copied(operators, planned, copies)?;
                    index = planned.end + 1;
                    continue;
                }
                self.operator(&operators[index])?;
                self.check(&planned.kept);
            } else {
                self.operator(&operators[index])?;
            }
            index += 1;
        }
        Ok(())
    }

    fn copied(
        &mut self,
        operators: &[Operator<'_>],
        planned: &PlannedLoop,
        copies: usize,
    ) -> Result<()> {
        let result = match operators[planned.start] {
            Operator::Loop { blockty } => self.reencoder.block_type(blockty)?,
            _ => BlockType::Empty,
        };
        self.function.instructions().block(result);
        self.function.instructions().loop_(BlockType::Empty).loop_(BlockType::Empty);
        for _ in 0..copies {
            self.function.instructions().block(BlockType::Empty);
            let mut depth = 0;
            let body = operators.iter().enumerate().take(planned.end).skip(planned.start + 1);
            for (index, operator) in body {
                self.check_before(index);
                match operator {
                    Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                        depth += 1;
                    }
                    Operator::End => depth -= 1,
                    _ => {}
                }
                if !self.branch(operator, depth) {
                    self.operator(operator)?;
                }
            }
            self.function.instructions().br(LABELS_AROUND).end();
        }
        flag(&mut self.function);
        self.function.instructions().i32_eqz();
        let branch_func_offset = self.function.byte_len() as u32;
        self.hints.push(BranchHint { branch_func_offset, branch_hint_value: 1 });
        self.function.instructions().br_if(0).end();
        self.call(&planned.kept);
        self.function.instructions().br(0).end().unreachable().end();
        Ok(())
    }

    /// Writes a branch that stands in a copy, `depth` blocks deep; `false` if it is none.
    fn branch(&mut self, operator: &Operator<'_>, depth: u32) -> bool {
        // The copy's block stands in the loop's place.
        let moved = |label: u32| if label > depth { label + LABELS_AROUND } else { label };
        let mut body = self.function.instructions();
        match operator {
            Operator::Br { relative_depth } => body.br(moved(*relative_depth)),
            Operator::BrIf { relative_depth } => body.br_if(moved(*relative_depth)),
            Operator::BrTable { targets } => {
                let labels: Vec<_> = targets.targets().flatten().map(moved).collect();
                body.br_table(labels, moved(targets.default()))
            }
            _ => return false,
        };
        true
    }

    fn check_before(&mut self, index: usize) {
        if self.plan.before.binary_search(&index).is_ok() {
            self.check(&[]);
        }
    }

    /// Writes a check.
    fn check(&mut self, kept: &[u32]) {
        flag(&mut self.function);
        self.hints.push(cold_if(&mut self.function));
        self.call(kept);
        self.function.instructions().end();
    }

    /// Calls what a check calls; `kept` locals are put away meanwhile, as far as there is room.
    fn call(&mut self, kept: &[u32]) {
        let mut seen = HashMap::new();
        let mut keepers = Vec::with_capacity(kept.len());
        for local in kept {
            let ty = self.locals[*local as usize];
            if let Some((ty, nth)) = encoded(ty).map(|ty| (ty, seen.entry(ty).or_insert(0))) {
                keepers.extend(self.glue.keeper(ty, *nth).map(|keeper| (*local, keeper)));
                *nth += 1;
            }
        }
        let mut body = self.function.instructions();
        for (local, keeper) in &keepers {
            body.local_get(*local).global_set(*keeper);
        }
        body.call(self.glue.function(GlueFunction::Preempt));
        for (local, keeper) in &keepers {
            body.global_get(*keeper).local_set(*local);
        }
    }

    /// Writes an operator, or what stands in its place.
    fn operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        let glue = self.glue;
        let mut body = self.function.instructions();
        match *operator {
            Operator::MemoryGrow { .. } => {
                body.drop().i32_const(-1);
            }
            Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. } => {
                body.unreachable();
            }
            Operator::MemoryAtomicNotify { .. } => {
                body.drop().drop().i32_const(0);
            }
            Operator::MemoryFill { .. } if self.early.is_some() => {
                body.drop().drop().drop();
            }
            Operator::MemoryFill { .. } => {
                body.call(glue.function(GlueFunction::Fill));
            }
            Operator::MemoryCopy { .. } => {
                body.call(glue.function(GlueFunction::Copy));
            }
            Operator::MemoryInit { data_index, .. }
                if self.early.is_some_and(|taken| taken.segments[data_index as usize]) =>
            {
                body.drop().drop().drop();
            }
            Operator::MemoryInit { data_index, .. } => {
                body.call(glue.init(data_index, self.early.is_some()));
            }
            ref other => {
                let instruction: Instruction<'_> = self.reencoder.instruction(other.clone())?;
                self.function.instruction(&instruction);
            }
        }
        Ok(())
    }
}

/// The types of locals that can be put away.
fn encoded(ty: ValType) -> Option<wasm_encoder::ValType> {
    match ty {
        ValType::I32 => Some(wasm_encoder::ValType::I32),
        ValType::I64 => Some(wasm_encoder::ValType::I64),
        ValType::F32 => Some(wasm_encoder::ValType::F32),
        ValType::F64 => Some(wasm_encoder::ValType::F64),
        _ => None,
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loops of one function.
#![forbid(unsafe_code)]

use super::calls::Calls;
use wasmparser::{BlockType, Operator};

/// One loop that something branches back to.
#[derive(Debug, Default)]
pub struct Loop {
    /// Index of its `loop` among the function's operators.
    pub start: usize,
    /// Index of its `end`.
    pub end: usize,
    /// Is there another such loop in it?
    pub has_loop: bool,
    /// Is something called in it that may come back?
    pub has_call: bool,
    /// Can its body stand in blocks of another kind, and more than once?
    pub is_plain: bool,
}

/// A block, loop or the like that is open.
struct Frame {
    /// What is known of it, if it is a loop.
    found: Option<Loop>,
    is_target: bool,
}

/// Finds the loops of a function, ordered by their start.
pub fn loops(operators: &[Operator<'_>], calls: &Calls<'_>) -> Vec<Loop> {
    let mut found = Vec::new();
    // The function itself.
    let mut open = vec![Frame { found: None, is_target: false }];
    for (index, operator) in operators.iter().enumerate() {
        let target = |open: &mut Vec<Frame>, depth: u32| {
            if let Some(at) = open.len().checked_sub(1 + depth as usize) {
                open[at].is_target = true;
            }
        };
        match operator {
            Operator::Loop { blockty } => {
                let is_plain = match blockty {
                    BlockType::FuncType(ty) => calls.param_count(*ty) == 0,
                    _ => true,
                };
                let found = Some(Loop { start: index, is_plain, ..Loop::default() });
                open.push(Frame { found, is_target: false });
            }
            Operator::Block { .. } | Operator::If { .. } => {
                open.push(Frame { found: None, is_target: false });
            }
            Operator::TryTable { try_table } => {
                // Its catches count from outside of it.
                for catch in &try_table.catches {
                    target(&mut open, catch_label(catch));
                }
                spoil(&mut open);
                open.push(Frame { found: None, is_target: false });
            }
            Operator::End => close(&mut open, &mut found, index),
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                target(&mut open, *relative_depth);
            }
            Operator::BrTable { targets } => {
                target(&mut open, targets.default());
                for depth in targets.targets().flatten() {
                    target(&mut open, depth);
                }
            }
            Operator::BrOnNull { relative_depth } | Operator::BrOnNonNull { relative_depth } => {
                target(&mut open, *relative_depth);
                spoil(&mut open);
            }
            // What follows a call of a function that never comes back.
            _ if comes_back(operator) => {
                let is_last = matches!(operators.get(index + 1), Some(Operator::Unreachable));
                if !is_last
                    && let Some(inner) =
                        open.iter_mut().rev().find_map(|frame| frame.found.as_mut())
                {
                    inner.has_call = true;
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|found: &Loop| found.start);
    found
}

/// Closes the innermost frame; tells the loop around a loop what is in it.
fn close(open: &mut Vec<Frame>, found: &mut Vec<Loop>, index: usize) {
    let Some(Frame { found: Some(mut inner), is_target }) = open.pop() else { return };
    inner.end = index;
    if let Some(outer) = open.iter_mut().rev().find_map(|frame| frame.found.as_mut()) {
        outer.has_loop |= is_target || inner.has_loop;
        outer.has_call |= inner.has_call;
        outer.is_plain &= inner.is_plain;
    }
    if is_target {
        found.push(inner);
    }
}

/// Branches of other kinds than the usual ones keep the loops around them where they are.
fn spoil(open: &mut [Frame]) {
    for found in open.iter_mut().filter_map(|frame| frame.found.as_mut()) {
        found.is_plain = false;
    }
}

/// Where a catch goes, counted from outside of its `try_table`.
pub fn catch_label(catch: &wasmparser::Catch) -> u32 {
    match catch {
        wasmparser::Catch::One { label, .. }
        | wasmparser::Catch::OneRef { label, .. }
        | wasmparser::Catch::All { label }
        | wasmparser::Catch::AllRef { label } => *label,
    }
}

/// Is the operator a call, in the rewritten program, after which the function goes on?
fn comes_back(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryInit { .. }
    )
}

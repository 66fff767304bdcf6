// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which locals of a function are live where its loops begin: those whose value may be read there or
//! later, before another one is written.
#![forbid(unsafe_code)]

use super::shape::catch_label;
use std::collections::HashMap;
use wasmparser::Operator;

/// Most words that a walk through a function may copy; with more, which no compiler makes, nothing is
/// known to be live.
const MAX_WORDS: usize = 1 << 26;
/// Most walks through a function. What is known after the last one is true, but may not be all.
const MAX_WALKS: usize = 6;

/// A set of locals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locals(Vec<u64>);

impl Locals {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, local: u32) {
        self.0[local as usize / 64] |= 1 << (local % 64);
    }

    fn remove(&mut self, local: u32) {
        self.0[local as usize / 64] &= !(1 << (local % 64));
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Adds another set; tells whether anything was new.
    fn add(&mut self, other: &Self) -> bool {
        let mut new = 0;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            new |= other & !*word;
            *word |= other;
        }
        new != 0
    }

    /// Those in it, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.0).flat_map(|(index, word)| {
            (0..64).filter(move |bit| word >> bit & 1 != 0).map(move |bit| 64 * index + bit)
        })
    }
}

/// A block that the walk is in.
struct Frame {
    /// What is live at its label.
    label: Locals,
    /// What is live behind its `end`.
    behind: Locals,
    /// What is live where its `else` begins.
    otherwise: Option<Locals>,
    /// What is live at the handlers of a `try_table`.
    catches: Option<Locals>,
}

/// Gives what is live at each loop, by the index of its `loop`.
pub fn at_loops(operators: &[Operator<'_>], local_count: usize) -> HashMap<usize, Locals> {
    let starts = starts(operators);
    let mut heads = HashMap::new();
    if operators.len().saturating_mul(local_count.div_ceil(64)) > MAX_WORDS {
        return heads;
    }
    // What flows back around a loop is known after a walk through it, once more for each loop around it.
    for _ in 0..MAX_WALKS {
        if !walk(operators, local_count, &starts, &mut heads) {
            break;
        }
    }
    heads
}

/// The operator that opens what each `end` closes; the function's own has none.
fn starts(operators: &[Operator<'_>]) -> HashMap<usize, usize> {
    let (mut starts, mut open) = (HashMap::new(), Vec::new());
    for (index, operator) in operators.iter().enumerate() {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => open.push(index),
            Operator::End => starts.extend(open.pop().map(|start| (index, start))),
            _ => {}
        }
    }
    starts
}

/// Walks from the end to the start; tells whether more is live at a loop than was known.
fn walk(
    operators: &[Operator<'_>],
    local_count: usize,
    starts: &HashMap<usize, usize>,
    heads: &mut HashMap<usize, Locals>,
) -> bool {
    let none = Locals::none(local_count);
    let mut changed = false;
    let mut live = none.clone();
    let mut frames: Vec<Frame> = Vec::new();
    for (index, operator) in operators.iter().enumerate().rev() {
        let label = |depth: u32| frames.iter().rev().nth(depth as usize).map(|frame| &frame.label);
        match operator {
            Operator::End => {
                let start = starts.get(&index).copied();
                let opener = start.map(|start| &operators[start]);
                let label = match (start, opener) {
                    (Some(start), Some(Operator::Loop { .. })) => {
                        heads.entry(start).or_insert_with(|| none.clone()).clone()
                    }
                    _ => live.clone(),
                };
                let catches = match opener {
                    Some(Operator::TryTable { try_table }) => {
                        let mut catches = none.clone();
                        for catch in &try_table.catches {
                            let at = catch_label(catch) as usize;
                            if let Some(frame) = frames.iter().rev().nth(at) {
                                catches.add(&frame.label);
                            }
                        }
                        live.add(&catches);
                        Some(catches)
                    }
                    _ => None,
                };
                frames.push(Frame { label, behind: live.clone(), otherwise: None, catches });
            }
            Operator::Else => {
                if let Some(frame) = frames.last_mut() {
                    let behind = frame.behind.clone();
                    frame.otherwise = Some(std::mem::replace(&mut live, behind));
                }
            }
            Operator::If { .. } => {
                if let Some(frame) = frames.pop() {
                    live.add(frame.otherwise.as_ref().unwrap_or(&frame.behind));
                }
            }
            Operator::Block { .. } | Operator::TryTable { .. } => {
                frames.pop();
            }
            Operator::Loop { .. } => {
                frames.pop();
                if let Some(head) = heads.get_mut(&index) {
                    changed |= head.add(&live);
                }
            }
            Operator::Br { relative_depth } => {
                live = label(*relative_depth).unwrap_or(&none).clone();
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth } => {
                live.add(label(*relative_depth).unwrap_or(&none));
            }
            Operator::BrTable { targets } => {
                live.clear();
                live.add(label(targets.default()).unwrap_or(&none));
                for depth in targets.targets().flatten() {
                    live.add(label(depth).unwrap_or(&none));
                }
            }
            Operator::Return | Operator::Unreachable => live.clear(),
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => live.clear(),
            Operator::Throw { .. } | Operator::ThrowRef => {
                live.clear();
                add_handlers(&mut live, &frames);
            }
            Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. } => {
                add_handlers(&mut live, &frames);
            }
            Operator::LocalGet { local_index } => live.insert(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                live.remove(*local_index);
            }
            _ => {}
        }
    }
    changed
}

/// What is thrown may be caught by any `try_table` around.
fn add_handlers(live: &mut Locals, frames: &[Frame]) {
    for catches in frames.iter().filter_map(|frame| frame.catches.as_ref()) {
        live.add(catches);
    }
}

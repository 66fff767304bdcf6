// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides where preemption checks stand, so that they cost little and none is ever far away.
//!
//! Three rules keep code from running for ever without a check:
//! 1. A cycle of calls has a function that is checked at its entry (see [`super::calls`]).
//! 2. An innermost loop that calls nothing is checked where it goes back to its start; a short one only
//!    every few times, for its body is copied ([`LoopPlan::Copied`]).
//! 3. Every other loop is checked at its head ([`LoopPlan::Headed`]).
//!
//! What is left between two checks has neither cycles nor loops but still may be long: functions that
//! call others twice, ten levels deep. So the operators on the longest path since the last check are
//! counted ([`Distance`]), through blocks and calls, and where the count would pass [`LIMIT`] a check
//! is put in ([`Plan::before`]).
//!
//! The way back out of a deep recursion passes no entry. After a call that may have recursed, a check
//! therefore comes within [`RETURN_LIMIT`] operators, or the function ends before that.
#![forbid(unsafe_code)]

use super::calls::{Callee, Calls};
use super::live;
use super::shape::{self, Loop, catch_label};
use std::collections::HashMap;
use wasmparser::{Operator, Result};

/// Most operators between two checks; operators that take long count for many. At a nanosecond each
/// that is a sixteenth of a scheduler's tick of 4 ms. A path through an exception handler may have twice as many.
pub const LIMIT: u32 = 250_000;
/// Most operators that a function executes from where a recursion came back until it returns.
const RETURN_LIMIT: u32 = 32;
/// Bodies of loops are copied until they have about so many operators.
const COPIED_OPERATORS: usize = 256;
/// Most copies of one loop's body.
const MAX_COPIES: usize = 8;

/// How a loop is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopPlan {
    /// At its head, each time.
    Headed,
    /// Where it goes back, once every so many times.
    Copied(usize),
}

/// A loop of a function and its check.
#[derive(Clone, Debug)]
pub struct PlannedLoop {
    /// Index of its `loop` among the function's operators.
    pub start: usize,
    /// Index of its `end`.
    pub end: usize,
    /// How it is checked.
    pub plan: LoopPlan,
    /// Locals that are put away while the check calls, as far as there is room: see [`super::body`].
    pub kept: Vec<u32>,
}

/// The checks of one function.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// One at its entry?
    pub entry: bool,
    /// Its loops, by their start.
    pub loops: Vec<PlannedLoop>,
    /// Further checks stand before these operators.
    pub before: Vec<usize>,
}

/// Plans all functions of a module.
pub fn plan(calls: &Calls<'_>) -> Result<Vec<Plan>> {
    let mut plans = vec![Plan::default(); calls.bodies.len()];
    let mut passages = vec![Passage::default(); calls.bodies.len()];
    let mut hubs = vec![Passage::default(); calls.hubs()];
    for callee in &calls.order {
        match *callee {
            Callee::Function(function) => {
                let (plan, passage) = Walk::function(calls, &passages, &hubs, function)?;
                plans[function as usize] = plan;
                passages[function as usize] = passage;
            }
            Callee::Hub(hub) => {
                let members = calls.members(hub).iter();
                let passage = members.map(|member| passages[*member as usize]);
                hubs[hub as usize] = passage.reduce(Passage::or).unwrap_or_default();
            }
            Callee::Kernel => {}
        }
    }
    Ok(plans)
}

/// Operators on the longest ways to a place, by kind of way; `None` when no way of the kind leads there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Distance {
    /// From the function's entry without a check.
    entry: Option<u32>,
    /// From the last check.
    check: Option<u32>,
    /// From where a recursion came back.
    back: Option<u32>,
}

impl Distance {
    /// Right behind a check.
    const CHECKED: Self = Self { entry: None, check: Some(0), back: None };

    fn or(self, other: Self) -> Self {
        Self {
            entry: self.entry.max(other.entry),
            check: self.check.max(other.check),
            back: self.back.max(other.back),
        }
    }

    fn plus(self, operators: u32) -> Self {
        let plus = |way: Option<u32>| way.map(|way| way.saturating_add(operators));
        Self { entry: plus(self.entry), check: plus(self.check), back: plus(self.back) }
    }

    fn longest(self) -> u32 {
        self.entry.max(self.check).unwrap_or(0)
    }
}

/// What a call of a function does to the distance.
#[derive(Clone, Copy, Debug, Default)]
struct Passage {
    /// Longest way in it before its first check.
    inwards: u32,
    /// Longest ways to its end.
    end: Distance,
}

impl Passage {
    fn or(self, other: Self) -> Self {
        Self { inwards: self.inwards.max(other.inwards), end: self.end.or(other.end) }
    }
}

/// An open block.
struct Frame {
    /// The longest ways to its label.
    label: Option<Distance>,
    is_loop: bool,
    is_try: bool,
    /// Where its `else` begins, if it is an `if`.
    otherwise: Option<Option<Distance>>,
}

impl Frame {
    fn new() -> Self {
        Self { label: None, is_loop: false, is_try: false, otherwise: None }
    }
}

/// A walk through one function.
struct Walk<'a> {
    calls: &'a Calls<'a>,
    passages: &'a [Passage],
    hubs: &'a [Passage],
    function: u32,
    /// `None` where no way leads to.
    here: Option<Distance>,
    frames: Vec<Frame>,
    /// How many of them are a `try_table`.
    tries: usize,
    inwards: u32,
    before: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn function(
        calls: &'a Calls<'a>,
        passages: &'a [Passage],
        hubs: &'a [Passage],
        function: u32,
    ) -> Result<(Plan, Passage)> {
        let reader = calls.bodies[function as usize].get_operators_reader()?;
        let operators = reader.into_iter().collect::<Result<Vec<_>>>()?;
        let loops = shape::loops(&operators, calls);
        let live = match loops.is_empty() {
            true => HashMap::new(),
            false => live::at_loops(&operators, calls.locals(function)?.len()),
        };
        let loops: Vec<_> = loops
            .iter()
            .map(|found| plan_loop(found, &operators, live.get(&found.start)))
            .collect();
        let entry = calls.is_checked(function);
        let start = if entry {
            Distance::CHECKED
        } else {
            Distance { entry: Some(0), ..Distance::default() }
        };
        let mut walk = Self {
            calls,
            passages,
            hubs,
            function,
            here: Some(start),
            frames: vec![Frame::new()],
            tries: 0,
            inwards: 0,
            before: Vec::new(),
        };
        let (mut next, mut copied_until) = (loops.iter().peekable(), 0);
        for (index, operator) in operators.iter().enumerate() {
            let planned = next.next_if(|planned| planned.start == index);
            // The operators of a copied loop are counted all at once, at its start.
            let weight = if index < copied_until { 0 } else { weight(operator) };
            walk.count(index, weight);
            walk.step(index, operator);
            if let Some(planned) = planned {
                match planned.plan {
                    LoopPlan::Headed => walk.check(),
                    LoopPlan::Copied(copies) => {
                        copied_until = planned.end;
                        let body = &operators[planned.start..planned.end];
                        let once = body.iter().map(self::weight).sum::<u32>();
                        // Counted as if before the loop, so that a check that must be goes there.
                        walk.count(index, once.saturating_mul(copies as u32));
                    }
                }
            }
        }
        let end = walk.here.unwrap_or_default();
        let passage = Passage { inwards: walk.inwards, end };
        Ok((Plan { entry, loops, before: walk.before }, passage))
    }

    /// A check stands here.
    fn check(&mut self) {
        if let Some(here) = &mut self.here {
            self.inwards = self.inwards.max(here.entry.unwrap_or(0));
            *here = Distance::CHECKED;
        }
    }

    fn insert(&mut self, index: usize) {
        self.check();
        if self.before.last() != Some(&index) {
            self.before.push(index);
        }
    }

    fn limit(&self) -> u32 {
        if self.tries > 0 { LIMIT / 2 } else { LIMIT }
    }

    /// Counts what the operator `index` takes, after a check if it is too much.
    fn count(&mut self, index: usize, operators: u32) {
        let Some(here) = self.here else { return };
        let after = here.plus(operators);
        let far = after.longest() > self.limit() && here.longest() > 0;
        let far_back = after.back.is_some_and(|back| back > RETURN_LIMIT);
        if operators > 0 && (far || far_back) {
            self.insert(index);
        }
        self.here = self.here.map(|here| here.plus(operators));
    }

    fn branch(&mut self, depth: u32) {
        let Some(here) = self.here else { return };
        if let Some(at) = self.frames.len().checked_sub(1 + depth as usize) {
            let frame = &mut self.frames[at];
            // What goes back in a loop passes a check.
            if !frame.is_loop {
                frame.label = Some(frame.label.map_or(here, |label| label.or(here)));
            }
        }
    }

    fn step(&mut self, index: usize, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } => self.frames.push(Frame::new()),
            Operator::Loop { .. } => self.frames.push(Frame { is_loop: true, ..Frame::new() }),
            Operator::If { .. } => {
                self.frames.push(Frame { otherwise: Some(self.here), ..Frame::new() });
            }
            Operator::TryTable { try_table } => {
                if self.here.is_some_and(|here| here.longest() > LIMIT / 2) {
                    self.insert(index);
                }
                let here = self.here;
                // From anywhere in it.
                self.here = here.map(|here| Distance { check: Some(LIMIT / 2), ..here });
                for catch in &try_table.catches {
                    self.branch(catch_label(catch));
                }
                self.here = here;
                self.frames.push(Frame { is_try: true, ..Frame::new() });
                self.tries += 1;
            }
            Operator::Else => {
                self.branch(0);
                if let Some(frame) = self.frames.last_mut() {
                    self.here = frame.otherwise.take().flatten();
                }
            }
            Operator::End => {
                if let Some(frame) = self.frames.pop() {
                    self.tries -= usize::from(frame.is_try);
                    let ways = [self.here, frame.label, frame.otherwise.flatten()];
                    self.here = ways.into_iter().flatten().reduce(Distance::or);
                }
            }
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.here = None;
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth } => self.branch(*relative_depth),
            Operator::BrTable { targets } => {
                self.branch(targets.default());
                for depth in targets.targets().flatten() {
                    self.branch(depth);
                }
                self.here = None;
            }
            Operator::Return => self.leave(),
            Operator::Unreachable | Operator::Throw { .. } | Operator::ThrowRef => self.here = None,
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => {
                self.call(index, operator);
                self.leave();
            }
            _ => self.call(index, operator),
        }
    }

    /// The function ends here.
    fn leave(&mut self) {
        self.branch(self.frames.len() as u32 - 1);
        self.here = None;
    }

    /// Counts a call, if the operator is one.
    fn call(&mut self, index: usize, operator: &Operator<'_>) {
        let Some(callee) = self.calls.callee(operator) else { return };
        let recurses = self.calls.may_come_back(self.function, callee);
        let passage = match callee {
            // Entering and leaving the kernel is as good as a check.
            Callee::Kernel => return self.check(),
            // Not known yet.
            Callee::Function(function) if recurses && self.calls.is_checked(function) => {
                Passage { inwards: 0, end: Distance::CHECKED }
            }
            Callee::Function(function) => self.passages[function as usize],
            Callee::Hub(hub) => self.hubs[hub as usize],
        };
        let Some(here) = self.here else { return };
        let far = here.plus(passage.inwards).longest() > self.limit() && here.longest() > 0;
        let inside = passage.inwards.max(passage.end.entry.unwrap_or(0));
        let far_back = here.plus(inside).back.is_some_and(|back| back > RETURN_LIMIT);
        if far || far_back {
            self.insert(index);
        }
        let Some(here) = self.here else { return };
        self.inwards = self.inwards.max(here.entry.map_or(0, |entry| entry + passage.inwards));
        let through = passage.end.entry.map(|operators| here.plus(operators));
        let back = passage.end.back.filter(|_| recurses);
        let checked =
            passage.end.check.map(|check| Distance { entry: None, check: Some(check), back });
        // However deep it went, it came back within a few operators for each level.
        let back = Distance { back: Some(0), ..Distance::CHECKED };
        let ways = [through, checked, recurses.then_some(back)];
        self.here = ways.into_iter().flatten().reduce(Distance::or);
    }
}

/// Chooses how a loop is checked; `live` are the locals that are live at its start.
fn plan_loop(found: &Loop, operators: &[Operator<'_>], live: Option<&live::Locals>) -> PlannedLoop {
    let len = found.end - found.start;
    let heavy = operators[found.start..found.end].iter().map(weight).sum::<u32>() > LIMIT / 4;
    let plan = if found.has_loop || found.has_call || !found.is_plain || heavy {
        LoopPlan::Headed
    } else {
        LoopPlan::Copied((COPIED_OPERATORS / len).clamp(1, MAX_COPIES))
    };
    // Where something else is called too, nothing is won.
    let kept = live.filter(|_| !found.has_call).map(|live| live.iter().collect());
    let kept = kept.unwrap_or_default();
    PlannedLoop { start: found.start, end: found.end, plan, kept }
}

/// What an operator counts for.
fn weight(operator: &Operator<'_>) -> u32 {
    match operator {
        Operator::End | Operator::Nop | Operator::Block { .. } | Operator::Loop { .. } => 0,
        Operator::I32DivS
        | Operator::I32DivU
        | Operator::I32RemS
        | Operator::I32RemU
        | Operator::I64DivS
        | Operator::I64DivU
        | Operator::I64RemS
        | Operator::I64RemU
        | Operator::F32Div
        | Operator::F64Div
        | Operator::F32Sqrt
        | Operator::F64Sqrt
        | Operator::CallIndirect { .. }
        | Operator::ReturnCallIndirect { .. } => 8,
        // Up to `glue::CHUNK_BYTES` without a check.
        Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } | Operator::MemoryInit { .. } => {
            LIMIT / 10
        }
        // As long as the table.
        Operator::TableCopy { .. }
        | Operator::TableFill { .. }
        | Operator::TableInit { .. }
        | Operator::TableGrow { .. } => LIMIT / 2,
        // Looks through the frames for a handler.
        Operator::Throw { .. } | Operator::ThrowRef => LIMIT / 10,
        _ => 1,
    }
}

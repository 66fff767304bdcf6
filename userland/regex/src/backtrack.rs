// SPDX-License-Identifier: MIT OR Apache-2.0
//! What groups have matched, and patterns with references to groups: by trying one way after the other.

use crate::Options;
use crate::ast::{Node, Place, Ranges};

/// Steps after which the best match found so far counts, for patterns with references.
const STEPS: usize = 2_000_000;

#[derive(Debug)]
enum Op {
    Byte(u8),
    Class(Ranges),
    /// Try the first way, then the second.
    Split(usize, usize),
    Jump(usize),
    /// Note the position in a slot.
    Save(usize),
    /// Go on only if the position moved since it was noted.
    Moved(usize),
    Back(usize),
    Look(Place),
    Match,
}

/// A pattern as a list of steps.
pub struct Program {
    ops: Vec<Op>,
    slots: usize,
    options: Options,
    has_back: bool,
}

enum Job {
    Step(usize, usize),
    Restore(usize, Option<usize>),
}

/// Slots: the ends of each group, then those of loops.
pub type Slots = Vec<Option<usize>>;

impl Program {
    pub fn new(node: &Node, groups: usize, options: Options) -> Self {
        let mut program =
            Self { ops: Vec::new(), slots: 2 * (groups + 1), options, has_back: node.has_back() };
        program.add(node);
        program.ops.push(Op::Match);
        program
    }

    fn add(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Byte(byte) => self.ops.push(Op::Byte(*byte)),
            Node::Class(ranges) => self.ops.push(Op::Class(ranges.clone())),
            Node::Back(group) => self.ops.push(Op::Back(*group)),
            Node::Look(place) => self.ops.push(Op::Look(*place)),
            Node::Group(number, node) => {
                self.ops.push(Op::Save(2 * number));
                self.add(node);
                self.ops.push(Op::Save(2 * number + 1));
            }
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.add(node)),
            Node::Either(nodes) => {
                let mut ends = Vec::new();
                for (index, node) in nodes.iter().enumerate() {
                    let split = self.ops.len();
                    let last = index + 1 == nodes.len();
                    if !last {
                        self.ops.push(Op::Split(split + 1, 0));
                    }
                    self.add(node);
                    if !last {
                        ends.push(self.ops.len());
                        self.ops.push(Op::Jump(0));
                        self.ops[split] = Op::Split(split + 1, self.ops.len());
                    }
                }
                for end in ends {
                    self.ops[end] = Op::Jump(self.ops.len());
                }
            }
            Node::Repeat(node, min, max) => {
                for _ in 0..*min {
                    self.add(node);
                }
                match max {
                    None => {
                        let slot = self.slots;
                        self.slots += 1;
                        let split = self.ops.len();
                        self.ops.extend([Op::Split(split + 1, 0), Op::Save(slot)]);
                        self.add(node);
                        self.ops.extend([Op::Moved(slot), Op::Jump(split)]);
                        self.ops[split] = Op::Split(split + 1, self.ops.len());
                    }
                    Some(max) => {
                        let mut splits = Vec::new();
                        for _ in *min..*max {
                            splits.push(self.ops.len());
                            self.ops.push(Op::Split(0, 0));
                            self.add(node);
                        }
                        for split in splits {
                            self.ops[split] = Op::Split(split + 1, self.ops.len());
                        }
                    }
                }
            }
        }
    }

    /// The match from `start`: the one that ends at `end` if that is known, otherwise the longest.
    pub fn run(&self, text: &[u8], start: usize, end: Option<usize>) -> Option<Slots> {
        let mut slots: Slots = vec![None; self.slots];
        let mut best: Option<Slots> = None;
        let mut jobs = vec![Job::Step(0, start)];
        // A place reached twice by one step leads nowhere the second time, unless groups matter.
        let width = end.unwrap_or(text.len()) - start + 1;
        let mut seen = if self.has_back {
            Vec::new()
        } else {
            vec![0_u64; (self.ops.len() * width).div_ceil(64)]
        };
        let mut steps = 0;
        while let Some(job) = jobs.pop() {
            let (mut at, mut position) = match job {
                Job::Restore(slot, old) => {
                    slots[slot] = old;
                    continue;
                }
                Job::Step(at, position) => (at, position),
            };
            loop {
                steps += 1;
                if self.has_back && steps > STEPS && best.is_some() {
                    return best;
                }
                if !self.has_back {
                    let bit = at * width + position - start;
                    if seen[bit / 64] & 1 << (bit % 64) != 0 {
                        break;
                    }
                    seen[bit / 64] |= 1 << (bit % 64);
                }
                match &self.ops[at] {
                    Op::Byte(byte) if text.get(position) == Some(byte) => position += 1,
                    Op::Class(ranges) => {
                        match character(&text[position..], self.options.utf8) {
                            Some((found, len)) if ranges.has(found) => position += len,
                            _ => break,
                        }
                        if position > start + width - 1 {
                            break;
                        }
                    }
                    Op::Split(first, second) => {
                        jobs.push(Job::Step(*second, position));
                        at = *first;
                        continue;
                    }
                    Op::Jump(to) => {
                        at = *to;
                        continue;
                    }
                    Op::Save(slot) => {
                        jobs.push(Job::Restore(*slot, slots[*slot]));
                        slots[*slot] = Some(position);
                    }
                    Op::Moved(slot) if slots[*slot] != Some(position) => {}
                    Op::Back(group) => {
                        let (Some(from), Some(to)) = (slots[2 * group], slots[2 * group + 1])
                        else {
                            break;
                        };
                        let Some(here) = text.get(position..position + (to - from)) else { break };
                        let same = if self.options.ignore_case {
                            here.eq_ignore_ascii_case(&text[from..to])
                        } else {
                            here == &text[from..to]
                        };
                        if !same {
                            break;
                        }
                        position += to - from;
                    }
                    Op::Look(place) if holds(*place, text, position, self.options.lines) => {}
                    Op::Match => {
                        if end.is_none_or(|end| end == position)
                            && best.as_ref().is_none_or(|best| best[1] < Some(position))
                        {
                            slots[0] = Some(start);
                            slots[1] = Some(position);
                            if end.is_some() || position == text.len() {
                                return Some(slots);
                            }
                            best = Some(slots.clone());
                        }
                        break;
                    }
                    _ => break,
                }
                if position > start + width - 1 {
                    break;
                }
                at += 1;
            }
        }
        best
    }
}

/// The character that a text begins with, and its length; none for a byte that begins no character.
pub fn character(text: &[u8], utf8: bool) -> Option<(u32, usize)> {
    let first = *text.first()?;
    if !utf8 || first < 128 {
        return Some((first.into(), 1));
    }
    let len = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let found = std::str::from_utf8(text.get(..len)?).ok()?.chars().next()?;
    Some((found.into(), len))
}

fn holds(place: Place, text: &[u8], position: usize, lines: bool) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let before = position.checked_sub(1).and_then(|index| text.get(index));
    let after = text.get(position);
    match place {
        Place::Start if lines => before.is_none_or(|byte| *byte == b'\n'),
        Place::End if lines => after.is_none_or(|byte| *byte == b'\n'),
        Place::Start | Place::TextStart => before.is_none(),
        Place::End | Place::TextEnd => after.is_none(),
        Place::WordEdge => word(before) != word(after),
        Place::NoWordEdge => word(before) == word(after),
        Place::WordStart => !word(before) && word(after),
        Place::WordEnd => word(before) && !word(after),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a pattern without references to groups matches: three lazy automata of regex-automata, each
//! made when it is first asked for.
//!
//! The first finds where the leftmost match may end, the second, which reads backwards, where it begins,
//! the third how long the longest one from there is.

use std::cell::{OnceCell, RefCell};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{BuildError, Builder, NFA, Transition};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::utf8::Utf8Sequences;

use crate::ast::{Node, Place, Ranges};
use crate::{Error, Options};

/// The largest automaton, against patterns such as `(((a{999}){999}){999})`.
const SIZE_LIMIT_BYTES: usize = 64 << 20;
/// What a lazy automaton may remember before it begins anew.
const CACHE_BYTES: usize = 4 << 20;

struct Lazy {
    dfa: DFA,
    cache: RefCell<Cache>,
}

/// The automata of one pattern.
pub struct Automata {
    ends: Lazy,
    starts: OnceCell<Option<Lazy>>,
    longest: OnceCell<Option<Lazy>>,
    node: Node,
    options: Options,
}

impl Automata {
    pub fn new(node: &Node, options: Options) -> Result<Self, Error> {
        Ok(Self {
            ends: Lazy::new(node, options, false, MatchKind::LeftmostFirst)?,
            starts: OnceCell::new(),
            longest: OnceCell::new(),
            node: node.clone(),
            options,
        })
    }

    pub fn is_match(&self, text: &[u8], from: usize) -> bool {
        self.ends.forward(&Input::new(text).range(from..).earliest(true)).is_some()
    }

    /// The leftmost match, the longest of those.
    pub fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let end = self.ends.forward(&Input::new(text).range(from..))?;
        let make = |reverse| Lazy::new(&self.node, self.options, reverse, MatchKind::All).ok();
        let starts = self.starts.get_or_init(|| make(true)).as_ref()?;
        let input = Input::new(text).range(from..end).anchored(Anchored::Yes);
        let start = starts.backward(&input)?;
        let longest = self.longest.get_or_init(|| make(false)).as_ref()?;
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        Some((start, longest.forward(&input)?))
    }
}

impl Lazy {
    fn new(node: &Node, options: Options, reverse: bool, kind: MatchKind) -> Result<Self, Error> {
        let nfa = Compiler { builder: Builder::new(), options, reverse }
            .finish(node)
            .map_err(|_| Error::TooBig)?;
        let config = DFA::config()
            .match_kind(kind)
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true);
        let dfa =
            DFA::builder().configure(config).build_from_nfa(nfa).map_err(|_| Error::TooBig)?;
        let cache = RefCell::new(dfa.create_cache());
        Ok(Self { dfa, cache })
    }

    fn forward(&self, input: &Input<'_>) -> Option<usize> {
        // Errors are for automata that stop at some bytes or when memory is short: not set up here.
        let found = self.dfa.try_search_fwd(&mut self.cache.borrow_mut(), input);
        found.ok().flatten().map(|half| half.offset())
    }

    fn backward(&self, input: &Input<'_>) -> Option<usize> {
        let found = self.dfa.try_search_rev(&mut self.cache.borrow_mut(), input);
        found.ok().flatten().map(|half| half.offset())
    }
}

struct Compiler {
    builder: Builder,
    options: Options,
    reverse: bool,
}

impl Compiler {
    fn finish(mut self, node: &Node) -> Result<NFA, Box<BuildError>> {
        self.builder.set_reverse(self.reverse);
        self.builder.set_size_limit(Some(SIZE_LIMIT_BYTES))?;
        self.builder.start_pattern()?;
        let end = self.builder.add_match()?;
        let start = self.state(node, end)?;
        self.builder.finish_pattern(start)?;
        let anywhere = self.builder.add_union(vec![start])?;
        let any = Transition { start: 0, end: 255, next: anywhere };
        let skip = self.builder.add_range(any)?;
        self.builder.patch(anywhere, skip)?;
        Ok(self.builder.build(start, anywhere)?)
    }

    /// The state that matches `node` and then goes on at `next`.
    fn state(&mut self, node: &Node, next: StateID) -> Result<StateID, Box<BuildError>> {
        match node {
            Node::Empty | Node::Back(_) => Ok(next),
            Node::Byte(byte) => self.range(*byte, *byte, next),
            Node::Class(ranges) => self.class(ranges, next),
            Node::Group(_, node) => self.state(node, next),
            Node::Concat(nodes) => {
                let mut state = next;
                if self.reverse {
                    for node in nodes {
                        state = self.state(node, state)?;
                    }
                } else {
                    for node in nodes.iter().rev() {
                        state = self.state(node, state)?;
                    }
                }
                Ok(state)
            }
            Node::Either(nodes) => {
                let states: Result<Vec<_>, _> =
                    nodes.iter().map(|node| self.state(node, next)).collect();
                Ok(self.builder.add_union(states?)?)
            }
            Node::Repeat(node, min, max) => self.repeat(node, *min, *max, next),
            Node::Look(place) => {
                let look = look(*place, self.options.lines);
                let look = if self.reverse { look.reversed() } else { look };
                Ok(self.builder.add_look(next, look)?)
            }
        }
    }

    fn repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        next: StateID,
    ) -> Result<StateID, Box<BuildError>> {
        let mut state = next;
        match max {
            None => {
                let again = self.builder.add_union(Vec::new())?;
                let body = self.state(node, again)?;
                self.builder.patch(again, body)?;
                self.builder.patch(again, next)?;
                state = again;
            }
            Some(max) => {
                for _ in min..max {
                    let body = self.state(node, state)?;
                    state = self.builder.add_union(vec![body, next])?;
                }
            }
        }
        for _ in 0..min {
            state = self.state(node, state)?;
        }
        Ok(state)
    }

    fn class(&mut self, ranges: &Ranges, next: StateID) -> Result<StateID, Box<BuildError>> {
        let mut bytes = Vec::new();
        let mut states = Vec::new();
        for &(low, high) in &ranges.0 {
            let single = if self.options.utf8 { 127 } else { 255 };
            if low <= single {
                let end = high.min(single) as u8;
                bytes.push(Transition { start: low as u8, end, next });
            }
            if high > single && self.options.utf8 {
                let low = char::from_u32(low.max(128)).unwrap_or('\u{e000}');
                let high = char::from_u32(high).unwrap_or('\u{d7ff}');
                for sequence in Utf8Sequences::new(low, high) {
                    let mut state = next;
                    let parts = sequence.as_slice();
                    for index in 0..parts.len() {
                        let index = if self.reverse { index } else { parts.len() - 1 - index };
                        state = self.range(parts[index].start, parts[index].end, state)?;
                    }
                    states.push(state);
                }
            }
        }
        match &bytes[..] {
            [] => {}
            [one] => states.push(self.builder.add_range(*one)?),
            _ => states.push(self.builder.add_sparse(bytes)?),
        }
        match states[..] {
            [] => Ok(self.builder.add_fail()?),
            [state] => Ok(state),
            _ => Ok(self.builder.add_union(states)?),
        }
    }

    fn range(&mut self, start: u8, end: u8, next: StateID) -> Result<StateID, Box<BuildError>> {
        Ok(self.builder.add_range(Transition { start, end, next })?)
    }
}

fn look(place: Place, lines: bool) -> Look {
    match place {
        Place::Start if lines => Look::StartLF,
        Place::End if lines => Look::EndLF,
        Place::Start | Place::TextStart => Look::Start,
        Place::End | Place::TextEnd => Look::End,
        Place::WordEdge => Look::WordAscii,
        Place::NoWordEdge => Look::WordAsciiNegate,
        Place::WordStart => Look::WordStartAscii,
        Place::WordEnd => Look::WordEndAscii,
    }
}

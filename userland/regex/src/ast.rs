// SPDX-License-Identifier: MIT OR Apache-2.0
//! A parsed pattern, and the sets of characters in it.

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Matches nothing, at once.
    Empty,
    /// One character (a byte where the locale has no others) out of sorted ranges.
    Class(Ranges),
    /// One byte that is no whole character.
    Byte(u8),
    /// One after the other.
    Concat(Vec<Node>),
    /// One of these.
    Either(Vec<Node>),
    /// `min` to `max` times, without end if that is `None`.
    Repeat(Box<Node>, u32, Option<u32>),
    /// A group with its number, from 1.
    Group(usize, Box<Node>),
    /// What a group has matched.
    Back(usize),
    /// A place.
    Look(Place),
}

/// Where something can match without taking a character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// The line's start; of each line with [`crate::Options::lines`].
    Start,
    /// The line's end; of each line with [`crate::Options::lines`].
    End,
    /// The text's start.
    TextStart,
    /// The text's end.
    TextEnd,
    /// A word's start or end.
    WordEdge,
    /// Neither.
    NoWordEdge,
    /// A word's start.
    WordStart,
    /// A word's end.
    WordEnd,
}

impl Node {
    /// One character.
    pub fn one(character: u32, ignore_case: bool) -> Self {
        let mut ranges = Ranges(vec![(character, character)]);
        if ignore_case {
            ranges.fold();
        }
        Self::Class(ranges)
    }

    /// Is there a reference to a group in it?
    pub fn has_back(&self) -> bool {
        match self {
            Self::Back(_) => true,
            Self::Concat(nodes) | Self::Either(nodes) => nodes.iter().any(Self::has_back),
            Self::Repeat(node, ..) | Self::Group(_, node) => node.has_back(),
            _ => false,
        }
    }

    /// The text that this is, if it has no operators; `utf8` says how characters are written.
    pub fn literal(&self, utf8: bool, text: &mut Vec<u8>) -> bool {
        match self {
            Self::Empty => true,
            Self::Byte(byte) => {
                text.push(*byte);
                true
            }
            Self::Class(Ranges(ranges)) => match ranges[..] {
                [(low, high)] if low == high => {
                    match (u8::try_from(low), char::from_u32(low)) {
                        (Ok(byte), _) if !utf8 || byte < 128 => text.push(byte),
                        (_, Some(character)) if utf8 => {
                            text.extend(character.encode_utf8(&mut [0; 4]).bytes());
                        }
                        _ => return false,
                    }
                    true
                }
                _ => false,
            },
            Self::Concat(nodes) => nodes.iter().all(|node| node.literal(utf8, text)),
            _ => false,
        }
    }
}

/// Sorted ranges of characters that do not touch, both ends included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(pub Vec<(u32, u32)>);

impl Ranges {
    /// Sorts and joins what was pushed.
    pub fn tidy(&mut self) {
        self.0.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for &(low, high) in &self.0 {
            match joined.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => joined.push((low, high)),
            }
        }
        self.0 = joined;
    }

    /// Adds the other case of each letter.
    pub fn fold(&mut self) {
        for index in 0..self.0.len() {
            let (low, high) = self.0[index];
            for (first, last, other) in [(65, 90, 97), (97, 122, 65)] {
                let (from, to) = (low.max(first), high.min(last));
                if from <= to {
                    self.0.push((from - first + other, to - first + other));
                }
            }
            if let (true, Some(character)) = (low == high && low > 127, char::from_u32(low)) {
                let others = character.to_lowercase().chain(character.to_uppercase());
                self.0.extend(others.map(|other| (u32::from(other), u32::from(other))));
            }
        }
        self.tidy();
    }

    /// All characters up to `last` that are not in here.
    pub fn negate(&mut self, last: u32) {
        self.tidy();
        let mut others = Vec::new();
        let mut next = 0;
        for &(low, high) in &self.0 {
            if low > next {
                others.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= last {
            others.push((next, last));
        }
        self.0 = others;
    }

    /// Adds a class by its name, `false` if there is none.
    pub fn push_class(&mut self, name: &[u8]) -> bool {
        let ranges: &[(u8, u8)] = match name {
            b"alpha" => &[(b'A', b'Z'), (b'a', b'z')],
            b"digit" => &[(b'0', b'9')],
            b"alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
            b"upper" => &[(b'A', b'Z')],
            b"lower" => &[(b'a', b'z')],
            b"space" => &[(9, 13), (b' ', b' ')],
            b"blank" => &[(9, 9), (b' ', b' ')],
            b"punct" => &[(33, 47), (58, 64), (91, 96), (123, 126)],
            b"print" => &[(32, 126)],
            b"graph" => &[(33, 126)],
            b"cntrl" => &[(0, 31), (127, 127)],
            b"xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
            b"word" => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
            _ => return false,
        };
        self.0.extend(ranges.iter().map(|&(low, high)| (low.into(), high.into())));
        true
    }

    /// Is the character in here?
    pub fn has(&self, character: u32) -> bool {
        self.0.iter().any(|&(low, high)| (low..=high).contains(&character))
    }
}

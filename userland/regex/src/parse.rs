// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a pattern's text to its parts.

use crate::ast::{Node, Place, Ranges};
use crate::backtrack::character;
use crate::{Error, Escapes, Options};

/// The most that an interval may ask for (`RE_DUP_MAX`).
const REPEAT_MAX: u32 = 32767;

/// Reads a pattern; `groups` are counted before it, the count after it is given back.
pub fn parse(pattern: &[u8], options: Options, groups: usize) -> Result<(Node, usize), Error> {
    let first_group = groups;
    let mut parser =
        Parser { text: pattern, at: 0, options, groups, first_group, depth: 0, closed: Vec::new() };
    let node = parser.alternatives()?;
    if parser.at < pattern.len() {
        return Err(Error::Close);
    }
    Ok((node, parser.groups))
}

/// A text without operators.
pub fn text(text: &[u8], options: Options) -> Node {
    let mut nodes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (node, len) = literal(rest, options);
        nodes.push(node);
        rest = &rest[len..];
    }
    Node::Concat(nodes)
}

fn literal(rest: &[u8], options: Options) -> (Node, usize) {
    match character(rest, options.utf8) {
        Some((found, len)) => (Node::one(found, options.ignore_case), len),
        None => (Node::Byte(rest[0]), 1),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    options: Options,
    groups: usize,
    first_group: usize,
    depth: usize,
    /// The groups that may be referred to.
    closed: Vec<usize>,
}

impl Parser<'_> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn takes(&mut self, token: &[u8]) -> bool {
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn sees(&self, extended: &[u8], basic: &[u8]) -> bool {
        self.rest().starts_with(if self.options.extended { extended } else { basic })
    }

    fn alternatives(&mut self) -> Result<Node, Error> {
        let mut nodes = vec![self.sequence()?];
        while self.sees(b"|", b"\\|") {
            self.at += if self.options.extended { 1 } else { 2 };
            nodes.push(self.sequence()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) })
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let mut nodes: Vec<Node> = Vec::new();
        // In basic patterns `*` is itself where nothing stands before it, and `^` an anchor only there.
        let mut fresh = true;
        while self.at < self.text.len() {
            if self.sees(b"|", b"\\|") || (self.depth > 0 && self.sees(b")", b"\\)")) {
                break;
            }
            if !self.options.extended && self.sees(b"", b"\\)") {
                return Err(Error::Close);
            }
            if let Some((min, max)) = self.repetition(fresh)? {
                let Some(last) = nodes.pop() else {
                    // GNU takes an operator without an operand for nothing.
                    continue;
                };
                nodes.push(match last {
                    Node::Repeat(node, 0, None) if (min, max) != (0, Some(0)) => {
                        Node::Repeat(node, 0, None)
                    }
                    last => Node::Repeat(Box::new(last), min, max),
                });
                continue;
            }
            let node = self.atom(fresh)?;
            fresh = !self.options.extended && fresh && node == Node::Look(Place::Start);
            nodes.push(node);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    /// An operator that repeats what stands before it.
    fn repetition(&mut self, fresh: bool) -> Result<Option<(u32, Option<u32>)>, Error> {
        let basic = !self.options.extended;
        if basic && fresh {
            if self.sees(b"", b"\\{") {
                return Err(Error::Preceding);
            }
            return Ok(None);
        }
        if self.takes(b"*") {
            return Ok(Some((0, None)));
        }
        let (plus, question, open): (&[u8], &[u8], &[u8]) =
            if basic { (b"\\+", b"\\?", b"\\{") } else { (b"+", b"?", b"{") };
        if self.takes(plus) {
            return Ok(Some((1, None)));
        }
        if self.takes(question) {
            return Ok(Some((0, Some(1))));
        }
        if !self.rest().starts_with(open) {
            return Ok(None);
        }
        let before = self.at;
        self.at += open.len();
        match self.interval() {
            Ok(interval) => Ok(Some(interval)),
            // As an extended pattern's literal brace.
            Err(Error::Interval | Error::Brace) if !basic => {
                self.at = before;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn interval(&mut self) -> Result<(u32, Option<u32>), Error> {
        let min = self.number()?;
        let max = if self.takes(b",") { self.number()? } else { min };
        let close: &[u8] = if self.options.extended { b"}" } else { b"\\}" };
        let comma = self.text[self.at - 1] == b',';
        if !self.takes(close) {
            let left = self.at >= self.text.len();
            return Err(if left { Error::Brace } else { Error::Interval });
        }
        if min.is_none() && max.is_none() && !comma {
            return Err(Error::Interval);
        }
        let min = min.unwrap_or(0);
        if max.is_some_and(|max| max < min) {
            return Err(Error::Interval);
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<u32>, Error> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(&self.rest()[..digits]).unwrap_or_default();
        let number = text.parse().ok().filter(|number| *number <= REPEAT_MAX);
        self.at += digits;
        number.map(Some).ok_or(Error::TooBig)
    }

    fn atom(&mut self, fresh: bool) -> Result<Node, Error> {
        let extended = self.options.extended;
        let byte = self.text[self.at];
        match byte {
            b'.' => {
                self.at += 1;
                Ok(Node::Class(Ranges(vec![(0, self.last())])))
            }
            b'[' => {
                self.at += 1;
                self.bracket()
            }
            b'^' if extended || fresh => {
                self.at += 1;
                Ok(Node::Look(Place::Start))
            }
            b'$' if extended || self.ends_after(1) => {
                self.at += 1;
                Ok(Node::Look(Place::End))
            }
            b'(' if extended => {
                self.at += 1;
                self.group()
            }
            // Alone it stands for itself for regcomp(3) and grep, not for sed and awk; POSIX leaves it open.
            b')' if extended && self.depth == 0 && self.options.escapes != Escapes::None => {
                Err(Error::Close)
            }
            b'\\' => self.escape(),
            _ => {
                let (node, len) = literal(self.rest(), self.options);
                self.at += len;
                Ok(node)
            }
        }
    }

    /// Does a basic pattern, or a part of it, end after so many bytes?
    fn ends_after(&self, len: usize) -> bool {
        let rest = &self.rest()[len..];
        rest.is_empty()
            || rest.starts_with(b"\\|")
            || (self.depth > 0 && rest.starts_with(b"\\)"))
            || (self.options.lines && rest.starts_with(b"\n"))
    }

    fn group(&mut self) -> Result<Node, Error> {
        self.groups += 1;
        let number = self.groups;
        self.depth += 1;
        let node = self.alternatives()?;
        self.depth -= 1;
        let close: &[u8] = if self.options.extended { b")" } else { b"\\)" };
        if !self.takes(close) {
            return Err(Error::Open);
        }
        self.closed.push(number);
        Ok(Node::Group(number, Box::new(node)))
    }

    fn last(&self) -> u32 {
        if self.options.utf8 { 0x10_ffff } else { 255 }
    }

    fn escape(&mut self) -> Result<Node, Error> {
        let Some(&byte) = self.text.get(self.at + 1) else { return Err(Error::Backslash) };
        if !self.options.extended && byte == b'(' {
            self.at += 2;
            return self.group();
        }
        if self.options.escapes != Escapes::None
            && let Some((value, len)) = escaped(&self.rest()[1..], self.options.escapes)
        {
            self.at += 1 + len;
            return Ok(Node::one(value.into(), self.options.ignore_case));
        }
        self.at += 2;
        let class = |names: &[u8], negated: bool| {
            let mut ranges = Ranges::default();
            ranges.push_class(names);
            if negated {
                ranges.negate(self.last());
            }
            ranges.tidy();
            Ok(Node::Class(ranges))
        };
        let awk = self.options.escapes == Escapes::Awk;
        match byte {
            b'w' => class(b"word", false),
            b'W' => class(b"word", true),
            b's' => class(b"space", false),
            b'S' => class(b"space", true),
            b'b' if !awk => Ok(Node::Look(Place::WordEdge)),
            b'y' if awk => Ok(Node::Look(Place::WordEdge)),
            b'B' => Ok(Node::Look(Place::NoWordEdge)),
            b'<' => Ok(Node::Look(Place::WordStart)),
            b'>' => Ok(Node::Look(Place::WordEnd)),
            b'`' => Ok(Node::Look(Place::TextStart)),
            b'\'' => Ok(Node::Look(Place::TextEnd)),
            b'1'..=b'9' if !awk => {
                let group = usize::from(byte - b'0') + self.first_group;
                if !self.closed.contains(&group) {
                    return Err(Error::Reference);
                }
                Ok(Node::Back(group))
            }
            _ => {
                self.at -= 1;
                let (node, len) = literal(self.rest(), self.options);
                self.at += len;
                Ok(node)
            }
        }
    }

    fn bracket(&mut self) -> Result<Node, Error> {
        let mut ranges = Ranges::default();
        let negated = self.takes(b"^");
        let start = self.at;
        loop {
            if self.at >= self.text.len() {
                return Err(Error::Bracket);
            }
            if self.at > start && self.takes(b"]") {
                break;
            }
            if let Some(name) = self.named(b':')? {
                if !ranges.push_class(&name) {
                    return Err(Error::Class);
                }
                continue;
            }
            let low = self.element()?;
            let range = self.rest().len() > 1 && self.rest()[0] == b'-' && self.rest()[1] != b']';
            if !range {
                ranges.0.push((low, low));
                continue;
            }
            self.at += 1;
            let high = self.element()?;
            if high < low {
                return Err(Error::Range);
            }
            ranges.0.push((low, high));
        }
        if self.options.ignore_case {
            ranges.fold();
        }
        ranges.tidy();
        if negated {
            ranges.negate(self.last());
        }
        Ok(Node::Class(ranges))
    }

    /// `[:NAME:]` and the like.
    fn named(&mut self, mark: u8) -> Result<Option<Vec<u8>>, Error> {
        if !self.rest().starts_with(&[b'[', mark]) {
            return Ok(None);
        }
        let rest = &self.rest()[2..];
        let end = rest.windows(2).position(|pair| pair == [mark, b']']).ok_or(Error::Bracket)?;
        let name = rest[..end].to_vec();
        self.at += end + 4;
        Ok(Some(name))
    }

    /// One character of a bracket.
    fn element(&mut self) -> Result<u32, Error> {
        for mark in [b'.', b'='] {
            if let Some(name) = self.named(mark)? {
                return match character(&name, self.options.utf8) {
                    Some((found, len)) if len == name.len() => Ok(found),
                    _ => Err(Error::Class),
                };
            }
        }
        if self.rest().first() == Some(&b'\\') && self.options.escapes != Escapes::None {
            if let Some((value, len)) = escaped(&self.rest()[1..], self.options.escapes) {
                self.at += 1 + len;
                return Ok(value.into());
            }
            if self.options.escapes == Escapes::Awk && self.rest().len() > 1 {
                self.at += 1;
            }
        }
        let rest = self.rest();
        let first = *rest.first().ok_or(Error::Bracket)?;
        let (found, len) = character(rest, self.options.utf8).unwrap_or((first.into(), 1));
        self.at += len;
        Ok(found)
    }
}

/// The byte that an escape stands for, without its backslash, and the escape's length.
pub fn escaped(rest: &[u8], escapes: Escapes) -> Option<(u8, usize)> {
    let number = |from: usize, most: usize, radix: u32| {
        let digits = rest[from..]
            .iter()
            .take(most)
            .take_while(|byte| char::from(**byte).is_digit(radix))
            .count();
        let text = std::str::from_utf8(&rest[from..from + digits]).ok()?;
        let value = u32::from_str_radix(text, radix).ok()?;
        Some(((value & 255) as u8, from + digits))
    };
    let sed = escapes == Escapes::Sed;
    Some(match *rest.first()? {
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'f' => (12, 1),
        b'v' => (11, 1),
        b'a' => (7, 1),
        b'r' => (b'\r', 1),
        b'b' if !sed => (8, 1),
        b'd' if sed => number(1, 3, 10)?,
        b'o' if sed => number(1, 3, 8)?,
        b'x' => number(1, 2, 16)?,
        b'0'..=b'7' if !sed => number(0, 3, 8)?,
        b'c' if sed => (rest.get(1)?.to_ascii_uppercase() ^ 64, 2),
        _ => return None,
    })
}

/// A shell's pattern as a basic regular expression for whole texts.
pub fn glob(pattern: &[u8]) -> Vec<u8> {
    let mut result = b"^".to_vec();
    let mut at = 0;
    while at < pattern.len() {
        let byte = pattern[at];
        at += 1;
        match byte {
            b'*' => result.extend(b".*"),
            b'?' => result.push(b'.'),
            b'[' => match bracket_len(&pattern[at..]) {
                Some(len) => {
                    result.push(b'[');
                    let mut inner = &pattern[at..at + len];
                    if let Some(rest) = inner.strip_prefix(b"!") {
                        result.push(b'^');
                        inner = rest;
                    }
                    result.extend(inner);
                    at += len;
                }
                None => result.extend(b"\\["),
            },
            b'\\' if at < pattern.len() => {
                if !pattern[at].is_ascii_alphanumeric() && pattern[at].is_ascii_punctuation() {
                    push_plain(&mut result, pattern[at]);
                } else {
                    result.push(pattern[at]);
                }
                at += 1;
            }
            _ => push_plain(&mut result, byte),
        }
    }
    result.push(b'$');
    result
}

fn push_plain(result: &mut Vec<u8>, byte: u8) {
    if b".[\\*^$".contains(&byte) {
        result.push(b'\\');
    }
    result.push(byte);
}

/// The length of a bracket with its end, without its start.
fn bracket_len(rest: &[u8]) -> Option<usize> {
    let mut at = usize::from(matches!(rest.first(), Some(b'!' | b'^')));
    at += usize::from(rest.get(at) == Some(&b']'));
    while at < rest.len() {
        if rest[at] == b']' {
            return Some(at + 1);
        }
        if rest[at] == b'[' && matches!(rest.get(at + 1), Some(b':' | b'.' | b'=')) {
            let mark = rest[at + 1];
            let end = rest[at + 2..].windows(2).position(|pair| pair == [mark, b']'])?;
            at += end + 4;
        } else {
            at += 1;
        }
    }
    None
}

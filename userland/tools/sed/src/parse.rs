// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a script's text to its commands.

mod arguments;

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Result, bail};
use ochre_regex::{Escapes, Options as Syntax, Regex, character_len, escape};

use crate::script::{Action, Address, Command, Part, Pattern, Script, Substitution};

/// A label and the command that goes there.
type Jump = (usize, Vec<u8>);

pub struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    syntax: Syntax,
    script: Script,
    blocks: Vec<usize>,
    labels: HashMap<Vec<u8>, usize>,
    jumps: Vec<Jump>,
    posix: bool,
}

/// Reads a script.
pub fn parse(text: &[u8], syntax: Syntax, posix: bool) -> Result<Script> {
    let mut parser = Parser {
        text,
        at: 0,
        syntax,
        script: Script::default(),
        blocks: Vec::new(),
        labels: HashMap::new(),
        jumps: Vec::new(),
        posix,
    };
    if text.starts_with(b"#n\n") || text == b"#n" {
        parser.script.quiet = true;
    }
    parser.commands()?;
    if !parser.blocks.is_empty() {
        // As GNU's has it, at no place.
        bail!("-e expression #1, char 0: unmatched `{{'");
    }
    let end = parser.script.commands.len();
    for (command, label) in std::mem::take(&mut parser.jumps) {
        let target = if label.is_empty() {
            end
        } else {
            match parser.labels.get(&label) {
                Some(target) => *target,
                None => {
                    let label = String::from_utf8_lossy(&label);
                    let message = format!("can't find label for jump to `{label}'");
                    return Err(ochre_applet::Failure::new(4, message).into());
                }
            }
        };
        match &mut parser.script.commands[command].action {
            Action::Branch(to) | Action::BranchIf(to) | Action::BranchUnless(to) => *to = target,
            _ => {}
        }
    }
    Ok(parser.script)
}

impl Parser<'_> {
    fn fail<T>(&self, message: &str) -> Result<T> {
        bail!("-e expression #1, char {}: {message}", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn blanks(&mut self) {
        self.skip(|byte| byte == b' ' || byte == b'\t');
    }

    fn commands(&mut self) -> Result<()> {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace() || byte == b';');
            if self.peek().is_none() {
                return Ok(());
            }
            let first = self.address(false)?;
            let mut second = None;
            self.blanks();
            if first.is_some() && self.peek() == Some(b',') {
                self.at += 1;
                self.blanks();
                second = self.address(true)?;
                if second.is_none() {
                    return self.fail("unexpected `,'");
                }
            }
            if matches!(first, Some(Address::Line(0))) && !matches!(second, Some(Address::Match(_)))
            {
                return self.fail("invalid usage of line address 0");
            }
            self.blanks();
            let mut negated = false;
            while self.peek() == Some(b'!') {
                negated = true;
                self.at += 1;
                self.blanks();
            }
            let Some(name) = self.next() else { return self.fail("missing command") };
            let place = self.script.commands.len();
            if first.is_some() && (name == b':' || name == b'}' || name == b'#') {
                return self.fail(match name {
                    b':' => ": doesn't want any addresses",
                    b'}' => "} doesn't want any addresses",
                    _ => "comments don't accept any addresses",
                });
            }
            let action = self.action(name, place)?;
            self.script.commands.push(Command { first, second, negated, action });
        }
    }

    fn number(&mut self) -> u64 {
        let mut value = 0_u64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        value
    }

    fn address(&mut self, second: bool) -> Result<Option<Address>> {
        let Some(byte) = self.peek() else { return Ok(None) };
        Ok(Some(match byte {
            b'0'..=b'9' => {
                let first = self.number();
                if self.peek() == Some(b'~') && !second {
                    self.at += 1;
                    Address::Step(first, self.number())
                } else {
                    Address::Line(first)
                }
            }
            b'$' => {
                self.at += 1;
                Address::Last
            }
            b'+' | b'~' if second => {
                self.at += 1;
                let number = self.number();
                if byte == b'+' { Address::Plus(number) } else { Address::Multiple(number) }
            }
            b'/' | b'\\' => {
                self.at += 1;
                let end = if byte == b'/' { Some(b'/') } else { self.next() };
                let Some(end) = end else { return self.fail("unterminated address regex") };
                let Some(text) = self.delimited(end, true) else {
                    return self.fail("unterminated address regex");
                };
                let mut syntax = self.syntax;
                while let Some(flag @ (b'I' | b'M')) = self.peek() {
                    self.at += 1;
                    if flag == b'I' { syntax.ignore_case = true } else { syntax.lines = true }
                }
                Address::Match(self.pattern(&text, syntax)?)
            }
            _ => return Ok(None),
        }))
    }

    /// The text up to a delimiter; `\n` and an escaped delimiter are put right for a pattern.
    fn delimited(&mut self, end: u8, pattern: bool) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let mut bracket = None;
        loop {
            let byte = self.next()?;
            if let Some(start) = bracket {
                text.push(byte);
                if byte == b'[' && matches!(self.peek(), Some(b':' | b'.' | b'=')) {
                    // A class such as [:alpha:] has its own end.
                    let mark = self.peek()?;
                    let rest = &self.text[self.at + 1..];
                    if let Some(len) = rest.windows(2).position(|pair| pair == [mark, b']']) {
                        text.extend(&self.text[self.at..self.at + len + 3]);
                        self.at += len + 3;
                    }
                } else if byte == b']' && text.len() > start + 1 {
                    bracket = None;
                }
                continue;
            }
            match byte {
                b'\\' => {
                    let escaped = self.next()?;
                    if escaped == end {
                        // It is what it would be without being the delimiter, an operator, too.
                        if !pattern && escaped == b'&' {
                            text.push(b'\\');
                        }
                        text.push(escaped);
                    } else {
                        text.extend([b'\\', escaped]);
                    }
                }
                b'[' if pattern && end != b'[' => {
                    text.push(byte);
                    if self.peek() == Some(b'^') {
                        self.at += 1;
                        text.push(b'^');
                    }
                    // The bracket's first character may be its end's.
                    if self.has_bracket_end() {
                        bracket = Some(text.len());
                    }
                }
                byte if byte == end => return Some(text),
                _ => text.push(byte),
            }
        }
    }

    fn has_bracket_end(&self) -> bool {
        let rest = &self.text[self.at..];
        rest.iter().skip(1).take_while(|byte| **byte != b'\n').any(|byte| *byte == b']')
    }

    fn pattern(&self, text: &[u8], syntax: Syntax) -> Result<Pattern> {
        if text.is_empty() {
            return Ok(None);
        }
        match Regex::new(text, syntax) {
            Ok(regex) => Ok(Some(Rc::new(regex))),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    fn action(&mut self, name: u8, place: usize) -> Result<Action> {
        let action = match name {
            b'{' => {
                self.blocks.push(place);
                return Ok(Action::Block(0));
            }
            b'}' => {
                let Some(start) = self.blocks.pop() else {
                    return self.fail("unexpected `}'");
                };
                self.script.commands[start].action = Action::Block(place);
                Action::Nothing
            }
            b'#' => {
                self.skip(|byte| byte != b'\n');
                return Ok(Action::Nothing);
            }
            b':' => {
                self.blanks();
                let label = self.word(self.posix);
                if label.is_empty() {
                    return self.fail("\":\" lacks a label");
                }
                self.labels.insert(label, place);
                return Ok(Action::Nothing);
            }
            b'b' | b't' | b'T' => {
                self.blanks();
                let label = self.word(self.posix);
                self.jumps.push((place, label));
                match name {
                    b'b' => Action::Branch(0),
                    b't' => Action::BranchIf(0),
                    _ => Action::BranchUnless(0),
                }
            }
            b'a' | b'i' | b'c' => {
                let text = self.text_argument()?;
                return Ok(match name {
                    b'a' => Action::Append(text),
                    b'i' => Action::Insert(text),
                    _ => Action::Change(text),
                });
            }
            b'=' => Action::Equals,
            b'd' => Action::Delete,
            b'D' => Action::DeleteFirst,
            b'F' => Action::FileName,
            b'g' => Action::Get,
            b'G' => Action::GetAppend,
            b'h' => Action::Hold,
            b'H' => Action::HoldAppend,
            b'n' => Action::Next,
            b'N' => Action::NextAppend,
            b'p' => Action::Print,
            b'P' => Action::PrintFirst,
            b'x' => Action::Exchange,
            b'z' => Action::Zap,
            b'l' | b'q' | b'Q' | b'L' => {
                self.blanks();
                let given = self.peek().is_some_and(|byte| byte.is_ascii_digit());
                let number = self.number();
                match name {
                    b'l' => Action::List(given.then_some(number as usize)),
                    b'q' => Action::Quit(number as u8),
                    _ => Action::QuitSilently(number as u8),
                }
            }
            b'e' => return Ok(Action::Execute(self.rest_of_line())),
            b'r' | b'R' | b'w' | b'W' => {
                let file = self.rest_of_line();
                if file.is_empty() {
                    return self.fail("missing filename in r/R/w/W commands");
                }
                return Ok(match name {
                    b'r' => Action::Read(file),
                    b'R' => Action::ReadLine(file),
                    b'w' => Action::Write(self.file(file)),
                    _ => Action::WriteFirst(self.file(file)),
                });
            }
            b's' => Action::Substitute(Box::new(self.substitution()?)),
            b'y' => Action::Translate(self.translation()?),
            other => {
                let shown = char::from(other);
                return self.fail(&format!("unknown command: `{shown}'"));
            }
        };
        self.blanks();
        match self.peek() {
            None | Some(b'\n' | b';' | b'}' | b'#') => Ok(action),
            Some(b'\r') if self.text.get(self.at + 1).is_none_or(|byte| *byte == b'\n') => {
                self.at += 1;
                Ok(action)
            }
            Some(_) => {
                self.at += 1;
                self.fail(match name {
                    b's' => "unknown option to `s'",
                    _ => "extra characters after command",
                })
            }
        }
    }
}

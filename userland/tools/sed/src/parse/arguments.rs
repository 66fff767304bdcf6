// SPDX-License-Identifier: MIT OR Apache-2.0
//! The arguments of single commands: file names, texts, and what follows `s` and `y`.

use super::*;

impl Parser<'_> {
    /// A label: up to white space or a semicolon, in POSIX mode up to the line's end.
    pub(super) fn word(&mut self, whole_line: bool) -> Vec<u8> {
        let start = self.at;
        self.skip(|byte| {
            byte != b'\n' && (whole_line || !(byte.is_ascii_whitespace() || byte == b';'))
        });
        self.text[start..self.at].trim_ascii_end().to_vec()
    }

    pub(super) fn rest_of_line(&mut self) -> Vec<u8> {
        self.blanks();
        let start = self.at;
        self.skip(|byte| byte != b'\n');
        self.text[start..self.at].to_vec()
    }

    pub(super) fn file(&mut self, name: Vec<u8>) -> usize {
        let files = &mut self.script.files;
        files.iter().position(|file| *file == name).unwrap_or_else(|| {
            files.push(name);
            files.len() - 1
        })
    }

    /// The text of `a`, `i`, `c`: after a backslash and a line's end, or right behind the command.
    pub(super) fn text_argument(&mut self) -> Result<Vec<u8>> {
        self.blanks();
        if self.peek() == Some(b'\\') {
            self.at += 1;
            // Blanks behind the backslash are a part of a text that stands there.
            let mark = self.at;
            self.blanks();
            if self.peek() == Some(b'\n') {
                self.at += 1;
            } else {
                self.at = mark;
            }
            if self.peek().is_none() {
                return Ok(Vec::new());
            }
        }
        if self.peek().is_none() {
            return self.fail("expected \\ after `a', `c' or `i'");
        }
        let mut text = Vec::new();
        while let Some(byte) = self.next() {
            match byte {
                b'\n' => break,
                b'\\' => match self.peek() {
                    Some(b'\n') => {
                        text.push(b'\n');
                        self.at += 1;
                    }
                    None => {}
                    Some(next) => match escape(&self.text[self.at..], Escapes::Sed) {
                        Some((value, len)) => {
                            text.push(value);
                            self.at += len;
                        }
                        _ => {
                            text.push(next);
                            self.at += 1;
                        }
                    },
                },
                _ => text.push(byte),
            }
        }
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn substitution(&mut self) -> Result<Substitution> {
        let end = self.next().filter(|byte| *byte != b'\n' && *byte != b'\\');
        let both = end.and_then(|end| {
            let pattern = self.delimited(end, true)?;
            Some((pattern, self.delimited(end, false)?))
        });
        let Some((pattern, replacement)) = both else {
            return self.fail("unterminated `s' command");
        };
        let mut result = Substitution {
            pattern: None,
            parts: Vec::new(),
            all: false,
            number: 0,
            print: false,
            evaluate: false,
            file: None,
        };
        let mut syntax = self.syntax;
        loop {
            match self.peek() {
                Some(b'g') => result.all = true,
                Some(b'p') => result.print = true,
                Some(b'e') => result.evaluate = true,
                Some(b'i' | b'I') => syntax.ignore_case = true,
                Some(b'm' | b'M') => syntax.lines = true,
                Some(b'0'..=b'9') => {
                    result.number = self.number() as usize;
                    if result.number == 0 {
                        return self.fail("number option to `s' command may not be zero");
                    }
                    continue;
                }
                Some(b'w') => {
                    self.at += 1;
                    let file = self.rest_of_line();
                    if file.is_empty() {
                        return self.fail("missing filename in r/R/w/W commands");
                    }
                    result.file = Some(self.file(file));
                    break;
                }
                _ => break,
            }
            self.at += 1;
        }
        result.pattern = self.pattern(&pattern, syntax)?;
        result.parts = parts(&replacement);
        let groups = result.pattern.as_ref().map_or(9, |regex| regex.groups());
        for part in &result.parts {
            if let Part::Group(number) = part
                && *number > groups
            {
                return self.fail(&format!("invalid reference \\{number} on `s' command's RHS"));
            }
        }
        Ok(result)
    }

    pub(super) fn translation(&mut self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let both = self.next().and_then(|end| {
            let from = self.delimited(end, false)?;
            Some((from, self.delimited(end, false)?))
        });
        let Some((from, to)) = both else { return self.fail("unterminated `y' command") };
        let split = |text: &[u8]| {
            let mut characters = Vec::new();
            let mut at = 0;
            while at < text.len() {
                if text[at] == b'\\' && at + 1 < text.len() {
                    let (value, len) =
                        escape(&text[at + 1..], Escapes::Sed).unwrap_or((text[at + 1], 1));
                    characters.push(vec![value]);
                    at += 1 + len;
                } else {
                    let len = character_len(&text[at..], self.syntax.utf8);
                    characters.push(text[at..at + len].to_vec());
                    at += len;
                }
            }
            characters
        };
        let (from, to) = (split(&from), split(&to));
        if from.len() != to.len() {
            return self.fail("strings for `y' command are different lengths");
        }
        Ok(from.into_iter().zip(to).collect())
    }
}

/// The parts of a replacement.
fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        let part = match byte {
            b'&' => Part::Group(0),
            b'\\' if at < text.len() => {
                let next = text[at];
                match next {
                    b'0'..=b'9' => Part::Group(usize::from(next - b'0')),
                    b'U' | b'L' | b'u' | b'l' | b'E' => Part::Case(next),
                    _ => {
                        let (value, len) = escape(&text[at..], Escapes::Sed).unwrap_or((next, 1));
                        plain.push(value);
                        at += len;
                        continue;
                    }
                }
            }
            _ => {
                plain.push(byte);
                continue;
            }
        };
        at += usize::from(byte == b'\\');
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(part);
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

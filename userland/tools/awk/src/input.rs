// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads records from a file or a pipe.

use std::io::Read;
use std::rc::Rc;

use ochre_regex::Regex;

/// What ends a record: RS.
#[derive(Clone)]
pub enum Separator {
    Byte(u8),
    /// Empty lines; those at the start do not count.
    Paragraph,
    Regex(Rc<Regex>),
}

/// A file with a buffer.
pub struct Reader {
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
}

impl Reader {
    pub fn new(input: Box<dyn Read>) -> Self {
        Self { input, buffer: Vec::new(), start: 0, ended: false }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let len = self.buffer.len();
        let more = len.clamp(8 * 1024, 1 << 20);
        self.buffer.resize(len + more, 0);
        let count = loop {
            match self.input.read(&mut self.buffer[len..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.buffer.truncate(len + count.as_ref().copied().unwrap_or(0));
        self.ended = count? == 0;
        Ok(())
    }

    /// The next record, none at the end.
    pub fn record(&mut self, separator: &Separator) -> std::io::Result<Option<Vec<u8>>> {
        if matches!(separator, Separator::Paragraph) {
            loop {
                while self.buffer.get(self.start) == Some(&b'\n') {
                    self.start += 1;
                }
                if self.start < self.buffer.len() || self.ended {
                    break;
                }
                self.fill()?;
            }
        }
        // What was searched already holds no end.
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.start..];
            let found = match separator {
                Separator::Byte(byte) => memchr::memchr(*byte, &rest[searched..])
                    .map(|at| (searched + at, searched + at + 1)),
                Separator::Paragraph => {
                    let from = searched.saturating_sub(1);
                    memchr::memmem::find(&rest[from..], b"\n\n")
                        .map(|at| (from + at, from + at + 2))
                }
                // A match that reaches the end of what is read may go on.
                Separator::Regex(regex) => regex
                    .find_at(rest, 0)
                    .filter(|(start, end)| end > start && (*end < rest.len() || self.ended)),
            };
            if let Some((end, next)) = found {
                let record = rest[..end].to_vec();
                self.start += next;
                return Ok(Some(record));
            }
            if self.ended {
                if rest.is_empty() {
                    return Ok(None);
                }
                let mut record = rest.to_vec();
                if matches!(separator, Separator::Paragraph) && record.last() == Some(&b'\n') {
                    record.pop();
                }
                self.start = self.buffer.len();
                return Ok(Some(record));
            }
            searched = rest.len();
            self.fill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &'static [u8], separator: Separator) -> Vec<String> {
        let mut reader = Reader::new(Box::new(text));
        let mut found = Vec::new();
        while let Some(record) = reader.record(&separator).unwrap() {
            found.push(String::from_utf8(record).unwrap());
        }
        found
    }

    #[test]
    fn records_end_as_told() {
        assert_eq!(all(b"a\n\nb", Separator::Byte(b'\n')), ["a", "", "b"]);
        assert_eq!(all(b"\n\na\nb\n\n\nc\n", Separator::Paragraph), ["a\nb", "c"]);
        let regex = Rc::new(Regex::new(b"x+", crate::expr::syntax()).unwrap());
        assert_eq!(all(b"axxbxc", Separator::Regex(regex)), ["a", "b", "c"]);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What xargs reads: words with quotes, lines, or items that a byte ends.

use std::io::Read;

use anyhow::Result;
use ochre_applet::Failure;

/// One argument read.
#[derive(Debug, PartialEq)]
pub struct Item {
    pub text: Vec<u8>,
    /// Does it end a line, for `-L`?
    pub ends_line: bool,
}

/// How the input is divided.
#[derive(Clone, Copy, PartialEq)]
pub enum Division {
    /// Words, with quotes and backslashes.
    Words,
    /// Lines without their leading blanks, with quotes and backslashes.
    Lines,
    /// What this byte ends, as it stands.
    Byte(u8),
}

/// Reads items one by one.
pub struct Items<Input> {
    input: std::io::BufReader<Input>,
    division: Division,
    /// The item that ends the input.
    end: Option<Vec<u8>>,
    done: bool,
}

impl<Input: Read> Items<Input> {
    pub fn new(input: Input, division: Division, end: Option<Vec<u8>>) -> Self {
        Self { input: std::io::BufReader::new(input), division, end, done: false }
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        use std::io::BufRead;
        let byte = self.input.fill_buf()?.first().copied();
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    /// The next item, none at the end.
    pub fn next(&mut self) -> Result<Option<Item>> {
        if self.done {
            return Ok(None);
        }
        let item = match self.division {
            Division::Byte(end) => self.until(end)?,
            Division::Words | Division::Lines => self.quoted()?,
        };
        match item {
            Some(item) if self.end.as_ref() != Some(&item.text) => Ok(Some(item)),
            _ => {
                self.done = true;
                Ok(None)
            }
        }
    }

    fn until(&mut self, end: u8) -> Result<Option<Item>> {
        let mut text = Vec::new();
        while let Some(byte) = self.byte()? {
            if byte == end {
                return Ok(Some(Item { text, ends_line: true }));
            }
            text.push(byte);
        }
        Ok((!text.is_empty()).then_some(Item { text, ends_line: true }))
    }

    fn quoted(&mut self) -> Result<Option<Item>> {
        let mut text = Vec::new();
        let mut begun = false;
        loop {
            let Some(byte) = self.byte()? else {
                return Ok(begun.then_some(Item { text, ends_line: true }));
            };
            match byte {
                b'\n' if begun => return Ok(Some(Item { text, ends_line: true })),
                b'\n' => {}
                b' ' | b'\t' | 0x0b | 0x0c if !begun => {}
                b' ' | b'\t' if self.division == Division::Words => {
                    let ends_line = self.skip_blanks()?;
                    return Ok(Some(Item { text, ends_line }));
                }
                b'\'' | b'"' => {
                    begun = true;
                    loop {
                        match self.byte()? {
                            Some(end) if end == byte => break,
                            None | Some(b'\n') => return Err(unmatched(byte)),
                            Some(inner) => text.push(inner),
                        }
                    }
                }
                b'\\' => {
                    begun = true;
                    text.push(self.byte()?.unwrap_or(b'\\'));
                }
                _ => {
                    begun = true;
                    text.push(byte);
                }
            }
        }
    }

    /// Skips blanks behind a word. A line's end right after them does not end it for `-L`.
    fn skip_blanks(&mut self) -> Result<bool> {
        use std::io::BufRead;
        loop {
            match self.input.fill_buf()?.first() {
                None => return Ok(true),
                Some(b' ' | b'\t') => self.input.consume(1),
                Some(_) => return Ok(false),
            }
        }
    }
}

fn unmatched(quote: u8) -> anyhow::Error {
    let kind = if quote == b'"' { "double" } else { "single" };
    let text = format!(
        "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
    );
    Failure::new(1, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, division: Division) -> Vec<(String, bool)> {
        let mut items = Items::new(text.as_bytes(), division, Some(b"END".to_vec()));
        let mut found = Vec::new();
        while let Some(item) = items.next().unwrap() {
            found.push((String::from_utf8(item.text).unwrap(), item.ends_line));
        }
        found
    }

    #[test]
    fn words_have_quotes_and_lines_go_on_after_a_blank() {
        let found = all("a 'b c'\\ d\n\ne \nf END g", Division::Words);
        let wanted = [("a", false), ("b c d", true), ("e", false), ("f", false)];
        assert_eq!(found, wanted.map(|(text, end)| (text.to_owned(), end)));
        assert!(Items::new(&b"a 'b\n"[..], Division::Words, None).next().is_ok());
    }

    #[test]
    fn lines_and_bytes_keep_blanks() {
        assert_eq!(all("  a b \n\nc", Division::Lines).len(), 2);
        assert_eq!(all("a\0\0'", Division::Byte(0)).len(), 3);
    }
}

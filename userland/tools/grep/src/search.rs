// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines of one file: which match, and how they are printed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, BufRead, Write};

use ochre_applet::complain;

use crate::options::{Binary, Options};
use crate::pattern::Pattern;

/// What grep needs to know while it reads.
pub struct Search<'a> {
    /// The command line.
    pub options: &'a Options,
    /// What is looked for.
    pub pattern: &'a Pattern,
    /// Are names printed?
    pub names: bool,
    /// Are matches marked?
    pub colors: bool,
    /// Are texts those of UTF-8?
    pub utf8: bool,
    /// Was a line printed before, so that a separator is due?
    pub printed: bool,
}

/// A file on its way through.
struct File<'a> {
    name: &'a [u8],
    number: u64,
    offset: u64,
    /// Was something left out because it is no text of the locale?
    hidden: &'a Cell<bool>,
}

const MATCH: &str = "\x1b[01;31m\x1b[K";
const NAME: &str = "\x1b[35m\x1b[K";
const NUMBER: &str = "\x1b[32m\x1b[K";
const SEPARATOR: &str = "\x1b[36m\x1b[K";
const PLAIN: &str = "\x1b[m\x1b[K";

impl Search<'_> {
    /// Reads one file; did a line match?
    pub fn file(
        &mut self,
        name: &[u8],
        input: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> io::Result<bool> {
        let options = self.options;
        let end = if options.null_data { 0 } else { b'\n' };
        let first = input.fill_buf()?;
        let mut binary = options.binary() != Binary::Print
            && !options.null_data
            && memchr::memchr(0, first).is_some();
        if binary && options.binary() == Binary::Skip {
            return Ok(false);
        }
        let lists = options.quiet || options.files_with_matches || options.files_without_match;
        let (before, after) = options.around();
        let prints = !lists && !options.count;
        let hidden = Cell::new(false);
        let mut file = File { name, number: 0, offset: 0, hidden: &hidden };
        let mut count = 0;
        let mut earlier: VecDeque<(u64, u64, Vec<u8>)> = VecDeque::new();
        let mut due = 0;
        let mut last_printed = 0;
        let mut line = Vec::new();
        let most = options.max_count.unwrap_or(u64::MAX);
        while count < most || due > 0 {
            line.clear();
            let len = input.read_until(end, &mut line)?;
            if len == 0 {
                break;
            }
            file.number += 1;
            if line.last() == Some(&end) {
                line.pop();
            }
            let matches = count < most && self.matches(&line) != options.invert_match;
            if matches {
                count += 1;
                if lists {
                    break;
                }
            }
            if prints && !binary && options.binary() != Binary::Print && !options.null_data {
                binary = memchr::memchr(0, &line).is_some();
            }
            if prints && matches {
                if binary {
                    break;
                }
                if (before > 0 || after > 0) && self.printed {
                    let gap = file.number - earlier.len() as u64 > last_printed + 1;
                    if gap || last_printed == 0 {
                        self.separator(out)?;
                    }
                }
                for (number, offset, text) in earlier.drain(..) {
                    self.line(&File { name, number, offset, hidden: &hidden }, &text, b'-', out)?;
                }
                self.matching(&file, &line, out)?;
                last_printed = file.number;
                self.printed = true;
                due = after;
            } else if prints && due > 0 {
                self.line(&file, &line, b'-', out)?;
                last_printed = file.number;
                due -= 1;
            } else if prints && before > 0 {
                if earlier.len() == before {
                    earlier.pop_front();
                }
                earlier.push_back((file.number, file.offset, line.clone()));
            }
            file.offset += len as u64;
        }
        let found = count > 0;
        if options.quiet {
            return Ok(found);
        }
        if options.files_with_matches || options.files_without_match {
            if found != options.files_without_match {
                self.colored(NAME, name, out)?;
                out.write_all(if options.null { b"\0" } else { b"\n" })?;
            }
        } else if options.count {
            if self.names {
                self.name(name, b':', out)?;
            }
            writeln!(out, "{count}")?;
        } else if (binary && found || hidden.get())
            && options.binary() == Binary::Say
            && !options.no_messages
        {
            out.flush()?;
            let name = String::from_utf8_lossy(name);
            complain("grep", format_args!("{name}: binary file matches"));
        }
        Ok(found)
    }

    fn matches(&self, line: &[u8]) -> bool {
        if self.tries_words() {
            return self.next(line, 0).is_some();
        }
        self.pattern.is_match(line)
    }

    /// Is each match to be tried whether it is a word?
    fn tries_words(&self) -> bool {
        self.options.word_regexp && !self.pattern.knows_words()
    }

    /// The next match, a whole word if that is wanted.
    fn next(&self, line: &[u8], from: usize) -> Option<(usize, usize)> {
        if !self.tries_words() {
            return self.pattern.find_at(line, from);
        }
        let word = |index: Option<usize>| {
            index
                .and_then(|index| line.get(index))
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte > 127)
        };
        let whole = |start: usize, end: usize| !word(start.checked_sub(1)) && !word(Some(end));
        let mut at = from;
        loop {
            let (start, end) = self.pattern.find_at(line, at)?;
            if whole(start, end) {
                return Some((start, end));
            }
            // A shorter match at the same place may be a word.
            let mut shorter = end;
            while shorter > start {
                shorter -= 1;
                match self.pattern.find_at(&line[..shorter], start) {
                    Some((s, e)) if s == start => {
                        if whole(s, e) {
                            return Some((s, e));
                        }
                        shorter = e;
                    }
                    _ => break,
                }
            }
            at = start + 1;
            if at > line.len() {
                return None;
            }
        }
    }

    fn separator(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.options.no_group_separator {
            return Ok(());
        }
        let text = self.options.group_separator.as_encoded_bytes();
        self.colored(SEPARATOR, text, out)?;
        out.write_all(b"\n")
    }

    fn colored(&self, color: &str, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.colors {
            out.write_all(color.as_bytes())?;
        }
        out.write_all(text)?;
        if self.colors {
            out.write_all(PLAIN.as_bytes())?;
        }
        Ok(())
    }

    fn name(&self, name: &[u8], mark: u8, out: &mut dyn Write) -> io::Result<()> {
        self.colored(NAME, name, out)?;
        if self.options.null {
            return out.write_all(b"\0");
        }
        self.colored(SEPARATOR, &[mark], out)
    }

    fn head(&self, file: &File<'_>, mark: u8, at: usize, out: &mut dyn Write) -> io::Result<()> {
        if self.names {
            self.name(file.name, mark, out)?;
        }
        if self.options.line_number {
            self.colored(NUMBER, file.number.to_string().as_bytes(), out)?;
            self.colored(SEPARATOR, &[mark], out)?;
        }
        if self.options.byte_offset {
            let offset = (file.offset + at as u64).to_string();
            self.colored(NUMBER, offset.as_bytes(), out)?;
            self.colored(SEPARATOR, &[mark], out)?;
        }
        let any = self.names || self.options.line_number || self.options.byte_offset;
        if self.options.initial_tab && any {
            out.write_all(b"\t")?;
        }
        Ok(())
    }

    /// Is something not to be printed, because it is no text of the locale? The file is told of then.
    fn hides(&self, file: &File<'_>, text: &[u8]) -> bool {
        let hides = self.options.binary() != Binary::Print
            && self.utf8
            && std::str::from_utf8(text).is_err();
        file.hidden.set(file.hidden.get() || hides);
        hides
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.options.null_data { b"\0" } else { b"\n" })?;
        if self.options.line_buffered { out.flush() } else { Ok(()) }
    }

    fn line(&self, file: &File<'_>, text: &[u8], mark: u8, out: &mut dyn Write) -> io::Result<()> {
        if self.options.only_matching {
            return Ok(());
        }
        if self.hides(file, text) {
            return Ok(());
        }
        self.head(file, mark, 0, out)?;
        out.write_all(text)?;
        self.end(out)
    }

    fn matching(&self, file: &File<'_>, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let only = self.options.only_matching;
        if self.options.invert_match || !(only || self.colors) {
            return self.line(file, text, b':', out);
        }
        if !only {
            if self.hides(file, text) {
                return Ok(());
            }
            self.head(file, b':', 0, out)?;
        }
        let mut at = 0;
        let mut written = 0;
        while let Some((start, end)) = self.next(text, at) {
            if start == end {
                at = end + 1;
                if at > text.len() {
                    break;
                }
                continue;
            }
            if only && self.hides(file, &text[start..end]) {
                // The next one may be a text.
            } else if only {
                self.head(file, b':', start, out)?;
                self.colored(MATCH, &text[start..end], out)?;
                self.end(out)?;
            } else {
                out.write_all(&text[written..start])?;
                self.colored(MATCH, &text[start..end], out)?;
            }
            written = end;
            at = end;
        }
        if only {
            return Ok(());
        }
        out.write_all(&text[written..])?;
        self.end(out)
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! vi's commands behind the colon.

use std::io::Write;
use std::path::{Path, PathBuf};

use ochre_applet::reason;

use super::Vi;
use super::buffer::{Buffer, decode};

impl Vi {
    /// Reads a file into the buffer; one that is not there yet is empty.
    pub fn open(&mut self, path: &Path) {
        let (text, note) = match std::fs::read(path) {
            Ok(text) => (text, ""),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (Vec::new(), " [New file]")
            }
            Err(error) => {
                self.message = format!("'{}' {}", path.display(), reason(&error));
                return;
            }
        };
        self.buffer = Buffer::new(&text);
        self.cursor = (0, 0);
        self.top = 0;
        self.marks.clear();
        let lines = if text.is_empty() { 0 } else { self.buffer.len() };
        self.message = format!("'{}'{note} {lines}L, {}C", path.display(), text.len());
    }

    /// Does what a line says.
    pub fn ex(&mut self, line: &str) {
        let line = line.trim_start_matches([':', ' ']);
        if line.is_empty() {
            return;
        }
        match self.try_ex(line) {
            Ok(()) => {}
            Err(what) => self.message = what,
        }
    }

    /// The row of an address at the begin of a text, and the rest.
    fn address<'t>(&mut self, text: &'t str) -> Result<(Option<usize>, &'t str), String> {
        let mut rest = text.trim_start();
        let mut row = None;
        let mut letters = rest.chars();
        match letters.next() {
            Some('.') => (row, rest) = (Some(self.cursor.0), letters.as_str()),
            Some('$') => (row, rest) = (Some(self.buffer.len() - 1), letters.as_str()),
            Some('\'') => {
                let mark = letters.next().and_then(|name| self.marks.get(&name));
                (row, rest) = (Some(mark.ok_or("Mark not set")?.0), letters.as_str());
            }
            Some(sign @ ('/' | '?')) => {
                let body = letters.as_str();
                let end = body.find(sign).unwrap_or(body.len());
                if end > 0 {
                    self.pattern = body[..end].to_owned();
                }
                let place = self.search(sign == '?').ok_or_else(|| self.message.clone())?;
                (row, rest) = (Some(place.0), body.get(end + 1..).unwrap_or(""));
            }
            Some('0'..='9') => {
                let (number, after) = number(rest);
                (row, rest) = (Some(number.saturating_sub(1)), after);
            }
            _ => {}
        }
        while let Some(sign) = rest.chars().next().filter(|sign| matches!(sign, '+' | '-')) {
            let (count, after) = number(&rest[1..]);
            let count = if after.len() == rest.len() - 1 { 1 } else { count };
            let from = row.unwrap_or(self.cursor.0);
            row = Some(if sign == '+' { from + count } else { from.saturating_sub(count) });
            rest = after;
        }
        match row {
            Some(row) if row >= self.buffer.len() => Err("Invalid range".to_owned()),
            _ => Ok((row, rest)),
        }
    }

    fn try_ex(&mut self, line: &str) -> Result<(), String> {
        let (mut last, mut rest) = (None, line);
        let mut first;
        if let Some(after) = rest.strip_prefix('%') {
            (first, last, rest) = (Some(0), Some(self.buffer.len() - 1), after);
        } else {
            (first, rest) = self.address(rest)?;
            if let Some(after) = rest.strip_prefix(',') {
                first = first.or(Some(self.cursor.0));
                (last, rest) = self.address(after)?;
                last = last.or(Some(self.cursor.0));
            }
        }
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        // s and its pattern may be letters, too: only its own name counts.
        let end = if rest.starts_with('s') && !rest.starts_with("se") { 1 } else { end };
        let (name, rest) = rest.split_at(end);
        let (force, rest) = match rest.strip_prefix('!') {
            Some(after) if !name.is_empty() => (true, after),
            _ => (false, rest),
        };
        let argument = rest.trim();
        let row = last.or(first);
        let begin = first.unwrap_or(self.cursor.0);
        let until = row.unwrap_or(begin) + 1;
        if begin >= until {
            return Err("Invalid range: the first line is behind the last".to_owned());
        }
        match name {
            "" if argument.is_empty() => {
                if let Some(row) = row {
                    self.cursor = (row, self.indent(row));
                }
            }
            "" if argument == "=" => {
                self.message = format!("{}", row.unwrap_or(self.buffer.len() - 1) + 1)
            }
            "" if argument.starts_with('!') => {
                return Err(
                    "commands are not run from here; leave the editor with :q first".to_owned()
                );
            }
            "w" | "write" | "wq" | "x" | "xit" => {
                let whole = first.is_none();
                let wanted = !name.starts_with('x') || self.buffer.modified;
                if wanted {
                    let rows = if whole { 0..self.buffer.len() } else { begin..until };
                    self.write_file(argument, rows, whole, force)?;
                }
                self.done = !name.starts_with("wri") && name != "w";
            }
            "q" | "quit" => {
                if self.buffer.modified && !force {
                    return Err("No write since last change (:q! overrides)".to_owned());
                }
                self.done = true;
            }
            "e" | "edit" | "n" | "next" | "prev" | "rew" => {
                if self.buffer.modified && !force {
                    return Err(format!("No write since last change (:{name}! overrides)"));
                }
                if name.starts_with('e') && !argument.is_empty() {
                    self.files = vec![PathBuf::from(argument)];
                    self.current = 0;
                } else {
                    let current = match name {
                        "n" | "next" => Some(self.current + 1),
                        "prev" => self.current.checked_sub(1),
                        "rew" => Some(0),
                        _ => Some(self.current),
                    };
                    let current = current.filter(|current| *current < self.files.len());
                    self.current = current.ok_or("No more files to edit")?;
                }
                let path = self.files[self.current].clone();
                self.open(&path);
            }
            "f" | "file" => {
                if !argument.is_empty() {
                    self.files = vec![PathBuf::from(argument)];
                    self.current = 0;
                }
                let name = self
                    .files
                    .get(self.current)
                    .map_or("No file".into(), |path| path.to_string_lossy());
                self.message =
                    format!("'{name}' line {} of {}", self.cursor.0 + 1, self.buffer.len());
            }
            "r" | "read" => {
                let text =
                    std::fs::read(argument).map_err(|e| format!("'{argument}' {}", reason(&e)))?;
                self.buffer.save(self.cursor);
                let at = if line.starts_with('0') { 0 } else { until };
                for (index, line) in decode(&text).enumerate() {
                    self.buffer.insert_line(at + index, line);
                }
                self.cursor = (at, 0);
            }
            "d" | "delete" | "y" | "yank" => {
                self.buffer.save(self.cursor);
                let piece = self.buffer.take_lines(begin..until, name.starts_with('d'));
                self.registers.insert('"', piece);
                self.buffer.unsave();
                self.cursor.0 = begin;
            }
            "s" => self.substitute(rest, begin..until)?,
            "set" | "se" => {
                for option in argument.split_whitespace() {
                    match option {
                        "nu" | "number" => self.numbers = true,
                        "nonu" | "nonumber" => self.numbers = false,
                        "ic" | "ignorecase" => self.ignore_case = true,
                        "noic" | "noignorecase" => self.ignore_case = false,
                        "ai" | "autoindent" => self.indent = true,
                        "noai" | "noautoindent" => self.indent = false,
                        _ => {
                            return Err(format!(
                                "no option {option}; there are nu, ic, ai and no… of them"
                            ));
                        }
                    }
                }
            }
            _ => return Err(format!("'{line}' is not implemented; see vi --help")),
        }
        Ok(())
    }

    fn write_file(
        &mut self,
        name: &str,
        rows: std::ops::Range<usize>,
        whole: bool,
        force: bool,
    ) -> Result<(), String> {
        let own = self.files.get(self.current).cloned();
        let path = if name.is_empty() { own.clone() } else { Some(PathBuf::from(name)) };
        let path = path.ok_or("No current filename; write :w NAME")?;
        let is_own = own.as_deref() == Some(&*path);
        if self.read_only && is_own && !force {
            return Err(format!("'{}' Read-only file (:w! overrides)", path.display()));
        }
        if !is_own && !force && path.exists() {
            return Err(format!("'{}' File exists (:w! overrides)", path.display()));
        }
        let text = self.buffer.bytes(rows);
        // In place: owner, mode and links stay.
        let result = std::fs::File::create(&path).and_then(|mut file| file.write_all(&text));
        result.map_err(|error| format!("'{}' {}", path.display(), reason(&error)))?;
        if whole && (is_own || own.is_none()) {
            self.buffer.modified = false;
            if own.is_none() {
                self.files = vec![path.clone()];
                self.current = 0;
            }
        }
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        self.message = format!("'{}' {lines}L, {}C", path.display(), text.len());
        Ok(())
    }

    /// `s/pattern/text/flags`, without the s.
    fn substitute(&mut self, text: &str, rows: std::ops::Range<usize>) -> Result<(), String> {
        let sign = text.chars().next().ok_or("write it as s/old/new/")?;
        let mut parts = vec![String::new()];
        let mut letters = text[sign.len_utf8()..].chars();
        while let Some(letter) = letters.next() {
            let last = parts.len() - 1;
            if letter == sign && parts.len() < 3 {
                parts.push(String::new());
            } else if letter == '\\' {
                match letters.next() {
                    Some(next) if next == sign => parts[last].push(next),
                    Some(next) => parts[last].extend(['\\', next]),
                    None => parts[last].push('\\'),
                }
            } else {
                parts[last].push(letter);
            }
        }
        parts.resize(3, String::new());
        if !parts[0].is_empty() {
            self.pattern = parts[0].clone();
        }
        let all = parts[2].contains('g');
        let old_case = self.ignore_case;
        self.ignore_case |= parts[2].contains('i');
        let regex = self.regex(&self.pattern.clone());
        self.ignore_case = old_case;
        let regex = regex.ok_or_else(|| self.message.clone())?;
        self.buffer.save(self.cursor);
        let (mut count, mut touched) = (0, None);
        for row in rows {
            let line: String = self.buffer.line(row).iter().collect();
            let bytes = line.as_bytes();
            let mut out = Vec::new();
            let (mut from, mut copied) = (0, 0);
            let before = count;
            while from <= bytes.len()
                && let Some(groups) = regex.groups_at(bytes, from)
                && let Some(Some((start, end))) = groups.first().copied()
            {
                out.extend(&bytes[copied..start]);
                expand(&parts[1], bytes, &groups, &mut out);
                copied = end;
                count += 1;
                from = if end > start { end } else { end + 1 };
                while from < bytes.len() && !line.is_char_boundary(from) {
                    from += 1;
                }
                if !all {
                    break;
                }
            }
            if count > before {
                out.extend(&bytes[copied..]);
                *self.buffer.edit(row) = String::from_utf8_lossy(&out).chars().collect();
                touched = Some(row);
            }
        }
        self.buffer.unsave();
        let row = touched.ok_or("No match")?;
        self.cursor = (row, self.indent(row));
        if count > 5 {
            self.message = format!("{count} substitutions");
        }
        Ok(())
    }
}

fn number(text: &str) -> (usize, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().unwrap_or(0), &text[end..])
}

/// The new text of a match: & and \1 to \9 are parts of the old one.
fn expand(text: &str, line: &[u8], groups: &[Option<(usize, usize)>], out: &mut Vec<u8>) {
    let group = |index: usize, out: &mut Vec<u8>| {
        if let Some(Some((start, end))) = groups.get(index) {
            out.extend(&line[*start..*end]);
        }
    };
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => group(0, out),
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => group(digit as usize - '0' as usize, out),
                Some('t') => out.push(b'\t'),
                Some(other) => out.extend(other.encode_utf8(&mut [0; 4]).bytes()),
                None => out.push(b'\\'),
            },
            _ => out.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

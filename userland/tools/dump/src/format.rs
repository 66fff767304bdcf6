// SPDX-License-Identifier: MIT OR Apache-2.0
//! hexdump's descriptions of output: `16/1 "%02x " "\n"`.
//!
//! A line of description is units; a unit is repeated, eats so many bytes each time, and prints texts
//! and conversions. What each conversion prints is `hexdump`'s business.

/// One line of description, as one `-e` gives it.
pub struct Line {
    /// In their order.
    pub units: Vec<Unit>,
}

/// A repeated part of a line.
pub struct Unit {
    /// How often.
    pub times: usize,
    /// Was it said how often?
    pub fixed: bool,
    /// Bytes that one time takes.
    pub size: usize,
    /// What is printed.
    pub pieces: Vec<Piece>,
}

/// What a unit prints.
pub enum Piece {
    /// As it is.
    Text(Vec<u8>),
    /// A value.
    Value(Value),
}

/// How a value is printed.
pub struct Value {
    /// Those of printf.
    pub flags: String,
    /// At least so wide.
    pub width: usize,
    /// As in printf.
    pub precision: Option<usize>,
    /// What.
    pub kind: Kind,
    /// Bytes of the input that it takes.
    pub size: usize,
}

/// What a conversion prints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A signed number.
    Signed,
    /// A number in octal, decimal or hexadecimal, by printf's letter.
    Unsigned(u8),
    /// A floating number, by printf's letter.
    Float(u8),
    /// A byte as it is.
    Byte,
    /// Bytes as they are, up to a zero.
    Text,
    /// `%_c`: a byte, as C writes it.
    Escaped,
    /// `%_p`: a byte, or a full stop.
    Printable,
    /// `%_u`: a byte, or its name in ASCII.
    Named,
    /// `%_a`: the offset, in this base.
    Offset(u8),
    /// `%_A`: the same, once at the end.
    End(u8),
}

impl Line {
    /// Bytes that all units take.
    pub fn size(&self) -> usize {
        self.units.iter().map(|unit| unit.size * unit.times).sum()
    }

    /// Reads a description.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut units = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (count, after) = digits(rest);
            rest = after.trim_start();
            let mut size = None;
            if let Some(after) = rest.strip_prefix('/') {
                (size, rest) = digits(after.trim_start());
                rest = rest.trim_start();
            }
            let bad = || format!("bad format {{{text}}}; one is like 16/1 \"%02x \" \"\\n\"");
            let body = rest.strip_prefix('"').ok_or_else(bad)?;
            let end = closing(body).ok_or_else(bad)?;
            let pieces = pieces(&unescape(&body[..end]), size)?;
            let taken = pieces.iter().map(|piece| match piece {
                Piece::Value(value) => value.size,
                Piece::Text(_) => 0,
            });
            let size = size.unwrap_or_else(|| taken.sum());
            units.push(Unit { times: count.unwrap_or(1), fixed: count.is_some(), size, pieces });
            rest = body[end + 1..].trim_start();
        }
        for unit in &mut units {
            if unit.times > 1 {
                unit.trim_last();
            }
        }
        Ok(Self { units })
    }

    /// A line that takes less than others repeats its last unit, if nothing says how often.
    pub fn widen(&mut self, size: usize) {
        let own = self.size();
        let last = self.units.iter_mut().rev().find(|unit| unit.size > 0);
        if let Some(unit) = last.filter(|unit| !unit.fixed && own < size) {
            unit.times += (size - own) / unit.size;
            if unit.times > 1 {
                unit.trim_last();
            }
        }
    }
}

impl Unit {
    /// Sets white space at the end apart: the last time of several goes without.
    fn trim_last(&mut self) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            let keep = text.trim_ascii_end().len();
            if keep > 0 && keep < text.len() {
                let space = text.split_off(keep);
                self.pieces.push(Piece::Text(space));
            }
        }
    }
}

fn digits(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

fn closing(body: &str) -> Option<usize> {
    let mut escaped = false;
    body.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'r') => b'\r',
            Some(b'v') => 11,
            Some(first @ b'0'..=b'7') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    if let Some(digit) = bytes.next_if(|byte| (b'0'..=b'7').contains(byte)) {
                        value = value * 8 + u32::from(digit - b'0');
                    }
                }
                value as u8
            }
            Some(other) => other,
            None => b'\\',
        });
    }
    out
}

fn pieces(text: &[u8], unit_size: Option<usize>) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = Vec::new();
    let mut sized = false;
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'%' {
            plain.push(text[at]);
            at += 1;
            continue;
        }
        if text.get(at + 1) == Some(&b'%') {
            plain.push(b'%');
            at += 2;
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        let (value, end) = value(text, at + 1, unit_size)?;
        if unit_size.is_some() && value.size > 0 && std::mem::replace(&mut sized, true) {
            return Err("byte count with multiple conversion characters".to_owned());
        }
        pieces.push(Piece::Value(value));
        at = end;
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn value(text: &[u8], mut at: usize, unit_size: Option<usize>) -> Result<(Value, usize), String> {
    let number = |at: &mut usize| {
        let start = *at;
        while text.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        String::from_utf8_lossy(&text[start..*at]).parse::<usize>().ok()
    };
    let mut flags = String::new();
    while let Some(flag) = text.get(at).filter(|byte| b"-+ #0".contains(byte)) {
        flags.push(char::from(*flag));
        at += 1;
    }
    let width = number(&mut at).unwrap_or(0);
    let mut precision = None;
    if text.get(at) == Some(&b'.') {
        at += 1;
        precision = Some(number(&mut at).unwrap_or(0));
    }
    while matches!(text.get(at), Some(b'l' | b'h' | b'q')) {
        at += 1;
    }
    let bad = |what: &[u8]| {
        format!("bad conversion character %{}; see --help", String::from_utf8_lossy(what))
    };
    let letter = *text.get(at).ok_or_else(|| bad(b""))?;
    let (kind, usual, sizes, len): (Kind, usize, &[usize], usize) = match letter {
        b'd' | b'i' => (Kind::Signed, 4, &[1, 2, 4, 8], 1),
        b'o' | b'u' | b'x' | b'X' => (Kind::Unsigned(letter), 4, &[1, 2, 4, 8], 1),
        b'e' | b'E' | b'f' | b'g' | b'G' => (Kind::Float(letter), 8, &[4, 8], 1),
        b'c' => (Kind::Byte, 1, &[1], 1),
        b's' => (
            Kind::Text,
            precision.or(unit_size).ok_or("%s requires a precision or a byte count")?,
            &[],
            1,
        ),
        b'_' => {
            let what = &text[at..text.len().min(at + 3)];
            match (what.get(1), what.get(2)) {
                (Some(b'c'), _) => (Kind::Escaped, 1, &[1], 2),
                (Some(b'p'), _) => (Kind::Printable, 1, &[1], 2),
                (Some(b'u'), _) => (Kind::Named, 1, &[1], 2),
                (Some(b'a'), Some(base @ (b'd' | b'o' | b'x'))) => (Kind::Offset(*base), 0, &[], 3),
                (Some(b'A'), Some(base @ (b'd' | b'o' | b'x'))) => (Kind::End(*base), 0, &[], 3),
                _ => return Err(bad(what)),
            }
        }
        _ => return Err(bad(&[letter])),
    };
    let size = match unit_size {
        Some(size) if !sizes.is_empty() => {
            if !sizes.contains(&size) {
                return Err(format!(
                    "bad byte count for conversion character {}",
                    char::from(letter)
                ));
            }
            size
        }
        _ => usual,
    };
    Ok((Value { flags, width, precision, kind, size }, at + len))
}

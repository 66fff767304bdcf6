// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text that vi edits: lines of characters, and what they were before.
//!
//! There is always a line. Bytes that are no UTF-8 are characters of a private area, and come back.

use std::rc::Rc;

/// A place: row, column.
pub type Place = (usize, usize);

/// Lines and where the cursor was.
type Version = (Vec<Rc<Vec<char>>>, Place);

/// First character for bytes that are no UTF-8; the byte is added.
const BYTES: u32 = 0xf_f700;
/// How far one can go back.
const MOST_VERSIONS: usize = 500;

/// Text that was deleted or yanked.
#[derive(Clone, Default)]
pub struct Piece {
    /// Its lines.
    pub lines: Vec<Vec<char>>,
    /// Are they whole lines?
    pub whole: bool,
}

/// The text.
pub struct Buffer {
    lines: Vec<Rc<Vec<char>>>,
    undo: Vec<Version>,
    redo: Vec<Version>,
    /// Was it changed since it was written?
    pub modified: bool,
}

impl Buffer {
    /// The text of a file.
    pub fn new(text: &[u8]) -> Self {
        let mut lines = decode(text).map(Rc::new).collect::<Vec<_>>();
        if lines.is_empty() {
            lines.push(Rc::default());
        }
        Self { lines, undo: Vec::new(), redo: Vec::new(), modified: false }
    }

    /// The lines of a range as bytes.
    pub fn bytes(&self, rows: std::ops::Range<usize>) -> Vec<u8> {
        if self.lines.len() == 1 && self.lines[0].is_empty() {
            return Vec::new();
        }
        let mut out = Vec::new();
        for line in &self.lines[rows] {
            for letter in line.iter() {
                match u32::from(*letter).checked_sub(BYTES) {
                    Some(byte @ 0x80..=0xff) => out.push(byte as u8),
                    _ => out.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
                }
            }
            out.push(b'\n');
        }
        out
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// A line.
    pub fn line(&self, row: usize) -> &[char] {
        &self.lines[row.min(self.lines.len() - 1)]
    }

    /// Remembers how all is, before a change.
    pub fn save(&mut self, cursor: Place) {
        if self.undo.len() == MOST_VERSIONS {
            self.undo.remove(0);
        }
        self.undo.push((self.lines.clone(), cursor));
        self.redo.clear();
    }

    /// Goes back a change, or forward again. Gives the cursor of then.
    pub fn back(&mut self, forward: bool, cursor: Place) -> Option<Place> {
        let (from, to) = if forward {
            (&mut self.redo, &mut self.undo)
        } else {
            (&mut self.undo, &mut self.redo)
        };
        let (lines, then) = from.pop()?;
        to.push((std::mem::replace(&mut self.lines, lines), cursor));
        self.modified = true;
        Some(then)
    }

    /// Forgets a remembered state that nothing came after.
    pub fn unsave(&mut self) {
        if self.undo.last().is_some_and(|(lines, _)| *lines == self.lines) {
            self.undo.pop();
        }
    }

    /// A line to change.
    pub fn edit(&mut self, row: usize) -> &mut Vec<char> {
        self.modified = true;
        Rc::make_mut(&mut self.lines[row])
    }

    /// Puts a line in.
    pub fn insert_line(&mut self, row: usize, line: Vec<char>) {
        self.modified = true;
        self.lines.insert(row, Rc::new(line));
    }

    /// Breaks a line in two.
    pub fn split(&mut self, (row, column): Place) {
        let rest = self.edit(row).split_off(column);
        self.insert_line(row + 1, rest);
    }

    /// Puts the next line behind this one.
    pub fn join(&mut self, row: usize) {
        if row + 1 < self.lines.len() {
            let next = self.lines.remove(row + 1);
            self.edit(row).extend(next.iter());
        }
    }

    /// Takes whole lines out, or copies them.
    pub fn take_lines(&mut self, rows: std::ops::Range<usize>, remove: bool) -> Piece {
        let rows = rows.start.min(self.lines.len())..rows.end.min(self.lines.len());
        let lines = self.lines[rows.clone()].iter().map(|line| line.to_vec()).collect();
        if remove && !rows.is_empty() {
            self.modified = true;
            self.lines.drain(rows);
            if self.lines.is_empty() {
                self.lines.push(Rc::default());
            }
        }
        Piece { lines, whole: true }
    }

    /// Takes out what is between two places, or copies it; the end is not part of it.
    pub fn take(&mut self, from: Place, to: Place, remove: bool) -> Piece {
        let end = |row: usize, column: usize| column.min(self.lines[row].len());
        let (start, stop) = (end(from.0, from.1), end(to.0, to.1));
        if from.0 == to.0 {
            let line = self.lines[from.0][start..stop.max(start)].to_vec();
            if remove && !line.is_empty() {
                self.edit(from.0).drain(start..stop);
            }
            return Piece { lines: vec![line], whole: false };
        }
        let mut lines = vec![self.lines[from.0][start..].to_vec()];
        lines.extend(self.lines[from.0 + 1..to.0].iter().map(|line| line.to_vec()));
        lines.push(self.lines[to.0][..stop].to_vec());
        if remove {
            let rest = self.lines[to.0][stop..].to_vec();
            let first = self.edit(from.0);
            first.truncate(start);
            first.extend(rest);
            self.lines.drain(from.0 + 1..=to.0);
        }
        Piece { lines, whole: false }
    }

    /// Puts a piece in at a place; gives where it ends.
    pub fn put(&mut self, piece: &Piece, (row, column): Place) -> Place {
        if piece.whole {
            for (index, line) in piece.lines.iter().enumerate() {
                self.insert_line(row + index, line.clone());
            }
            return (row, 0);
        }
        let column = column.min(self.lines[row].len());
        let [lines @ .., last] = &piece.lines[..] else { return (row, column) };
        let rest = self.edit(row).split_off(column);
        let mut at = row;
        for line in lines {
            self.edit(at).extend(line);
            self.insert_line(at + 1, Vec::new());
            at += 1;
        }
        self.edit(at).extend(last);
        let end = (at, self.lines[at].len());
        self.edit(at).extend(rest);
        end
    }
}

/// Bytes as lines of characters.
pub fn decode(text: &[u8]) -> impl Iterator<Item = Vec<char>> {
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    lines.take(if text.is_empty() { 0 } else { usize::MAX }).map(|line| {
        let mut letters = Vec::new();
        for chunk in line.utf8_chunks() {
            letters.extend(chunk.valid().chars());
            let private = |byte: &u8| char::from_u32(BYTES + u32::from(*byte)).unwrap_or('?');
            letters.extend(chunk.invalid().iter().map(private));
        }
        letters
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_go_and_come_back() {
        let mut buffer = Buffer::new(b"one two\nthree\nfo\xffur\n");
        buffer.save((0, 0));
        let piece = buffer.take((0, 3), (2, 2), true);
        assert_eq!(buffer.bytes(0..1), b"one\xffur\n");
        assert_eq!(buffer.put(&piece, (0, 3)), (2, 2));
        assert_eq!(buffer.bytes(0..3), b"one two\nthree\nfo\xffur\n");
        buffer.take_lines(0..3, true);
        assert_eq!(buffer.bytes(0..1), b"");
        assert_eq!(buffer.back(false, (0, 0)), Some((0, 0)));
        assert_eq!(buffer.len(), 3);
    }
}

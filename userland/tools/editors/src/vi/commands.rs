// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keys do in vi's command mode, and in the modes in which one writes.

use super::buffer::{Piece, Place};
use super::motions::Target;
use super::{Mode, Vi};
use crate::screen::Key;

/// The register for text without one.
const UNNAMED: char = '"';

impl Vi {
    /// Reads and does one command.
    pub fn command(&mut self) {
        self.settle();
        self.record.clear();
        let before = self.buffer.modified;
        let mut register = UNNAMED;
        let mut count: Option<usize> = None;
        let key = loop {
            let Some(key) = self.key() else { return };
            match key {
                Key::Char('"') => {
                    if let Some(Key::Char(name)) = self.key() {
                        register = name;
                    }
                }
                Key::Char(digit @ '0'..='9') if digit != '0' || count.is_some() => {
                    let value = digit as usize - '0' as usize;
                    count = Some((count.unwrap_or(0) * 10 + value).min(1 << 24));
                }
                _ => break key,
            }
        };
        self.message.clear();
        if self.simple(key) {
            return;
        }
        if let Some(target) = self.motion(key, count) {
            self.marks.insert('\'', self.cursor);
            self.cursor = target.place;
            return;
        }
        self.buffer.modified = false;
        self.buffer.save(self.cursor);
        self.change(key, count, register);
        let changed = self.buffer.modified;
        self.buffer.modified |= before;
        self.buffer.unsave();
        if changed && self.replay.is_empty() && !self.record.is_empty() {
            self.last_change = self.record.clone();
        }
    }

    /// Commands that are no change themselves; false if it is none of them.
    fn simple(&mut self, key: Key) -> bool {
        let page = self.page();
        let scroll = |vi: &mut Self, by: isize| {
            let last = vi.buffer.len() - 1;
            vi.top = vi.top.saturating_add_signed(by).min(last);
            let row = vi.cursor.0.saturating_add_signed(by).min(last);
            vi.cursor.0 = row.clamp(vi.top, vi.top + page - 1);
        };
        match key {
            Key::Char(':') => {
                if let Some(line) = self.prompt(':') {
                    self.ex(&line);
                }
            }
            Key::Char('u' | '\u{12}') => {
                match self.buffer.back(key != Key::Char('u'), self.cursor) {
                    Some(cursor) => self.cursor = cursor,
                    None => self.message = "Nothing to undo".to_owned(),
                }
            }
            Key::Char('.') => self.replay = self.last_change.iter().copied().collect(),
            Key::Char('m') => {
                if let Some(Key::Char(name)) = self.key() {
                    self.marks.insert(name, self.cursor);
                }
            }
            Key::Char('\u{6}') | Key::PageDown => scroll(self, page as isize - 2),
            Key::Char('\u{2}') | Key::PageUp => scroll(self, 2 - page as isize),
            Key::Char('\u{4}') => scroll(self, (page / 2) as isize),
            Key::Char('\u{15}') => scroll(self, -((page / 2) as isize)),
            Key::Char('\u{5}') => scroll(self, 1),
            Key::Char('\u{19}') => scroll(self, -1),
            Key::Char('z') => match self.key() {
                Some(Key::Char('\r')) => self.top = self.cursor.0,
                Some(Key::Char('.')) => self.top = self.cursor.0.saturating_sub(page / 2),
                Some(Key::Char('-')) => self.top = self.cursor.0.saturating_sub(page - 1),
                _ => {}
            },
            Key::Char('Z') => match self.key() {
                Some(Key::Char('Z')) => self.ex("x"),
                Some(Key::Char('Q')) => self.done = true,
                _ => {}
            },
            Key::Char('\u{7}') => self.ex("f"),
            Key::Char('\u{c}') => self.screen.out += "\x1b[2J",
            Key::Char('\u{1b}' | '\u{3}') => {}
            _ => return false,
        }
        true
    }

    fn keep(&mut self, register: char, piece: Piece) {
        // A capital letter adds to the register.
        if register.is_ascii_uppercase() {
            let old = self.registers.entry(register.to_ascii_lowercase()).or_default();
            old.whole |= piece.whole;
            old.lines.extend(piece.lines.clone());
        } else {
            self.registers.insert(register, piece.clone());
        }
        self.registers.insert(UNNAMED, piece);
    }

    fn change(&mut self, key: Key, count: Option<usize>, register: char) {
        let (row, column) = self.cursor;
        let times = count.unwrap_or(1);
        let len = self.buffer.line(row).len();
        match key {
            Key::Char(operator @ ('d' | 'c' | 'y' | '<' | '>')) => {
                self.operator(operator, count, register)
            }
            Key::Char('D') => self.apply('d', (row, column), (row, len), register),
            Key::Char('C') => self.apply('c', (row, column), (row, len), register),
            Key::Char('Y') => self.apply_lines('y', row, row + times - 1, register),
            Key::Char('S') => self.apply_lines('c', row, row + times - 1, register),
            Key::Char('x') | Key::Delete => {
                self.apply('d', (row, column), (row, (column + times).min(len)), register);
            }
            Key::Char('X') => {
                self.apply('d', (row, column.saturating_sub(times)), (row, column), register)
            }
            Key::Char('s') => {
                self.apply('c', (row, column), (row, (column + times).min(len)), register)
            }
            Key::Char('i') | Key::Insert => self.write(times),
            Key::Char('I') => self.write_at(
                (row, self.buffer.line(row).iter().take_while(|c| c.is_whitespace()).count()),
                times,
            ),
            Key::Char('a') => self.write_at((row, (column + 1).min(len)), times),
            Key::Char('A') => self.write_at((row, len), times),
            Key::Char('o' | 'O') => {
                let at = if key == Key::Char('o') { row + 1 } else { row };
                let blanks = self.blanks(row);
                let start = blanks.len();
                self.buffer.insert_line(at, blanks);
                self.write_at((at, start), 1);
            }
            Key::Char('R') => {
                self.mode = Mode::Replace;
                self.type_in();
            }
            Key::Char('r') => {
                if let Some(Key::Char(letter)) = self.key() {
                    if letter == '\u{1b}' || column + times > len {
                        return;
                    }
                    if letter == '\r' {
                        self.buffer.take((row, column), (row, column + times), true);
                        self.buffer.split((row, column));
                        self.cursor = (row + 1, 0);
                    } else {
                        self.buffer.edit(row)[column..column + times].fill(letter);
                        self.cursor.1 = column + times - 1;
                    }
                }
            }
            Key::Char('~') => {
                let end = (column + times).min(len);
                for letter in &mut self.buffer.edit(row)[column.min(end)..end] {
                    let turned = if letter.is_lowercase() {
                        letter.to_uppercase().next()
                    } else {
                        letter.to_lowercase().next()
                    };
                    *letter = turned.unwrap_or(*letter);
                }
                self.cursor.1 = end;
            }
            Key::Char('J') => {
                for _ in 0..times.max(2) - 1 {
                    self.join();
                }
            }
            Key::Char('p' | 'P') => self.put(key == Key::Char('p'), times, register),
            _ => {}
        }
    }

    fn blanks(&self, row: usize) -> Vec<char> {
        let blanks = self.buffer.line(row).iter().take_while(|letter| letter.is_whitespace());
        if self.indent { blanks.copied().collect() } else { Vec::new() }
    }

    fn join(&mut self) {
        let row = self.cursor.0;
        if row + 1 >= self.buffer.len() {
            return;
        }
        let next = self.buffer.line(row + 1);
        let blanks = next.iter().take_while(|letter| letter.is_whitespace()).count();
        let closes = next.get(blanks) == Some(&')') || blanks == next.len();
        self.buffer.edit(row + 1).drain(..blanks);
        let len = self.buffer.line(row).len();
        let ends_blank = self.buffer.line(row).last().is_none_or(|letter| letter.is_whitespace());
        if !closes && !ends_blank {
            self.buffer.edit(row).push(' ');
        }
        self.buffer.join(row);
        self.cursor.1 = len;
    }

    fn put(&mut self, behind: bool, times: usize, register: char) {
        let Some(piece) = self.registers.get(&register.to_ascii_lowercase()).cloned() else {
            self.message = format!("Nothing in register {register}");
            return;
        };
        let (row, column) = self.cursor;
        if piece.whole {
            let at = if behind { row + 1 } else { row };
            for _ in 0..times {
                self.buffer.put(&piece, (at, 0));
            }
            self.cursor = (at, self.indent(at));
        } else {
            let mut at =
                (row, if behind { (column + 1).min(self.buffer.line(row).len()) } else { column });
            let first = at;
            for _ in 0..times {
                at = self.buffer.put(&piece, at);
            }
            self.cursor =
                if piece.lines.len() > 1 { first } else { (at.0, at.1.saturating_sub(1)) };
        }
    }

    /// An operator and its motion.
    fn operator(&mut self, operator: char, count: Option<usize>, register: char) {
        let mut more: Option<usize> = None;
        let key = loop {
            match self.key() {
                Some(Key::Char(digit @ '0'..='9')) if digit != '0' || more.is_some() => {
                    more =
                        Some((more.unwrap_or(0) * 10 + digit as usize - '0' as usize).min(1 << 24));
                }
                Some(key) => break key,
                None => return,
            }
        };
        let count = match (count, more) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(1) * b.unwrap_or(1)),
        };
        let (row, column) = self.cursor;
        if key == Key::Char(operator) {
            self.apply_lines(operator, row, row + count.unwrap_or(1) - 1, register);
            return;
        }
        // A word that is changed keeps the blanks behind it.
        let on_word =
            self.buffer.line(row).get(column).is_some_and(|letter| !letter.is_whitespace());
        let key = match (operator, key) {
            ('c', Key::Char('w')) if on_word => Key::Char('e'),
            ('c', Key::Char('W')) if on_word => Key::Char('E'),
            (_, key) => key,
        };
        // On the last letter of a word, e would go on to the next.
        if operator == 'c' && matches!(key, Key::Char('e' | 'E')) && column > 0 {
            self.cursor.1 -=
                usize::from(!self.buffer.line(row)[column - 1].is_whitespace() && count.is_none());
        }
        let target = self.motion(key, count);
        self.cursor = (row, column);
        let Some(Target { place, lines, inclusive }) = target else { return };
        let (from, mut to) =
            if place < (row, column) { (place, (row, column)) } else { ((row, column), place) };
        if lines || matches!(operator, '<' | '>') {
            self.apply_lines(operator, from.0, to.0, register);
            return;
        }
        if inclusive {
            to.1 += 1;
        }
        // w does not take the line's end with it.
        if matches!(key, Key::Char('w' | 'W')) && to.0 > from.0 && to.1 <= self.indent(to.0) {
            to = (to.0 - 1, self.buffer.line(to.0 - 1).len());
        }
        self.apply(operator, from, to, register);
    }

    fn apply(&mut self, operator: char, from: Place, to: Place, register: char) {
        let piece = self.buffer.take(from, to, operator != 'y');
        self.keep(register, piece);
        self.cursor = from;
        if operator == 'c' {
            self.write(1);
        }
    }

    fn apply_lines(&mut self, operator: char, first: usize, last: usize, register: char) {
        let last = last.min(self.buffer.len() - 1);
        match operator {
            '<' | '>' => {
                for row in first..=last {
                    let line = self.buffer.edit(row);
                    if operator == '>' && !line.is_empty() {
                        line.insert(0, '\t');
                    } else if operator == '<' {
                        let tab = line.first() == Some(&'\t');
                        let blanks =
                            line.iter().take(8).take_while(|letter| **letter == ' ').count();
                        line.drain(..if tab { 1 } else { blanks });
                    }
                }
                self.cursor = (first, self.indent(first));
            }
            'y' => {
                let piece = self.buffer.take_lines(first..last + 1, false);
                self.keep(register, piece);
                self.cursor.0 = first;
            }
            'd' => {
                let piece = self.buffer.take_lines(first..last + 1, true);
                self.keep(register, piece);
                let row = first.min(self.buffer.len() - 1);
                self.cursor = (row, self.indent(row));
            }
            _ => {
                let blanks = self.blanks(first);
                let start = blanks.len();
                let piece = self.buffer.take_lines(first..last + 1, false);
                self.buffer.take_lines(first + 1..last + 1, true);
                *self.buffer.edit(first) = blanks;
                self.keep(register, piece);
                self.write_at((first, start), 1);
            }
        }
    }

    fn write_at(&mut self, place: Place, times: usize) {
        self.cursor = place;
        self.write(times);
    }

    fn write(&mut self, times: usize) {
        self.mode = Mode::Insert;
        let from = self.cursor;
        self.type_in();
        if times > 1 && self.cursor >= from {
            let end = (
                self.cursor.0,
                self.cursor.1 + usize::from(self.buffer.line(self.cursor.0).len() > self.cursor.1),
            );
            let piece = self.buffer.take(from, end, false);
            let mut at = end;
            for _ in 1..times {
                at = self.buffer.put(&piece, at);
            }
            self.cursor = (at.0, at.1.saturating_sub(1));
        }
    }

    /// Takes what is written until Escape.
    fn type_in(&mut self) {
        let begin = self.cursor;
        while let Some(key) = self.key() {
            let (row, column) = self.cursor;
            match key {
                Key::Char('\u{1b}' | '\u{3}') => break,
                Key::Char('\r' | '\n') => {
                    self.buffer.split((row, column));
                    let blanks = self.blanks(row);
                    self.cursor = (row + 1, blanks.len());
                    self.buffer.edit(row + 1).splice(0..0, blanks);
                }
                Key::Char('\u{7f}' | '\u{8}') if column > 0 => {
                    self.cursor.1 -= 1;
                    if self.mode == Mode::Insert {
                        self.buffer.edit(row).remove(column - 1);
                    }
                }
                Key::Char('\u{7f}' | '\u{8}') if row > 0 && self.mode == Mode::Insert => {
                    self.cursor = (row - 1, self.buffer.line(row - 1).len());
                    self.buffer.join(row - 1);
                }
                Key::Char('\u{17}') if row == begin.0 && column > begin.1 => {
                    self.buffer.take(begin, (row, column), true);
                    self.cursor = begin;
                }
                Key::Char('\u{16}') => {
                    if let Some(Key::Char(letter)) = self.key() {
                        self.type_letter(letter);
                    }
                }
                Key::Char(letter) if letter >= ' ' && letter != '\u{7f}' || letter == '\t' => {
                    self.type_letter(letter);
                }
                Key::Delete if column < self.buffer.line(row).len() => {
                    self.buffer.edit(row).remove(column);
                }
                Key::Up | Key::Down | Key::Left | Key::Right | Key::Home | Key::End => {
                    let end = if key == Key::End { 1 } else { 0 };
                    if let Some(target) = self.motion(key, None) {
                        self.cursor = target.place;
                        self.cursor.1 += end;
                        self.settle();
                    }
                }
                _ => {}
            }
        }
        self.mode = Mode::Command;
        self.cursor.1 = self.cursor.1.saturating_sub(1);
    }

    fn type_letter(&mut self, letter: char) {
        let (row, column) = self.cursor;
        let replaces = self.mode == Mode::Replace;
        let line = self.buffer.edit(row);
        match line.get_mut(column).filter(|_| replaces) {
            Some(old) => *old = letter,
            None => line.insert(column, letter),
        }
        self.cursor.1 += 1;
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where vi's motions lead to.

use super::Vi;
use super::buffer::Place;
use crate::screen::Key;

/// Where a motion leads to, and what an operator takes with it.
pub struct Target {
    /// The place.
    pub place: Place,
    /// Operators take whole lines.
    pub lines: bool,
    /// Operators take the character at the place, too.
    pub inclusive: bool,
}

fn class(letter: char, big: bool) -> u8 {
    match letter {
        _ if letter.is_whitespace() => 0,
        _ if big || letter.is_alphanumeric() || letter == '_' => 1,
        _ => 2,
    }
}

impl Vi {
    /// The place of a motion, `None` if the key is none or it leads nowhere.
    pub fn motion(&mut self, key: Key, count: Option<usize>) -> Option<Target> {
        let (row, column) = self.cursor;
        let times = count.unwrap_or(1);
        let exact = |place| Some(Target { place, lines: false, inclusive: false });
        let inclusive = |place| Some(Target { place, lines: false, inclusive: true });
        let lines = |row| Some(Target { place: (row, column), lines: true, inclusive: false });
        let last = self.buffer.len() - 1;
        match key {
            Key::Char('h' | '\u{8}' | '\u{7f}') | Key::Left => {
                exact((row, column.saturating_sub(times)))
            }
            Key::Char('l' | ' ') | Key::Right => {
                exact((row, (column + times).min(self.buffer.line(row).len())))
            }
            Key::Char('j' | '\u{a}' | '\u{e}') | Key::Down if row < last => {
                lines((row + times).min(last))
            }
            Key::Char('k' | '\u{10}') | Key::Up if row > 0 => lines(row.saturating_sub(times)),
            Key::Char('+' | '\r') if row < last => self.first_of((row + times).min(last)),
            Key::Char('-') if row > 0 => self.first_of(row.saturating_sub(times)),
            Key::Char('0') | Key::Home => exact((row, 0)),
            Key::Char('^') => exact((row, self.indent(row))),
            Key::Char('$') | Key::End => {
                let row = (row + times - 1).min(last);
                inclusive((row, self.buffer.line(row).len().saturating_sub(1)))
            }
            Key::Char('|') => exact((row, times - 1)),
            Key::Char('w' | 'W') => {
                exact(self.repeat(times, |vi, at| vi.word(at, key == Key::Char('W'))))
            }
            Key::Char('b' | 'B') => {
                exact(self.repeat(times, |vi, at| vi.word_back(at, key == Key::Char('B'))))
            }
            Key::Char('e' | 'E') => {
                inclusive(self.repeat(times, |vi, at| vi.word_end(at, key == Key::Char('E'))))
            }
            Key::Char('G') => self.first_of(count.map_or(last, |line| line.max(1) - 1).min(last)),
            Key::Char('g') if self.key() == Some(Key::Char('g')) => self.first_of(times.max(1) - 1),
            Key::Char('H') => self.first_of((self.top + times - 1).min(last)),
            Key::Char('L') => {
                self.first_of((self.top + self.page()).saturating_sub(times).min(last))
            }
            Key::Char('M') => self.first_of((self.top + self.page() / 2).min(last)),
            Key::Char(kind @ ('f' | 'F' | 't' | 'T')) => {
                let Some(Key::Char(letter)) = self.key() else { return None };
                self.found = Some((kind, letter));
                self.find_letter(kind, letter, times)
            }
            Key::Char(kind @ (';' | ',')) => {
                let (found, letter) = self.found?;
                let turned = if found.is_lowercase() {
                    found.to_ascii_uppercase()
                } else {
                    found.to_ascii_lowercase()
                };
                self.find_letter(if kind == ';' { found } else { turned }, letter, times)
            }
            Key::Char('%') => inclusive(self.matching()?),
            Key::Char('}') => {
                let blank = |row: &usize| self.buffer.line(*row).is_empty();
                let end = (last, self.buffer.line(last).len());
                exact((row + 1..=last).find(blank).map_or(end, |row| (row, 0)))
            }
            Key::Char('{') => {
                let blank = |row: &usize| self.buffer.line(*row).is_empty();
                exact((0..row).rev().find(blank).map_or((0, 0), |row| (row, 0)))
            }
            Key::Char(sign @ ('/' | '?')) => {
                let pattern = self.prompt(sign)?;
                if !pattern.is_empty() {
                    self.pattern = pattern;
                }
                self.backward = sign == '?';
                exact(self.search(self.backward)?)
            }
            Key::Char('n') => exact(self.search(self.backward)?),
            Key::Char('N') => exact(self.search(!self.backward)?),
            Key::Char(sign @ ('\'' | '`')) => {
                let Some(Key::Char(name)) = self.key() else { return None };
                let place = *self.marks.get(&name).or_else(|| {
                    self.message = "Mark not set".to_owned();
                    None
                })?;
                if sign == '\'' { self.first_of(place.0.min(last)) } else { exact(place) }
            }
            _ => None,
        }
    }

    /// The column of a line's first character that is no blank.
    pub fn indent(&self, row: usize) -> usize {
        let line = self.buffer.line(row);
        line.iter()
            .position(|letter| !letter.is_whitespace())
            .unwrap_or(line.len().saturating_sub(1))
    }

    fn first_of(&self, row: usize) -> Option<Target> {
        let row = row.min(self.buffer.len() - 1);
        Some(Target { place: (row, self.indent(row)), lines: true, inclusive: false })
    }

    fn repeat(&self, times: usize, step: impl Fn(&Self, Place) -> Place) -> Place {
        (0..times).fold(self.cursor, |at, _| step(self, at))
    }

    /// The next word's begin; an empty line is one.
    fn word(&self, (mut row, mut column): Place, big: bool) -> Place {
        let line = self.buffer.line(row);
        if let Some(kind) =
            line.get(column).map(|letter| class(*letter, big)).filter(|kind| *kind > 0)
        {
            while line.get(column).is_some_and(|letter| class(*letter, big) == kind) {
                column += 1;
            }
        }
        loop {
            let line = self.buffer.line(row);
            while line.get(column).is_some_and(|letter| class(*letter, big) == 0) {
                column += 1;
            }
            if column < line.len() || row + 1 == self.buffer.len() {
                return (row, column);
            }
            (row, column) = (row + 1, 0);
            if self.buffer.line(row).is_empty() {
                return (row, 0);
            }
        }
    }

    fn word_back(&self, (mut row, mut column): Place, big: bool) -> Place {
        loop {
            let line = self.buffer.line(row);
            while column > 0 && class(line[column - 1], big) == 0 {
                column -= 1;
            }
            if column > 0 {
                let kind = class(line[column - 1], big);
                while column > 0 && class(line[column - 1], big) == kind {
                    column -= 1;
                }
                return (row, column);
            }
            if row == 0 {
                return (0, 0);
            }
            row -= 1;
            column = self.buffer.line(row).len();
            if column == 0 {
                return (row, 0);
            }
        }
    }

    fn word_end(&self, (mut row, column): Place, big: bool) -> Place {
        let mut column = column + 1;
        loop {
            let line = self.buffer.line(row);
            while line.get(column).is_some_and(|letter| class(*letter, big) == 0) {
                column += 1;
            }
            if column < line.len() {
                let kind = class(line[column], big);
                while line.get(column + 1).is_some_and(|letter| class(*letter, big) == kind) {
                    column += 1;
                }
                return (row, column);
            }
            if row + 1 == self.buffer.len() {
                return (row, line.len().saturating_sub(1));
            }
            (row, column) = (row + 1, 0);
        }
    }

    fn find_letter(&self, kind: char, letter: char, times: usize) -> Option<Target> {
        let (row, column) = self.cursor;
        let line = self.buffer.line(row);
        let mut at = column;
        for time in 0..times {
            // till a letter that is next to the cursor is the one behind it, when it is repeated.
            at = if kind.is_lowercase() {
                let skip = if kind == 't' && time == 0 { 2 } else { 1 };
                let from = (at + skip).min(line.len());
                from + line[from..].iter().position(|other| *other == letter)?
            } else {
                line[..at].iter().rposition(|other| *other == letter)?
            };
        }
        let (at, inclusive) = match kind {
            'f' => (at, true),
            't' => (at - 1, true),
            'T' => (at + 1, false),
            _ => (at, false),
        };
        Some(Target { place: (row, at), lines: false, inclusive })
    }

    fn matching(&self) -> Option<Place> {
        const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
        let (mut row, column) = self.cursor;
        let line = self.buffer.line(row);
        let is_one =
            |letter: &char| PAIRS.iter().any(|pair| pair.0 == *letter || pair.1 == *letter);
        let mut column = column + line.get(column..)?.iter().position(is_one)?;
        let here = line[column];
        let (open, close) = PAIRS.into_iter().find(|pair| pair.0 == here || pair.1 == here)?;
        let mut depth = 0;
        loop {
            if let Some(letter) = self.buffer.line(row).get(column) {
                depth += i32::from(*letter == open) - i32::from(*letter == close);
                if depth == 0 {
                    return Some((row, column));
                }
            }
            if here == open {
                column += 1;
                if column >= self.buffer.line(row).len() {
                    (row, column) = (row + 1, 0);
                    if row == self.buffer.len() {
                        return None;
                    }
                }
            } else if column > 0 {
                column -= 1;
            } else {
                row = row.checked_sub(1)?;
                column = self.buffer.line(row).len().saturating_sub(1);
            }
        }
    }

    /// The next place that matches, around the text's end if need be.
    pub fn search(&mut self, backward: bool) -> Option<Place> {
        let regex = self.regex(&self.pattern.clone())?;
        let (row, column) = self.cursor;
        let count = self.buffer.len();
        for step in 0..=count {
            let at =
                if backward { (row + count - step % count) % count } else { (row + step) % count };
            let line: String = self.buffer.line(at).iter().collect();
            let mut hits = Vec::new();
            let mut from = 0;
            while let Some((start, end)) = regex.find_at(line.as_bytes(), from) {
                hits.push(line[..start].chars().count());
                from = end.max(start + 1);
                if from > line.len() {
                    break;
                }
                while !line.is_char_boundary(from) {
                    from += 1;
                }
            }
            let hit = match (backward, step) {
                (false, 0) => hits.into_iter().find(|hit| *hit > column),
                (true, 0) => hits.into_iter().rev().find(|hit| *hit < column),
                (false, _) => hits.into_iter().next(),
                (true, _) => hits.into_iter().next_back(),
            };
            if let Some(hit) = hit {
                return Some((at, hit));
            }
        }
        self.message = "Pattern not found".to_owned();
        None
    }
}

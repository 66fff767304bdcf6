// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fits hunks into a file: where they say, or near by, or with less of the lines around.

use crate::hunks::{Hunk, Kind};

/// Where a hunk went.
#[derive(Debug, PartialEq)]
pub struct Fit {
    /// Its line in the new file, from 1.
    pub line: usize,
    pub fuzz: usize,
    /// How far from where it was looked for.
    pub offset: isize,
}

/// The file that is being made.
pub struct Target<'a> {
    lines: Vec<&'a [u8]>,
    /// Lines of the old file that are done.
    done: usize,
    pub out: Vec<u8>,
    out_lines: usize,
    /// How far the last hunk was off.
    offset: isize,
}

impl<'a> Target<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n').collect();
        Self { lines, done: 0, out: Vec::new(), out_lines: 0, offset: 0 }
    }

    /// Carries a hunk out, if it fits.
    pub fn apply(&mut self, hunk: &Hunk, most_fuzz: usize) -> Option<Fit> {
        let kept = |mut lines: std::slice::Iter<'_, (Kind, Vec<u8>)>| {
            lines.position(|(kind, _)| *kind != Kind::Keep).unwrap_or(0)
        };
        let before = kept(hunk.lines.iter());
        let after = hunk.lines.iter().rev().position(|(kind, _)| *kind != Kind::Keep).unwrap_or(0);
        let old = hunk.side(Kind::Add);
        // An empty old side names the line before.
        let wanted = if old.is_empty() { hunk.old } else { hunk.old.saturating_sub(1) };
        let guess = wanted.saturating_add_signed(self.offset);
        for fuzz in 0..=most_fuzz.min(before.max(after)) {
            // The side with more lines around loses some first.
            let longest = before.max(after);
            let cut_before = fuzz.saturating_sub(longest - before).min(before);
            let cut_after = fuzz.saturating_sub(longest - after).min(after);
            let part = &old[cut_before..old.len() - cut_after];
            let at_start = hunk.old <= 1 && before < after && fuzz == 0;
            let at_end = after < before && fuzz == 0;
            let Some(at) = self.find(part, guess + cut_before, at_start, at_end) else { continue };
            let first = at - cut_before;
            self.offset = first as isize - wanted as isize;
            self.copy_to(at);
            let kept_lines = hunk.lines.len() - cut_after;
            for (kind, line) in &hunk.lines[cut_before..kept_lines] {
                match kind {
                    Kind::Add => self.put(line),
                    Kind::Keep => {
                        let line = self.lines[self.done];
                        self.done += 1;
                        self.put(line);
                    }
                    Kind::Remove => self.done += 1,
                }
            }
            let new_len = hunk.side(Kind::Remove).len();
            let line = (self.out_lines + cut_after + 1).saturating_sub(new_len).max(1);
            return Some(Fit { line, fuzz, offset: first as isize - wanted as isize });
        }
        None
    }

    fn put(&mut self, line: &[u8]) {
        self.out.extend(line);
        self.out_lines += 1;
    }

    fn copy_to(&mut self, line: usize) {
        while self.done < line {
            let line = self.lines[self.done];
            self.done += 1;
            self.put(line);
        }
    }

    /// The rest of the file.
    pub fn finish(mut self) -> Vec<u8> {
        self.copy_to(self.lines.len());
        self.out
    }

    /// The place nearest to the guess. One with less around on one side stands at the file's edge.
    fn find(&self, part: &[&[u8]], guess: usize, at_start: bool, at_end: bool) -> Option<usize> {
        let last = self.lines.len().checked_sub(part.len())?;
        let fits = |at: usize| {
            at >= self.done
                && at <= last
                && (!at_start || at == 0)
                && (!at_end || at == last)
                && self.lines[at..at + part.len()] == *part
        };
        if fits(guess) {
            return Some(guess);
        }
        // Nothing to look for is found where it is said to be, only.
        if part.is_empty() {
            return (at_end || guess > last).then_some(last).filter(|at| *at >= self.done);
        }
        (1..=self.lines.len() + guess).find_map(|distance| {
            let above = guess + distance;
            let below = guess.checked_sub(distance);
            if fits(above) { Some(above) } else { below.filter(|at| fits(*at)) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunk(old: usize, lines: &[(Kind, &str)]) -> Hunk {
        let lines =
            lines.iter().map(|(kind, line)| (*kind, format!("{line}\n").into_bytes())).collect();
        Hunk { old, new: old, lines }
    }

    #[test]
    fn a_hunk_moves_and_does_without_its_edges() {
        let change =
            hunk(1, &[(Kind::Keep, "a"), (Kind::Remove, "b"), (Kind::Add, "x"), (Kind::Keep, "c")]);
        let mut target = Target::new(b"0\na\nb\nc\nd\n");
        assert_eq!(target.apply(&change, 2), Some(Fit { line: 2, fuzz: 0, offset: 1 }));
        assert_eq!(target.finish(), b"0\na\nx\nc\nd\n");
        let mut target = Target::new(b"A\nb\nC\n");
        assert_eq!(target.apply(&change, 0), None);
        assert_eq!(target.apply(&change, 1), Some(Fit { line: 1, fuzz: 1, offset: 0 }));
        assert_eq!(target.finish(), b"A\nx\nC\n");
    }
}

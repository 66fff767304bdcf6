// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints changes: normal, unified, with context, or as a script for ed.

use std::io::{Result, Write};
use std::ops::Range;

use crate::compare::Change;
use crate::options::{Format, Options};

/// A file as it is printed.
pub struct Side<'a> {
    /// Its name and time, for the head.
    pub head: Vec<u8>,
    pub lines: &'a [&'a [u8]],
}

/// Prints all changes.
pub fn show(
    out: &mut dyn Write,
    old: &Side<'_>,
    new: &Side<'_>,
    changes: &[Change],
    options: &Options,
) -> Result<()> {
    let printer = Printer { out, old: old.lines, new: new.lines, options };
    match options.format() {
        Format::Normal => printer.normal(changes),
        Format::Ed => printer.ed(changes),
        Format::Unified(around) => printer.unified(changes, around, [&old.head, &new.head]),
        Format::Context(around) => printer.context(changes, around, [&old.head, &new.head]),
    }
}

struct Printer<'a> {
    out: &'a mut dyn Write,
    old: &'a [&'a [u8]],
    new: &'a [&'a [u8]],
    options: &'a Options,
}

impl Printer<'_> {
    fn line(&mut self, mark: &str, line: &[u8]) -> Result<()> {
        let mut mark = mark.to_owned();
        if self.options.initial_tab {
            mark = format!("{}\t", mark.trim_end());
        }
        self.out.write_all(mark.as_bytes())?;
        if self.options.expand_tabs {
            let mut column = 0;
            for byte in line {
                let count = if *byte == b'\t' { 8 - column % 8 } else { 1 };
                let shown = if *byte == b'\t' { b' ' } else { *byte };
                self.out.write_all(&vec![shown; count])?;
                column += count;
            }
        } else {
            self.out.write_all(line)?;
        }
        if !line.ends_with(b"\n") {
            self.out.write_all(b"\n\\ No newline at end of file\n")?;
        }
        Ok(())
    }

    fn normal(mut self, changes: &[Change]) -> Result<()> {
        for change in changes {
            let (old, new) = (&change.old, &change.new);
            let letter = if old.is_empty() {
                'a'
            } else if new.is_empty() {
                'd'
            } else {
                'c'
            };
            writeln!(self.out, "{}{letter}{}", span(old), span(new))?;
            for line in &self.old[old.clone()] {
                self.line("< ", line)?;
            }
            if letter == 'c' {
                self.out.write_all(b"---\n")?;
            }
            for line in &self.new[new.clone()] {
                self.line("> ", line)?;
            }
        }
        Ok(())
    }

    /// From the end, so that the numbers of lines stay right.
    fn ed(self, changes: &[Change]) -> Result<()> {
        for change in changes.iter().rev() {
            if change.new.is_empty() {
                writeln!(self.out, "{}d", span(&change.old))?;
                continue;
            }
            let letter = if change.old.is_empty() { 'a' } else { 'c' };
            writeln!(self.out, "{}{letter}", span(&change.old))?;
            let mut inside = true;
            for line in &self.new[change.new.clone()] {
                if !inside {
                    self.out.write_all(b"a\n")?;
                    inside = true;
                }
                if line.strip_suffix(b"\n").unwrap_or(line) == b"." {
                    // A dot alone would end the text.
                    self.out.write_all(b"..\n.\ns/.//\n")?;
                    inside = false;
                } else {
                    self.out.write_all(line)?;
                    if !line.ends_with(b"\n") {
                        self.out.write_all(b"\n")?;
                    }
                }
            }
            if inside {
                self.out.write_all(b".\n")?;
            }
        }
        Ok(())
    }

    fn unified(mut self, changes: &[Change], around: usize, heads: [&[u8]; 2]) -> Result<()> {
        self.out.write_all(&[b"--- ", heads[0], b"\n+++ ", heads[1], b"\n"].concat())?;
        for group in groups(changes, around) {
            let (old, new) = self.extent(group, around);
            writeln!(self.out, "@@ -{} +{} @@", length(&old), length(&new))?;
            let mut at = old.start;
            for change in group {
                for line in &self.old[at..change.old.start] {
                    self.line(" ", line)?;
                }
                for line in &self.old[change.old.clone()] {
                    self.line("-", line)?;
                }
                for line in &self.new[change.new.clone()] {
                    self.line("+", line)?;
                }
                at = change.old.end;
            }
            for line in &self.old[at..old.end] {
                self.line(" ", line)?;
            }
        }
        Ok(())
    }

    fn context(mut self, changes: &[Change], around: usize, heads: [&[u8]; 2]) -> Result<()> {
        self.out.write_all(&[b"*** ", heads[0], b"\n--- ", heads[1], b"\n"].concat())?;
        for group in groups(changes, around) {
            let (old, new) = self.extent(group, around);
            write!(self.out, "***************\n*** {} ****\n", span(&old))?;
            if group.iter().any(|change| !change.old.is_empty()) {
                let parts = group.iter().map(|change| (change.old.clone(), !change.new.is_empty()));
                self.context_half(self.old, &old, parts, "- ")?;
            }
            writeln!(self.out, "--- {} ----", span(&new))?;
            if group.iter().any(|change| !change.new.is_empty()) {
                let parts = group.iter().map(|change| (change.new.clone(), !change.old.is_empty()));
                self.context_half(self.new, &new, parts, "+ ")?;
            }
        }
        Ok(())
    }

    fn context_half(
        &mut self,
        lines: &[&[u8]],
        extent: &Range<usize>,
        parts: impl Iterator<Item = (Range<usize>, bool)>,
        mark: &str,
    ) -> Result<()> {
        let mut at = extent.start;
        for (part, both) in parts {
            for line in &lines[at..part.start] {
                self.line("  ", line)?;
            }
            for line in &lines[part.clone()] {
                self.line(if both { "! " } else { mark }, line)?;
            }
            at = part.end;
        }
        for line in &lines[at..extent.end] {
            self.line("  ", line)?;
        }
        Ok(())
    }

    /// The lines of a group with those around it.
    fn extent(&self, group: &[Change], around: usize) -> (Range<usize>, Range<usize>) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let before = around.min(first.old.start).min(first.new.start);
        let after = around.min(self.old.len() - last.old.end).min(self.new.len() - last.new.end);
        (
            first.old.start - before..last.old.end + after,
            first.new.start - before..last.new.end + after,
        )
    }
}

/// Changes whose lines around them touch.
fn groups(changes: &[Change], around: usize) -> impl Iterator<Item = &[Change]> {
    changes.chunk_by(move |left, right| right.old.start - left.old.end <= 2 * around)
}

/// `FIRST,LAST`, or the line before an empty range.
fn span(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => lines.start.to_string(),
        1 => (lines.start + 1).to_string(),
        _ => format!("{},{}", lines.start + 1, lines.end),
    }
}

/// As `span`, but for unified heads: `FIRST,COUNT`.
fn length(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        count => format!("{},{count}", lines.start + 1),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The changes between two files, by lines.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::options::Options;

/// Lines of the first file in whose place lines of the second stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub old: Range<usize>,
    pub new: Range<usize>,
}

/// A file's lines, their ends with them.
pub fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Finds the changes; those that the options ignore are none.
pub fn changes(old: &[&[u8]], new: &[&[u8]], options: &Options) -> Vec<Change> {
    let mut known = HashMap::new();
    let mut numbers = |lines: &[&[u8]]| -> Vec<usize> {
        lines
            .iter()
            .map(|line| {
                let count = known.len();
                *known.entry(key(line, options)).or_insert(count)
            })
            .collect()
    };
    let (left, right) = (numbers(old), numbers(new));
    let mut removed = vec![false; left.len()];
    let mut added = vec![false; right.len()];
    for operation in capture_diff_slices(Algorithm::Myers, &left, &right) {
        let (tag, one, two) = operation.as_tag_tuple();
        if tag != DiffTag::Equal {
            removed[one].fill(true);
            added[two].fill(true);
        }
    }
    slide(&left, &mut removed, &added);
    slide(&right, &mut added, &removed);
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        let (start, other) = (i, j);
        while removed.get(i) == Some(&true) {
            i += 1;
        }
        while added.get(j) == Some(&true) {
            j += 1;
        }
        if i > start || j > other {
            found.push(Change { old: start..i, new: other..j });
        } else {
            i += 1;
            j += 1;
        }
    }
    if options.ignore_blank_lines {
        let blank = |lines: &[&[u8]]| lines.iter().all(|line| key(line, options).is_empty());
        found.retain(|change| !blank(&old[change.old.clone()]) || !blank(&new[change.new.clone()]));
    }
    found
}

/// What of a line is compared.
fn key(line: &[u8], options: &Options) -> Vec<u8> {
    let mut text = line;
    if options.strip_cr || options.ignores_blanks() {
        // The missing end of the last line is a difference elsewhere.
        text = text.strip_suffix(b"\n").unwrap_or(text);
    }
    if options.strip_cr {
        text = text.strip_suffix(b"\r").unwrap_or(text);
    }
    if options.ignore_blank_lines && text == b"\n" {
        text = b"";
    }
    let mut result = Vec::with_capacity(text.len());
    if options.ignore_all_space {
        result.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    } else if options.ignore_space_change {
        for word in text.split(u8::is_ascii_whitespace) {
            if word.is_empty() {
                continue;
            }
            if !result.is_empty() || text[0].is_ascii_whitespace() {
                result.push(b' ');
            }
            result.extend(word);
        }
    } else if options.ignore_trailing_space {
        result.extend(text.trim_ascii_end());
    } else {
        result.extend(text);
    }
    if options.ignore_case {
        result.make_ascii_lowercase();
    }
    result
}

/// Moves each run of changed lines as far down as equal lines let it, as GNU's diff does; a run that
/// meets another becomes one with it. It stops where it last stood beside changes of the other file.
fn slide(lines: &[usize], changed: &mut [bool], other: &[bool]) {
    // For each count of unchanged lines: does the other file change something before the next one?
    let mut changes_after = vec![false];
    for changed in other {
        if *changed {
            *changes_after.last_mut().unwrap_or(&mut false) = true;
        } else {
            changes_after.push(false);
        }
    }
    let beside = |unchanged: usize| changes_after.get(unchanged) == Some(&true);
    let (mut at, mut unchanged) = (0, 0);
    while at < lines.len() {
        if !changed[at] {
            at += 1;
            unchanged += 1;
            continue;
        }
        let (mut start, mut end) = (at, at);
        let mut meets = None;
        loop {
            while changed.get(end) == Some(&true) {
                end += 1;
            }
            let len = end - start;
            while start > 0 && lines[start - 1] == lines[end - 1] {
                start -= 1;
                end -= 1;
                changed[start] = true;
                changed[end] = false;
                unchanged -= 1;
                while start > 0 && changed[start - 1] {
                    start -= 1;
                }
            }
            if beside(unchanged) {
                meets = Some(end);
            }
            while end < lines.len() && lines[start] == lines[end] {
                changed[start] = false;
                changed[end] = true;
                start += 1;
                end += 1;
                unchanged += 1;
                while changed.get(end) == Some(&true) {
                    end += 1;
                }
                if beside(unchanged) {
                    meets = Some(end);
                }
            }
            // One that grew may go further up.
            if end - start == len {
                break;
            }
        }
        while meets.is_some_and(|meets| end > meets) {
            start -= 1;
            end -= 1;
            changed[start] = true;
            changed[end] = false;
            unchanged -= 1;
        }
        at = end;
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads patches: unified, with context, or normal. What is none of them is text around.

/// What a hunk does with a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Keep,
    Remove,
    Add,
}

/// Lines that stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hunk {
    /// The first line in the old file and in the new one, from 1; the line before when there is none.
    pub old: usize,
    pub new: usize,
    /// Lines with their ends.
    pub lines: Vec<(Kind, Vec<u8>)>,
}

impl Hunk {
    /// The same the other way round.
    pub fn reversed(mut self) -> Self {
        std::mem::swap(&mut self.old, &mut self.new);
        for (kind, _) in &mut self.lines {
            *kind = match kind {
                Kind::Keep => Kind::Keep,
                Kind::Remove => Kind::Add,
                Kind::Add => Kind::Remove,
            };
        }
        self
    }

    /// The lines of the old file, or of the new one.
    pub fn side(&self, without: Kind) -> Vec<&[u8]> {
        self.lines.iter().filter(|(kind, _)| *kind != without).map(|(_, line)| &line[..]).collect()
    }
}

/// What a patch says about one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilePatch {
    pub old_name: Vec<u8>,
    pub new_name: Vec<u8>,
    pub index: Vec<u8>,
    pub hunks: Vec<Hunk>,
}

/// Reads all of a patch; an error names the line.
pub fn read(text: &[u8]) -> Result<Vec<FilePatch>, usize> {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut files: Vec<FilePatch> = Vec::new();
    let mut index = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if let Some(name) = line.strip_prefix(b"Index: ") {
            index = name.trim_ascii().to_vec();
        } else if line.starts_with(b"--- ") && next.starts_with(b"+++ ")
            || line.starts_with(b"*** ") && next.starts_with(b"--- ")
        {
            let (old_name, new_name) = (name_of(&line[4..]), name_of(&next[4..]));
            files.push(FilePatch {
                old_name,
                new_name,
                index: std::mem::take(&mut index),
                hunks: Vec::new(),
            });
            at += 2;
            continue;
        } else if line.starts_with(b"@@ -") {
            let hunk = unified(&lines, &mut at).ok_or(at + 1)?;
            last(&mut files, &mut index).hunks.push(hunk);
            continue;
        } else if line.starts_with(b"***************") && next.starts_with(b"*** ") {
            at += 1;
            let hunk = context(&lines, &mut at).ok_or(at + 1)?;
            last(&mut files, &mut index).hunks.push(hunk);
            continue;
        } else if line[0].is_ascii_digit()
            && let Some((old, letter, new)) = normal_head(line)
        {
            at += 1;
            let hunk = normal(&lines, &mut at, old, letter, new).ok_or(at + 1)?;
            last(&mut files, &mut index).hunks.push(hunk);
            continue;
        }
        at += 1;
    }
    Ok(files)
}

fn last<'a>(files: &'a mut Vec<FilePatch>, index: &mut Vec<u8>) -> &'a mut FilePatch {
    if files.is_empty() {
        files.push(FilePatch { index: std::mem::take(index), ..FilePatch::default() });
    }
    let end = files.len() - 1;
    &mut files[end]
}

/// A name ends at a tab, before the time.
fn name_of(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|byte| matches!(byte, b'\t' | b'\n' | b'\r'));
    text[..end.unwrap_or(text.len())].trim_ascii_end().to_vec()
}

fn number(text: &mut &[u8]) -> Option<usize> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(len);
    *text = rest;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `FIRST` or `FIRST,SECOND`.
fn pair(text: &mut &[u8]) -> Option<(usize, Option<usize>)> {
    let first = number(text)?;
    match text.strip_prefix(b",") {
        Some(rest) => {
            *text = rest;
            Some((first, Some(number(text)?)))
        }
        None => Some((first, None)),
    }
}

/// Takes the end of the last line away where the patch says that there is none.
fn without_end(lines: &[&[u8]], at: &mut usize, hunk: &mut [(Kind, Vec<u8>)]) {
    if lines.get(*at).is_some_and(|line| line.starts_with(b"\\")) {
        *at += 1;
        if let Some((_, line)) = hunk.last_mut()
            && line.last() == Some(&b'\n')
        {
            line.pop();
        }
    }
}

fn unified(lines: &[&[u8]], at: &mut usize) -> Option<Hunk> {
    let mut head = &lines[*at][4..];
    let (old, old_len) = pair(&mut head)?;
    head = head.strip_prefix(b" +")?;
    let (new, new_len) = pair(&mut head)?;
    let (mut old_left, mut new_left) = (old_len.unwrap_or(1), new_len.unwrap_or(1));
    *at += 1;
    let mut hunk = Hunk { old, new, lines: Vec::new() };
    while old_left > 0 || new_left > 0 {
        let line = *lines.get(*at)?;
        let (kind, text) = match line[0] {
            b' ' => (Kind::Keep, &line[1..]),
            b'-' => (Kind::Remove, &line[1..]),
            b'+' => (Kind::Add, &line[1..]),
            // Mail programs take blanks at the end of lines away.
            b'\n' => (Kind::Keep, line),
            _ => return None,
        };
        if kind != Kind::Add {
            old_left = old_left.checked_sub(1)?;
        }
        if kind != Kind::Remove {
            new_left = new_left.checked_sub(1)?;
        }
        *at += 1;
        hunk.lines.push((kind, text.to_vec()));
        without_end(lines, at, &mut hunk.lines);
    }
    Some(hunk)
}

/// Lines with their marks.
type Marked = Vec<(u8, Vec<u8>)>;

/// One half of a hunk with context: its first line, and its lines with their marks.
fn half(lines: &[&[u8]], at: &mut usize, mark: &[u8]) -> Option<(usize, Marked)> {
    let mut head = lines.get(*at)?.strip_prefix(mark)?;
    let (first, _) = pair(&mut head)?;
    *at += 1;
    let mut found: Vec<(Kind, Vec<u8>)> = Vec::new();
    let mut marks = Vec::new();
    while let Some(line) = lines.get(*at) {
        let begins = line.len() > 1 && b" !+-".contains(&line[0]) && line[1] == b' ';
        if !begins {
            break;
        }
        *at += 1;
        marks.push(line[0]);
        found.push((Kind::Keep, line[2..].to_vec()));
        without_end(lines, at, &mut found);
    }
    Some((first, marks.into_iter().zip(found.into_iter().map(|(_, line)| line)).collect()))
}

fn context(lines: &[&[u8]], at: &mut usize) -> Option<Hunk> {
    let (old, mut left) = half(lines, at, b"*** ")?;
    let (new, mut right) = half(lines, at, b"--- ")?;
    // A half without changes is left out: its lines are those that the other keeps.
    if left.is_empty() {
        left = right.iter().filter(|(mark, _)| *mark == b' ').cloned().collect();
    }
    if right.is_empty() {
        right = left.iter().filter(|(mark, _)| *mark == b' ').cloned().collect();
    }
    let mut hunk = Hunk { old, new, lines: Vec::new() };
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        while let Some((_, line)) = left.next_if(|(mark, _)| *mark != b' ') {
            hunk.lines.push((Kind::Remove, line));
        }
        while let Some((_, line)) = right.next_if(|(mark, _)| *mark != b' ') {
            hunk.lines.push((Kind::Add, line));
        }
        match (left.next(), right.next()) {
            (Some((_, line)), Some(_)) => hunk.lines.push((Kind::Keep, line)),
            (None, None) => return Some(hunk),
            _ => return None,
        }
    }
}

type Span = (usize, Option<usize>);

fn normal_head(line: &[u8]) -> Option<(Span, u8, Span)> {
    let mut rest = line.trim_ascii_end();
    let old = pair(&mut rest)?;
    let letter = *rest.first().filter(|letter| b"acd".contains(letter))?;
    rest = &rest[1..];
    let new = pair(&mut rest)?;
    rest.is_empty().then_some((old, letter, new))
}

fn normal(lines: &[&[u8]], at: &mut usize, old: Span, letter: u8, new: Span) -> Option<Hunk> {
    let count =
        |(first, last): Span| last.map_or(Some(1), |last| Some(last.checked_sub(first)? + 1));
    let mut hunk = Hunk { old: old.0, new: new.0, lines: Vec::new() };
    let mut part = |kind: Kind, mark: &[u8], count: usize, at: &mut usize| -> Option<()> {
        for _ in 0..count {
            let line = lines.get(*at)?.strip_prefix(mark)?;
            *at += 1;
            hunk.lines.push((kind, line.to_vec()));
            without_end(lines, at, &mut hunk.lines);
        }
        Some(())
    };
    if letter != b'a' {
        part(Kind::Remove, b"< ", count(old)?, at)?;
    }
    if letter == b'c' {
        lines.get(*at)?.strip_prefix(b"---")?;
        *at += 1;
    }
    if letter != b'd' {
        part(Kind::Add, b"> ", count(new)?, at)?;
    }
    Some(hunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_say_the_same() {
        let unified = read(b"text\n--- a/f\tnow\n+++ b/f\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n").unwrap();
        let context = read(
            b"*** a/f\tnow\n--- b/f\n***************\n*** 1,2 ****\n  x\n! y\n--- 1,2 ----\n  x\n! z\n",
        );
        assert_eq!(context.as_ref(), Ok(&unified));
        assert_eq!((&unified[0].old_name[..], unified[0].hunks[0].lines.len()), (&b"a/f"[..], 3));
        let normal = read(b"2c2\n< y\n---\n> z\n\\ No newline at end of file\n").unwrap();
        assert_eq!(normal[0].hunks[0].lines[1], (Kind::Add, b"z".to_vec()));
        assert_eq!(read(b"--- a\n+++ b\n@@ -1 +1 @@\n?\n"), Err(4));
    }
}

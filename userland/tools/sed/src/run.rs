// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a script over the input.

mod output;
mod ranges;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command as Process, Stdio};
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use ochre_regex::{Groups, Regex, character_len};

use self::output::shell;
use crate::lines::Lines;
use crate::script::{Action, Address, Command, Part, Pattern, Script, Substitution};

/// What is put out at a cycle's end.
enum Late {
    Text(Vec<u8>),
    File(Vec<u8>),
    Line(Vec<u8>),
}

/// Where a command's range stands.
#[derive(Clone, Copy, PartialEq)]
enum Range {
    Closed,
    /// Open up to a line.
    Until(u64),
    /// Open up to a match or the last line.
    Open,
}

pub struct Machine<'a> {
    script: &'a Script,
    pub lines: Lines,
    files: Vec<Option<BufWriter<File>>>,
    /// The same as `missing`, for each file.
    missing_in: Vec<bool>,
    readers: HashMap<Vec<u8>, Option<BufReader<File>>>,
    ranges: Vec<Range>,
    /// Was the line that begins a range reached, or passed?
    passed: Vec<bool>,
    space: Vec<u8>,
    hold: Vec<u8>,
    late: VecDeque<Late>,
    last: Pattern,
    replaced: bool,
    quiet: bool,
    utf8: bool,
    width: usize,
    unbuffered: bool,
    end: u8,
    /// Did what was printed last end without a line's end?
    missing: bool,
}

/// What comes after a cycle.
enum Next {
    Cycle,
    /// `D` with a rest: the next cycle reads no line.
    Again,
    Quit(u8),
}

/// How lines are printed.
pub struct Style {
    pub quiet: bool,
    pub utf8: bool,
    pub width: usize,
    pub unbuffered: bool,
    pub end: u8,
}

impl<'a> Machine<'a> {
    pub fn new(script: &'a Script, lines: Lines, style: &Style) -> Result<Self> {
        let mut files = Vec::new();
        for name in &script.files {
            let path = std::ffi::OsStr::from_bytes(name);
            files.push(match name.as_slice() {
                b"/dev/stdout" => None,
                _ => Some(BufWriter::new(
                    File::create(path)
                        .with_context(|| format!("couldn't open file {}", path.display()))?,
                )),
            });
        }
        Ok(Self {
            script,
            lines,
            missing_in: vec![false; files.len()],
            files,
            readers: HashMap::new(),
            ranges: vec![Range::Closed; script.commands.len()],
            passed: vec![false; script.commands.len()],
            space: Vec::new(),
            hold: Vec::new(),
            late: VecDeque::new(),
            last: None,
            replaced: false,
            quiet: style.quiet || script.quiet,
            utf8: style.utf8,
            width: style.width,
            unbuffered: style.unbuffered,
            end: style.end,
            missing: false,
        })
    }

    /// All cycles; gives the status.
    pub fn run(&mut self) -> Result<u8> {
        let mut again = false;
        let mut status = 0;
        loop {
            if !again {
                let mut line = std::mem::take(&mut self.space);
                if !self.lines.next(&mut line)? {
                    break;
                }
                self.space = line;
                self.replaced = false;
            }
            let next = self.cycle()?;
            again = matches!(next, Next::Again);
            if let Next::Quit(code) = next {
                status = code;
                break;
            }
        }
        self.lines.finish()?;
        for file in self.files.iter_mut().flatten() {
            file.flush()?;
        }
        Ok(if status == 0 && self.lines.failed { 2 } else { status })
    }

    fn cycle(&mut self) -> Result<Next> {
        let script = self.script;
        let mut at = 0;
        while let Some(command) = script.commands.get(at) {
            let chosen = self.selects(command, at)? != command.negated;
            at += 1;
            if !chosen {
                if let Action::Block(end) = command.action {
                    at = end;
                }
                continue;
            }
            match &command.action {
                Action::Block(_) | Action::Nothing => {}
                Action::Equals => {
                    let text = format!("{}\n", self.lines.number);
                    self.put(text.as_bytes())?;
                }
                Action::Append(text) => self.late.push_back(Late::Text(text.clone())),
                Action::Insert(text) => self.put(text)?,
                Action::Change(text) => {
                    let open = command.second.is_some()
                        && !command.negated
                        && self.ranges[at - 1] != Range::Closed;
                    if !open {
                        self.put(text)?;
                    }
                    self.late()?;
                    return Ok(Next::Cycle);
                }
                Action::Branch(to) => at = *to,
                Action::BranchIf(to) if self.replaced => {
                    self.replaced = false;
                    at = *to;
                }
                Action::BranchIf(_) => {}
                Action::BranchUnless(to) if !self.replaced => at = *to,
                Action::BranchUnless(_) => self.replaced = false,
                Action::Delete => {
                    self.late()?;
                    return Ok(Next::Cycle);
                }
                Action::DeleteFirst => {
                    self.late()?;
                    let Some(end) = self.space.iter().position(|byte| *byte == self.end_in())
                    else {
                        return Ok(Next::Cycle);
                    };
                    self.space.drain(..=end);
                    return Ok(Next::Again);
                }
                Action::Execute(text) => {
                    let code = if text.is_empty() { self.space.clone() } else { text.clone() };
                    self.lines.out.stream().flush()?;
                    let output = shell(&code)?;
                    if text.is_empty() {
                        self.space = output;
                        if self.space.last() == Some(&b'\n') {
                            self.space.pop();
                        }
                    } else {
                        self.put(&output)?;
                    }
                }
                Action::FileName => {
                    let name = [&self.lines.name[..], b"\n"].concat();
                    self.put(&name)?;
                }
                Action::Get => self.space.clone_from(&self.hold),
                Action::GetAppend => {
                    self.space.push(self.end_in());
                    self.space.extend(&self.hold);
                }
                Action::Hold => self.hold.clone_from(&self.space),
                Action::HoldAppend => {
                    self.hold.push(self.end_in());
                    self.hold.extend(&self.space);
                }
                Action::List(width) => self.list(width.unwrap_or(self.width))?,
                Action::Next | Action::NextAppend => {
                    let append = matches!(command.action, Action::NextAppend);
                    if self.lines.is_last()? && !self.has_more()? {
                        if !self.quiet {
                            self.print_space()?;
                        }
                        self.late()?;
                        return Ok(Next::Quit(0));
                    }
                    if !append && !self.quiet {
                        self.print_space()?;
                    }
                    self.late()?;
                    let mut line = Vec::new();
                    self.lines.next(&mut line)?;
                    if append {
                        self.space.push(self.end_in());
                        self.space.extend(line);
                    } else {
                        self.space = line;
                    }
                }
                Action::Print => self.print_space()?,
                Action::PrintFirst => {
                    let mut first = self.first_line().to_vec();
                    first.push(self.end);
                    self.put(&first)?;
                }
                Action::Quit(code) => {
                    if !self.quiet {
                        self.print_space()?;
                    }
                    self.late()?;
                    return Ok(Next::Quit(*code));
                }
                Action::QuitSilently(code) => return Ok(Next::Quit(*code)),
                Action::Read(name) => self.late.push_back(Late::File(name.clone())),
                Action::ReadLine(name) => {
                    let reader = self.readers.entry(name.clone()).or_insert_with(|| {
                        File::open(std::ffi::OsStr::from_bytes(name)).ok().map(BufReader::new)
                    });
                    let mut line = Vec::new();
                    if let Some(reader) = reader
                        && reader.read_until(self.end, &mut line)? > 0
                    {
                        if line.last() == Some(&self.end) {
                            line.pop();
                        }
                        self.late.push_back(Late::Line(line));
                    }
                }
                Action::Substitute(substitution) => self.substitute(substitution)?,
                Action::Write(file) => self.write_space(*file)?,
                Action::WriteFirst(file) => {
                    let text = [self.first_line(), &[self.end]].concat();
                    self.write(*file, &text)?;
                }
                Action::Exchange => std::mem::swap(&mut self.space, &mut self.hold),
                Action::Translate(pairs) => self.translate(pairs),
                Action::Zap => self.space.clear(),
            }
        }
        if !self.quiet {
            self.print_space()?;
        }
        self.late()?;
        Ok(Next::Cycle)
    }

    /// With `-s` and `-i` the last line of a file is `$`, but not the end of the input.
    fn has_more(&mut self) -> Result<bool> {
        Ok(self.lines.more_files())
    }

    fn end_in(&self) -> u8 {
        self.end
    }

    fn first_line(&self) -> &[u8] {
        let end = self.space.iter().position(|byte| *byte == self.end);
        &self.space[..end.unwrap_or(self.space.len())]
    }

    fn regex(&mut self, pattern: &Pattern) -> Result<Rc<Regex>> {
        if let Some(regex) = pattern {
            self.last = Some(Rc::clone(regex));
        }
        match &self.last {
            Some(regex) => Ok(Rc::clone(regex)),
            None => bail!("no previous regular expression"),
        }
    }

    fn substitute(&mut self, substitution: &Substitution) -> Result<()> {
        let regex = self.regex(&substitution.pattern)?;
        let groups = substitution.parts.iter().any(|p| matches!(p, Part::Group(1..)));
        let space = std::mem::take(&mut self.space);
        let mut result = Vec::with_capacity(space.len());
        let mut at = 0;
        let mut copied = 0;
        let mut count = 0;
        let mut replaced = false;
        let mut last_end = None;
        while at <= space.len() {
            let found: Option<Groups> = if groups {
                regex.groups_at(&space, at)
            } else {
                regex.find_at(&space, at).map(|whole| vec![Some(whole)])
            };
            let Some(found) = found else { break };
            let Some((start, end)) = found[0] else { break };
            // No empty match right behind another.
            if !(start == end && last_end == Some(start)) {
                count += 1;
                if count >= substitution.number.max(1) {
                    result.extend(&space[copied..start]);
                    expand(&substitution.parts, &found, &space, &mut result);
                    copied = end;
                    replaced = true;
                    if !substitution.all {
                        break;
                    }
                }
            }
            last_end = Some(end);
            at = if start == end {
                end + character_len(space.get(end..).unwrap_or_default(), self.utf8)
            } else {
                end
            };
        }
        if !replaced {
            self.space = space;
            return Ok(());
        }
        result.extend(&space[copied.min(space.len())..]);
        self.space = result;
        self.replaced = true;
        if substitution.evaluate {
            self.lines.out.stream().flush()?;
            self.space = shell(&self.space)?;
            if self.space.last() == Some(&b'\n') {
                self.space.pop();
            }
        }
        if substitution.print {
            self.print_space()?;
        }
        if let Some(file) = substitution.file {
            self.write_space(file)?;
        }
        Ok(())
    }

    fn translate(&mut self, pairs: &[(Vec<u8>, Vec<u8>)]) {
        let space = std::mem::take(&mut self.space);
        let mut at = 0;
        while at < space.len() {
            let len = character_len(&space[at..], self.utf8);
            let found = pairs.iter().find(|(from, _)| from[..] == space[at..at + len]);
            match found {
                Some((_, to)) => self.space.extend(to),
                None => self.space.extend(&space[at..at + len]),
            }
            at += len;
        }
    }
}

/// Appends a replacement with its groups.
fn expand(parts: &[Part], groups: &Groups, space: &[u8], result: &mut Vec<u8>) {
    let mut mode = b'E';
    let mut once = 0;
    for part in parts {
        let text = match part {
            Part::Case(case @ (b'u' | b'l')) => {
                once = *case;
                continue;
            }
            Part::Case(case) => {
                mode = *case;
                once = 0;
                continue;
            }
            Part::Text(text) => &text[..],
            Part::Group(number) => match groups.get(*number).copied().flatten() {
                Some((start, end)) => &space[start..end],
                None => continue,
            },
        };
        let start = result.len();
        result.extend(text);
        let new = &mut result[start..];
        match mode {
            b'U' => new.make_ascii_uppercase(),
            b'L' => new.make_ascii_lowercase(),
            _ => {}
        }
        if let (Some(first), 1..) = (new.first_mut(), once) {
            *first =
                if once == b'u' { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
            once = 0;
        }
    }
}

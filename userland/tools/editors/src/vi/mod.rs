// SPDX-License-Identifier: MIT OR Apache-2.0
//! `vi`: the editor. This draws and reads keys; see the other files for what keys do.

mod buffer;
mod commands;
mod ex;
mod motions;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use anyhow::Result;
use ochre_applet::{Args, parse};
use ochre_regex::{Options as Syntax, Regex};

use crate::screen::{Key, Screen, shown};
use buffer::{Buffer, Piece, Place};

/// Edits files on the whole terminal.
///
/// Keys are those of POSIX's vi: counts, operators d c y > <, motions, registers, marks, undo with u, and
/// the commands :w :q :x :e :r :s :d :y :set behind the colon.
#[derive(clap::Parser)]
#[command(name = "vi", disable_version_flag = true)]
struct Options {
    /// Run this command of the colon first
    #[arg(short = 'c', value_name = "COMMAND")]
    command: Vec<String>,
    /// Write nothing without !
    #[arg(short = 'R')]
    read_only: bool,
    /// The files
    files: Vec<PathBuf>,
}

/// What keys do at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Command,
    Insert,
    Replace,
}

/// All of the editor.
struct Vi {
    screen: Screen,
    buffer: Buffer,
    files: Vec<PathBuf>,
    current: usize,
    cursor: Place,
    top: usize,
    left: usize,
    mode: Mode,
    registers: HashMap<char, Piece>,
    marks: HashMap<char, Place>,
    pattern: String,
    backward: bool,
    ignore_case: bool,
    numbers: bool,
    indent: bool,
    read_only: bool,
    /// What f, t and their like looked for.
    found: Option<(char, char)>,
    message: String,
    /// Keys of this command, and of the last one that changed something.
    record: Vec<Key>,
    last_change: Vec<Key>,
    replay: VecDeque<Key>,
    done: bool,
}

/// The applet.
pub fn vi(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mut vi = Vi {
        screen: Screen::open()?,
        buffer: Buffer::new(b""),
        files: options.files,
        current: 0,
        cursor: (0, 0),
        top: 0,
        left: 0,
        mode: Mode::Command,
        registers: HashMap::new(),
        marks: HashMap::new(),
        pattern: String::new(),
        backward: false,
        ignore_case: false,
        numbers: false,
        indent: false,
        read_only: options.read_only,
        found: None,
        message: String::new(),
        record: Vec::new(),
        last_change: Vec::new(),
        replay: VecDeque::new(),
        done: false,
    };
    if let Some(file) = vi.files.first().cloned() {
        vi.open(&file);
    }
    for command in &options.command {
        vi.ex(command);
    }
    while !vi.done {
        vi.command();
    }
    Ok(0)
}

impl Vi {
    /// Rows of text on the screen.
    fn page(&self) -> usize {
        self.screen.size().0 - 1
    }

    /// The next key: of a command being repeated, or of the user.
    fn key(&mut self) -> Option<Key> {
        if let Some(key) = self.replay.pop_front() {
            return Some(key);
        }
        self.draw();
        let key = self.screen.key();
        match key {
            Some(key) => self.record.push(key),
            // Without a terminal there is nobody to ask.
            None => self.done = true,
        }
        key
    }

    fn regex(&mut self, pattern: &str) -> Option<Regex> {
        if pattern.is_empty() {
            self.message = "No previous search; write one behind /".to_owned();
            return None;
        }
        let syntax = Syntax { ignore_case: self.ignore_case, utf8: true, ..Syntax::default() };
        match Regex::new(pattern.as_bytes(), syntax) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.message = error.to_string();
                None
            }
        }
    }

    /// A line that the user writes below the text; nothing after Escape.
    fn prompt(&mut self, sign: char) -> Option<String> {
        let mut text = String::new();
        loop {
            self.message = format!("{sign}{text}");
            let key = self.key();
            self.message.clear();
            match key? {
                Key::Char('\r' | '\n') => return Some(text),
                Key::Char('\u{1b}' | '\u{3}') => return None,
                Key::Char('\u{7f}' | '\u{8}') => {
                    text.pop()?;
                }
                Key::Char('\u{15}') => text.clear(),
                Key::Char(letter) => text.push(letter),
                _ => {}
            }
        }
    }

    /// Keeps the cursor within the text, and on a character in command mode.
    fn settle(&mut self) {
        self.cursor.0 = self.cursor.0.min(self.buffer.len() - 1);
        let len = self.buffer.line(self.cursor.0).len();
        let last = if self.mode == Mode::Command { len.saturating_sub(1) } else { len };
        self.cursor.1 = self.cursor.1.min(last);
    }

    fn draw(&mut self) {
        let (rows, columns) = self.screen.size();
        let page = rows - 1;
        let (row, column) = self.cursor;
        if row < self.top || row >= self.top + page {
            let near = row + 1 == self.top + page + 1 || row + 1 == self.top;
            let shift = if near { page - 1 } else { page / 2 };
            self.top = if row < self.top && near { row } else { row.saturating_sub(shift) };
        }
        let margin = if self.numbers { 8 } else { 0 };
        let width = columns.saturating_sub(margin).max(1);
        let visual = {
            let line = self.buffer.line(row);
            let part = &line[..column.min(line.len())];
            part.iter().fold(0, |at, letter| at + shown(*letter, at).chars().count())
        };
        if visual < self.left || visual >= self.left + width {
            self.left = if visual < width { 0 } else { visual - width / 2 };
        }
        let mut out = String::from("\x1b[?25l\x1b[H");
        for at in self.top..self.top + page {
            if at < self.buffer.len() {
                let mut line = String::new();
                let mut place = 0;
                for letter in self.buffer.line(at) {
                    let part = shown(*letter, place);
                    place += part.chars().count();
                    line += &part;
                    if place > self.left + width {
                        break;
                    }
                }
                if self.numbers {
                    out += &format!("{:7} ", at + 1);
                }
                out.extend(line.chars().skip(self.left).take(width));
            } else {
                out.push('~');
            }
            out += "\x1b[K\r\n";
        }
        let status = if !self.message.is_empty() {
            self.message.clone()
        } else {
            let mode = match self.mode {
                Mode::Command => '-',
                Mode::Insert => 'I',
                Mode::Replace => 'R',
            };
            let name = self
                .files
                .get(self.current)
                .map_or("No file".into(), |file| file.to_string_lossy());
            let flags = if self.buffer.modified { " [modified]" } else { "" };
            format!("{mode} {name}{flags} {}/{}", row + 1, self.buffer.len())
        };
        out.extend(status.chars().map(|c| if c.is_control() { '?' } else { c }).take(columns - 1));
        out += &format!(
            "\x1b[K\x1b[{};{}H\x1b[?25h",
            row - self.top + 1,
            visual - self.left + margin + 1
        );
        self.screen.out += &out;
        // A terminal that is gone gives no more keys either, which ends the program.
        let _ = self.screen.flush();
    }
}

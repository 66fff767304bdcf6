// SPDX-License-Identifier: MIT OR Apache-2.0
//! `less`: reads a text screen by screen. Input is read no further than was looked at.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Result;
use ochre_applet::{Args, complain, parse, reason};
use ochre_regex::{Escapes, Options as Syntax, Regex};

use crate::screen::{Key, Screen, shown};

/// Shows files, or the standard input, screen by screen.
///
/// Space and b go a screen, d and u half a one, Enter, j and k a line; g and G to the begin and the end, a
/// number before g to a line; / and ? search, n and N again; :n and :p go to other files; = tells the
/// place, q ends.
#[derive(clap::Parser)]
#[command(name = "less", disable_version_flag = true)]
struct Options {
    /// End at the end of the file
    #[arg(short = 'E', visible_short_alias = 'e')]
    quit_at_end: bool,
    /// Only print what fits on one screen
    #[arg(short = 'F')]
    quit_if_one_screen: bool,
    /// Upper and lower case are the same in searches
    #[arg(short = 'I', visible_short_alias = 'i')]
    ignore_case: bool,
    /// Show the place below
    #[arg(short = 'M', visible_short_alias = 'm')]
    prompt: bool,
    /// Show the numbers of lines
    #[arg(short = 'N')]
    numbers: bool,
    /// Cut long lines
    #[arg(short = 'S')]
    chop: bool,
    /// Leave colours to the terminal
    #[arg(short = 'R', visible_short_alias = 'r')]
    raw: bool,
    /// Leave the rows behind the end empty
    #[arg(short = '~')]
    no_tildes: bool,
    /// Keep the last screen (it is not kept)
    #[arg(short = 'X')]
    no_init: bool,
    /// The files
    files: Vec<PathBuf>,
}

struct Text {
    name: String,
    input: Option<Box<dyn BufRead>>,
    lines: Vec<Vec<u8>>,
    top: usize,
}

impl Text {
    /// Reads until so many lines are there, or all are.
    fn need(&mut self, count: usize) {
        while self.lines.len() < count {
            let Some(input) = &mut self.input else { return };
            let mut line = Vec::new();
            if !matches!(input.read_until(b'\n', &mut line), Ok(count) if count > 0) {
                self.input = None;
                return;
            }
            line.pop_if(|byte| *byte == b'\n');
            line.pop_if(|byte| *byte == b'\r');
            self.lines.push(line);
        }
    }

    /// Is this the last line?
    fn is_last(&mut self, line: usize) -> bool {
        self.need(line + 2);
        line + 1 >= self.lines.len()
    }
}

/// The applet.
pub fn less(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mut texts = Vec::new();
    let mut status = 0;
    for path in &options.files {
        let opened = File::open(path).and_then(|file| {
            let is_folder = file.metadata()?.is_dir();
            if is_folder { Err(std::io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
        });
        match opened {
            _ if path.as_os_str() == "-" => texts.push(stdin()),
            Ok(file) => texts.push(Text {
                name: path.display().to_string(),
                input: Some(Box::new(BufReader::new(file))),
                lines: Vec::new(),
                top: 0,
            }),
            Err(error) => {
                complain("less", format_args!("{}: {}", path.display(), reason(&error)));
                status = 1;
            }
        }
    }
    if options.files.is_empty() {
        anyhow::ensure!(!std::io::stdin().is_terminal(), "missing filename; see --help");
        texts.push(stdin());
    }
    if texts.is_empty() {
        return Ok(status);
    }
    if !std::io::stdout().is_terminal() {
        let mut output = std::io::stdout().lock();
        for text in &mut texts {
            if let Some(mut input) = text.input.take() {
                std::io::copy(&mut input, &mut output)?;
            }
        }
        return Ok(status);
    }
    let screen = Screen::open()?;
    if options.quit_if_one_screen && texts.len() == 1 {
        let (rows, columns) = screen.size();
        texts[0].need(rows);
        let used: usize = texts[0].lines.iter().map(|line| line.len() / columns + 1).sum();
        if used < rows {
            drop(screen);
            let mut output = std::io::stdout().lock();
            for line in &texts[0].lines {
                output.write_all(line)?;
                output.write_all(b"\n")?;
            }
            return Ok(status);
        }
    }
    let mut pager = Pager {
        screen,
        texts,
        current: 0,
        options,
        search: None,
        backward: false,
        message: String::new(),
    };
    pager.run()?;
    Ok(status)
}

fn stdin() -> Text {
    let input: Box<dyn BufRead> = Box::new(BufReader::new(std::io::stdin()));
    Text { name: String::new(), input: Some(input), lines: Vec::new(), top: 0 }
}

struct Pager {
    screen: Screen,
    texts: Vec<Text>,
    current: usize,
    options: Options,
    search: Option<Regex>,
    backward: bool,
    message: String,
}

impl Pager {
    fn text(&mut self) -> &mut Text {
        &mut self.texts[self.current]
    }

    /// A line as rows of the screen.
    fn rows_of(&mut self, line: usize, columns: usize) -> Vec<String> {
        let raw = self.options.raw;
        let number = if self.options.numbers { format!("{:7} ", line + 1) } else { String::new() };
        let text = String::from_utf8_lossy(&self.text().lines[line]).into_owned();
        let mut rows = vec![number.clone()];
        let mut column = number.len();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let last = rows.len() - 1;
            if letter == '\u{1b}' && raw {
                rows[last].push(letter);
                // Up to the letter that ends the sequence.
                for letter in letters.by_ref() {
                    rows[last].push(letter);
                    if letter.is_ascii_alphabetic() {
                        break;
                    }
                }
                continue;
            }
            let part = shown(letter, column - number.len());
            let width = part.chars().count();
            if column + width > columns {
                if self.options.chop {
                    break;
                }
                rows.push(String::new());
                column = 0;
            }
            let last = rows.len() - 1;
            rows[last] += &part;
            column += width;
        }
        rows
    }

    fn draw(&mut self) -> Result<()> {
        let (rows, columns) = self.screen.size();
        let top = self.text().top;
        self.text().need(top + rows + 1);
        let mut shown = Vec::new();
        let mut line = top;
        while shown.len() < rows - 1 && line < self.text().lines.len() {
            shown.extend(self.rows_of(line, columns));
            line += 1;
        }
        let filler = if self.options.no_tildes { "" } else { "~" };
        shown.resize(rows - 1, filler.to_owned());
        let mut out = String::from("\x1b[H");
        for row in shown {
            out += &format!("{row}\x1b[m\x1b[K\r\n");
        }
        let at_end = line >= self.text().lines.len() && self.text().is_last(line.saturating_sub(1));
        let status = if !self.message.is_empty() {
            std::mem::take(&mut self.message)
        } else if self.options.prompt {
            self.place(line)
        } else if at_end {
            "(END)".to_owned()
        } else if top == 0 && !self.text().name.is_empty() {
            self.text().name.clone()
        } else {
            ":".to_owned()
        };
        out += &format!("\x1b[7m{status}\x1b[m\x1b[K");
        self.screen.out += &out;
        self.screen.flush()
    }

    fn place(&mut self, bottom: usize) -> String {
        let text = self.text();
        let known =
            if text.input.is_none() { text.lines.len().to_string() } else { "?".to_owned() };
        format!("{} lines {}-{}/{known}", text.name, text.top + 1, bottom.min(text.lines.len()))
    }

    /// Goes down or up; the last page stays full.
    fn go(&mut self, by: isize) {
        let rows = self.screen.size().0 - 1;
        let text = self.text();
        let wanted = text.top.saturating_add_signed(by);
        text.need(wanted + rows);
        let last = text.lines.len().saturating_sub(rows).max(if by < 0 { 0 } else { text.top });
        text.top = wanted.min(last);
    }

    fn run(&mut self) -> Result<()> {
        let mut number: Option<usize> = None;
        loop {
            self.draw()?;
            let Some(key) = self.screen.key() else { return Ok(()) };
            if let Key::Char(digit @ '0'..='9') = key {
                let value = digit as usize - '0' as usize;
                number =
                    Some(number.unwrap_or(0).saturating_mul(10).saturating_add(value).min(1 << 30));
                self.message = format!(":{}", number.unwrap_or(0));
                continue;
            }
            let (page, count) = (self.screen.size().0 - 1, number.take());
            let lines = |usual: usize| count.unwrap_or(usual) as isize;
            match key {
                Key::Char('q' | 'Q') => return Ok(()),
                Key::Char('Z') if self.screen.key() == Some(Key::Char('Z')) => return Ok(()),
                Key::Char('j' | 'e' | '\r' | '\n' | '\u{5}' | '\u{e}') | Key::Down => {
                    let before = self.text().top;
                    self.go(lines(1));
                    if self.options.quit_at_end && self.text().top == before {
                        return Ok(());
                    }
                }
                Key::Char('k' | 'y' | '\u{19}' | '\u{10}' | '\u{b}') | Key::Up => {
                    self.go(-lines(1))
                }
                Key::Char(' ' | 'f' | '\u{6}' | '\u{16}') | Key::PageDown => {
                    let before = self.text().top;
                    self.go(lines(page));
                    if self.options.quit_at_end && self.text().top == before {
                        return Ok(());
                    }
                }
                Key::Char('b' | '\u{2}') | Key::PageUp => self.go(-lines(page)),
                Key::Char('d' | '\u{4}') => self.go(lines(page / 2)),
                Key::Char('u' | '\u{15}') => self.go(-lines(page / 2)),
                Key::Char('g' | '<') | Key::Home => self.show_line(count.unwrap_or(1)),
                Key::Char('G' | '>') | Key::End => self.show_line(count.unwrap_or(usize::MAX)),
                Key::Char(sign @ ('/' | '?')) => {
                    self.backward = sign == '?';
                    self.ask(sign)?;
                }
                Key::Char('n') => self.find(self.backward),
                Key::Char('N') => self.find(!self.backward),
                Key::Char('=' | '\u{7}') => {
                    let bottom = self.text().top + page;
                    self.message = self.place(bottom);
                }
                Key::Char('-') => match self.screen.key() {
                    Some(Key::Char('N')) => self.options.numbers ^= true,
                    Some(Key::Char('S')) => self.options.chop ^= true,
                    Some(Key::Char('I' | 'i')) => self.options.ignore_case ^= true,
                    Some(Key::Char('M' | 'm')) => self.options.prompt ^= true,
                    _ => self.message = "options are N S I M".to_owned(),
                },
                Key::Char(':') => match self.screen.key() {
                    Some(Key::Char('q' | 'Q')) => return Ok(()),
                    Some(Key::Char('n')) if self.current + 1 < self.texts.len() => {
                        self.current += 1
                    }
                    Some(Key::Char('p')) if self.current > 0 => self.current -= 1,
                    _ => self.message = "no such file; :n and :p go between those named".to_owned(),
                },
                Key::Char('h' | 'H') => {
                    self.message = "space b d u j k g G /text ?text n N :n :p = -N -S q".to_owned();
                }
                _ => {}
            }
        }
    }

    fn show_line(&mut self, line: usize) {
        let rows = self.screen.size().0 - 1;
        let text = self.text();
        text.need(line.saturating_add(rows));
        text.top = (line.max(1) - 1).min(text.lines.len().saturating_sub(rows));
    }

    /// Asks for a pattern, and looks for it.
    fn ask(&mut self, sign: char) -> Result<()> {
        let mut pattern = String::new();
        loop {
            let row = self.screen.size().0;
            self.screen.out += &format!("\x1b[{row}H{sign}{pattern}\x1b[K");
            self.screen.flush()?;
            match self.screen.key() {
                Some(Key::Char('\r' | '\n')) => break,
                Some(Key::Char('\u{7f}' | '\u{8}')) => {
                    if pattern.pop().is_none() {
                        return Ok(());
                    }
                }
                Some(Key::Char(letter)) if !letter.is_control() => pattern.push(letter),
                Some(Key::Char('\u{1b}' | '\u{3}')) | None => return Ok(()),
                Some(_) => {}
            }
        }
        if !pattern.is_empty() {
            let syntax = Syntax {
                extended: true,
                ignore_case: self.options.ignore_case,
                utf8: true,
                lines: false,
                escapes: Escapes::Sed,
            };
            match Regex::new(pattern.as_bytes(), syntax) {
                Ok(regex) => self.search = Some(regex),
                Err(error) => {
                    self.message = error.to_string();
                    return Ok(());
                }
            }
        }
        self.find(self.backward);
        Ok(())
    }

    fn find(&mut self, backward: bool) {
        let Some(search) = self.search.take() else {
            self.message = "no search yet; write one behind /".to_owned();
            return;
        };
        let text = self.text();
        let mut line = text.top;
        let found = loop {
            if backward {
                let Some(before) = line.checked_sub(1) else { break None };
                line = before;
            } else {
                line += 1;
                text.need(line + 1);
                if line >= text.lines.len() {
                    break None;
                }
            }
            if search.is_match(&text.lines[line]) {
                break Some(line);
            }
        };
        match found {
            Some(line) => text.top = line,
            None => self.message = "Pattern not found".to_owned(),
        }
        self.search = Some(search);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `less`: reads files, or what comes through a pipe, screen by screen.
//!
//! minus draws the screen and reads the keys, from /dev/tty when standard input is the text; this crate
//! feeds it (`feed`) and makes the text printable (`printable`). On an output that is no terminal the
//! files are copied as they are, as less(1) does.

#![forbid(unsafe_code)]

mod feed;
mod printable;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};

use anyhow::{Context, bail};
use minus::input::{HashedEventRegister, InputEvent};
use minus::{LineNumbers, Pager};
use ochre_applet::{Args, Failure, complain, parse, reason};

use feed::Lines;
use printable::printable;

/// Read files screen by screen.
///
/// Keys: space, f and Page Down go a screen on, b and Page Up back, d and u half of one; Enter, j and e
/// a line on, k and y back; g and G to the start and the end, with a number before it to that line; h
/// and l sideways; / and ? search, n and N find the next match and the one before; Ctrl-F follows what
/// is added, Ctrl-L numbers the lines, M lists all keys, q ends. Several files stand one behind the other.
#[derive(clap::Parser)]
#[command(name = "less")]
struct Options {
    /// Number the lines
    #[arg(short = 'N', long = "LINE-NUMBERS")]
    numbers: bool,
    /// Cut long lines instead of folding them
    #[arg(short = 'S', long = "chop-long-lines")]
    chop: bool,
    /// Let colours through
    #[arg(short = 'R', long = "RAW-CONTROL-CHARS")]
    colours: bool,
    /// Only print what fits on one screen
    #[arg(short = 'F', long = "quit-if-one-screen")]
    one_screen: bool,
    /// Accepted, as these are what it does anyway: restoring the screen, case, quiet, the end of the file
    #[arg(short = 'X', short_aliases = ['e', 'E', 'i', 'I', 'm', 'M', 'q', 'Q', 's', 'r', '~'])]
    accepted: bool,
    /// Files to read, `-` for standard input; +G starts at the end and +F follows it
    files: Vec<OsString>,
}

/// The applet: status 1 when one of the files could not be read, or for wrong arguments.
pub fn less(args: Args) -> anyhow::Result<u8> {
    let mut options: Options = parse(&args)?;
    let commands: Vec<_> = options.files.extract_if(.., |file| is_command(file)).collect();
    let mut from_end = false;
    for command in commands {
        match command.to_str() {
            Some("+G" | "+F") => from_end = true,
            _ => bail!("{}: only +G and +F are known; see less --help", command.display()),
        }
    }
    if options.files.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Failure::new(1, "missing filename (\"less --help\" for help)").into());
        }
        options.files.push("-".into());
    }
    let (inputs, failed) = open_all(&options.files);
    if inputs.is_empty() {
        return Err(Failure::silent(1).into());
    }
    let mut input = inputs
        .into_iter()
        .fold(Box::new(io::empty()) as Input, |before, next| Box::new(before.chain(next)) as Input);
    if io::stdout().is_terminal() {
        page(input, &options, from_end)?;
    } else {
        io::copy(&mut input, &mut io::stdout().lock())?;
    }
    Ok(u8::from(failed))
}

type Input = Box<dyn Read + Send>;

fn is_command(file: &OsStr) -> bool {
    file.len() > 1 && file.as_encoded_bytes().starts_with(b"+")
}

/// The files that can be read, and whether one cannot.
fn open_all(files: &[OsString]) -> (Vec<Input>, bool) {
    let mut inputs: Vec<Input> = Vec::new();
    for file in files {
        let opened = if file == "-" { Ok(Box::new(io::stdin()) as Input) } else { open(file) };
        match opened {
            Ok(input) => inputs.push(input),
            Err(error) => {
                complain("less", format_args!("{}: {}", file.display(), reason(&error)));
            }
        }
    }
    let failed = inputs.len() < files.len();
    (inputs, failed)
}

fn open(file: &OsStr) -> io::Result<Input> {
    let opened = File::open(file)?;
    if opened.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    Ok(Box::new(opened))
}

fn page(input: Input, options: &Options, from_end: bool) -> anyhow::Result<()> {
    let mut lines = Lines::new(input);
    let mut head = Vec::new();
    if options.one_screen {
        let (columns, rows) = crossterm::terminal::size().context("the terminal has no size")?;
        let mut ended = false;
        while !ended && screen_rows(&head, columns.into()) < rows.into() {
            match lines.more()? {
                Some(more) => head.extend(more),
                None => ended = true,
            }
        }
        if screen_rows(&head, columns.into()) < rows.into() {
            let text = printable(&head, options.colours);
            return Ok(io::stdout().write_all(text.as_bytes())?);
        }
    }
    let pager = Pager::new();
    pager.set_line_numbers(match options.numbers {
        true => LineNumbers::Enabled,
        false => LineNumbers::Disabled,
    })?;
    pager.set_prompt(title(&options.files))?;
    pager.horizontal_scroll(options.chop)?;
    pager.follow_output(from_end)?;
    pager.set_input_classifier(Box::new(keys()))?;
    pager.push_str(printable(&head, options.colours))?;
    feed::start(lines, &pager, options.colours)?;
    minus::dynamic_paging(pager).context("the terminal cannot be used")
}

/// The rows that a text takes on a terminal, all characters being as wide as one.
fn screen_rows(text: &[u8], columns: usize) -> usize {
    let rows = |line: &[u8]| String::from_utf8_lossy(line).chars().count().div_ceil(columns.max(1));
    text.split_inclusive(|&byte| byte == b'\n').map(|line| rows(line.trim_ascii_end()).max(1)).sum()
}

/// The prompt: the names of the files.
fn title(files: &[OsString]) -> String {
    let names: Vec<_> = files
        .iter()
        .map(|file| if file == "-" { "standard input".into() } else { file.to_string_lossy() })
        .collect();
    names.join(" ")
}

/// minus's keys, and those of less that it lacks.
fn keys() -> HashedEventRegister<std::hash::RandomState> {
    let mut keys = HashedEventRegister::default();
    keys.add_key_events(&["f", "c-v"], |_, state| {
        InputEvent::UpdateUpperMark(state.upper_mark.saturating_add(state.rows - 1))
    });
    keys.add_key_events(&["b"], |_, state| {
        InputEvent::UpdateUpperMark(state.upper_mark.saturating_sub(state.rows - 1))
    });
    keys.add_key_events(&["e", "c-e", "c-n"], |_, state| {
        InputEvent::UpdateUpperMark(state.upper_mark.saturating_add(1))
    });
    keys.add_key_events(&["y", "c-y", "c-p"], |_, state| {
        InputEvent::UpdateUpperMark(state.upper_mark.saturating_sub(1))
    });
    keys.add_key_events(&["s-q", "Q"], |_, _| InputEvent::Exit);
    keys
}

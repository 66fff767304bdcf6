// SPDX-License-Identifier: MIT OR Apache-2.0
//! `xargs`: reads arguments and runs a command with as many of them as fit.
//!
//! Options are read by hand, because they end where the command begins, and `-i`, `-l` and `-e` may have
//! a value in the same word only.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::{Command, Stdio};

use anyhow::Result;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{SysconfVar, sysconf};
use ochre_applet::{Args, Failure, complain, reason};

use crate::items::{Division, Items};

const HELP: &str = "\
Runs a command with arguments that are read from standard input.

Usage: xargs [OPTION]... [COMMAND [ARGUMENT]...]

  -0, --null                  items end with a zero byte; no quotes
  -a, --arg-file=FILE         read items from FILE
  -d, --delimiter=CHARACTER   items end with CHARACTER; no quotes
  -E END, -e[END], --eof[=END]  END as an item ends the input
  -I TEXT, -i[TEXT], --replace[=TEXT]
                              put each line in the place of TEXT ({}) in the command
  -L N, -l[N], --max-lines[=N]  at most N lines for a command
  -n, --max-args=N            at most N arguments for a command
  -o, --open-tty              commands read the terminal
  -P, --max-procs=N           run N commands at once; 0 for as many as there are
  -p, --interactive           ask before each command
  -r, --no-run-if-empty       run nothing when there are no arguments
  -s, --max-chars=N           at most N bytes for a command line
  -t, --verbose               print each command
  -x, --exit                  end when an argument does not fit
      --help                  print this help
";

/// Most bytes of a command line when `-s` does not say, as GNU's xargs has them.
const DEFAULT_CHARS: usize = 128 * 1024;
/// POSIX has xargs leave so much of `ARG_MAX` to the command.
const HEADROOM: usize = 2048;

struct Options {
    division: Division,
    divided: bool,
    file: Option<OsString>,
    end: Option<Vec<u8>>,
    replace: Option<Vec<u8>>,
    max_lines: Option<usize>,
    max_args: Option<usize>,
    max_chars: usize,
    at_once: usize,
    terminal: bool,
    ask: bool,
    not_empty: bool,
    show: bool,
    exit: bool,
}

/// The applet: 123 when a command failed, 124 when one ended with 255, 125 for a signal, 126 and 127 when
/// it cannot be run or found.
pub fn xargs(args: Args) -> Result<u8> {
    let Some((options, command)) = read_options(&args)? else { return Ok(0) };
    let command = if command.is_empty() { vec!["echo".into()] } else { command };
    let input: Box<dyn Read> = match &options.file {
        None => Box::new(std::io::stdin()),
        Some(name) => Box::new(std::fs::File::open(name).map_err(|error| {
            let text = format!("Cannot open input file '{}': {}", name.display(), reason(&error));
            Failure::new(1, text)
        })?),
    };
    let mut items = Items::new(input, options.division, options.end.clone());
    let mut runner = Runner { options: &options, command: &command, running: 0, failed: false };
    let result = if options.replace.is_some() {
        runner.each_item(&mut items)
    } else {
        runner.in_groups(&mut items)
    };
    // Children are waited for after an error, too.
    let waited = runner.wait_until(0);
    result?;
    waited?;
    Ok(if runner.failed { 123 } else { 0 })
}

struct Runner<'a> {
    options: &'a Options,
    command: &'a [OsString],
    running: usize,
    failed: bool,
}

impl Runner<'_> {
    fn each_item(&mut self, items: &mut Items<Box<dyn Read>>) -> Result<()> {
        let text = self.options.replace.clone().unwrap_or_default();
        while let Some(item) = items.next()? {
            let words: Vec<OsString> = self
                .command
                .iter()
                .map(|word| OsString::from_vec(replaced(word.as_bytes(), &text, &item.text)))
                .collect();
            if size(&words) > self.options.max_chars {
                return Err(Failure::new(1, "argument list too long").into());
            }
            self.run(&words)?;
        }
        Ok(())
    }

    fn in_groups(&mut self, items: &mut Items<Box<dyn Read>>) -> Result<()> {
        let own = size(self.command);
        let (max_args, max_lines) = (self.options.max_args, self.options.max_lines);
        let mut words = self.command.to_vec();
        let (mut bytes, mut lines, mut runs) = (own, 0, 0);
        while let Some(item) = items.next()? {
            let len = item.text.len() + 1;
            if own + len > self.options.max_chars {
                return Err(Failure::new(1, "argument line too long").into());
            }
            if bytes + len > self.options.max_chars {
                if self.options.exit && (max_args.is_some() || max_lines.is_some()) {
                    return Err(Failure::new(1, "argument list too long").into());
                }
                self.run(&words)?;
                words.truncate(self.command.len());
                (bytes, lines, runs) = (own, 0, runs + 1);
            }
            bytes += len;
            lines += usize::from(item.ends_line);
            words.push(OsString::from_vec(item.text));
            let args = words.len() - self.command.len();
            if max_args == Some(args) || max_lines == Some(lines) {
                self.run(&words)?;
                words.truncate(self.command.len());
                (bytes, lines, runs) = (own, 0, runs + 1);
            }
        }
        let left = words.len() > self.command.len();
        if left || (runs == 0 && !self.options.not_empty) {
            self.run(&words)?;
        }
        Ok(())
    }

    fn run(&mut self, words: &[OsString]) -> Result<()> {
        if self.options.show || self.options.ask {
            let line: Vec<_> = words.iter().map(|word| quoted(word.as_bytes())).collect();
            let mut line = line.join(&b' ');
            line.extend(if self.options.ask { &b"?..."[..] } else { b"\n" });
            std::io::stderr().write_all(&line)?;
            if self.options.ask && !answered_yes()? {
                return Ok(());
            }
        }
        let limit = if self.options.at_once == 0 { usize::MAX } else { self.options.at_once };
        self.wait_until(limit - 1)?;
        let input = if self.options.terminal {
            Stdio::from(std::fs::File::open("/dev/tty")?)
        } else {
            Stdio::null()
        };
        match Command::new(&words[0]).args(&words[1..]).stdin(input).spawn() {
            // It is waited for by number.
            Ok(_) => self.running += 1,
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let text = format!("{}: {}", words[0].display(), reason(&error));
                return Err(Failure::new(if missing { 127 } else { 126 }, text).into());
            }
        }
        if limit == 1 { self.wait_until(0) } else { Ok(()) }
    }

    /// Waits until at most so many commands run.
    fn wait_until(&mut self, left: usize) -> Result<()> {
        let name = self.command[0].display();
        while self.running > left {
            match wait()? {
                WaitStatus::Exited(_, status) => {
                    self.running -= 1;
                    match status {
                        0 => {}
                        255 => {
                            let text = format!("{name}: exited with status 255; aborting");
                            return Err(Failure::new(124, text).into());
                        }
                        _ => self.failed = true,
                    }
                }
                WaitStatus::Signaled(_, signal, _) => {
                    self.running -= 1;
                    let text = format!("{name}: terminated by signal {}", signal as i32);
                    return Err(Failure::new(125, text).into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn answered_yes() -> Result<bool> {
    let mut line = String::new();
    std::io::BufReader::new(std::fs::File::open("/dev/tty")?).read_line(&mut line)?;
    Ok(line.starts_with(['y', 'Y']))
}

/// The kernel's limit is for arguments and environment together.
fn default_chars() -> usize {
    let limit = sysconf(SysconfVar::ARG_MAX).ok().flatten().unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or_default();
    let environment: usize =
        std::env::vars_os().map(|(name, value)| name.len() + value.len() + 2).sum();
    limit.saturating_sub(HEADROOM + environment).clamp(HEADROOM, DEFAULT_CHARS)
}

fn size(words: &[OsString]) -> usize {
    words.iter().map(|word| word.len() + 1).sum()
}

fn replaced(word: &[u8], text: &[u8], by: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut at = 0;
    while at < word.len() {
        if !text.is_empty() && word[at..].starts_with(text) {
            result.extend(by);
            at += text.len();
        } else {
            result.push(word[at]);
            at += 1;
        }
    }
    result
}

/// A word as a shell would need it.
fn quoted(word: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_{}]".contains(byte);
    if !word.is_empty() && word.iter().all(|byte| plain(byte) || *byte >= 0x80) {
        return word.to_vec();
    }
    let inner = replaced(word, b"'", b"'\\''");
    [b"'", &inner[..], b"'"].concat()
}

fn read_options(args: &[OsString]) -> Result<Option<(Options, Vec<OsString>)>> {
    let mut options = Options {
        division: Division::Words,
        divided: false,
        file: None,
        end: None,
        replace: None,
        max_lines: None,
        max_args: None,
        max_chars: default_chars(),
        at_once: 1,
        terminal: false,
        ask: false,
        not_empty: false,
        show: false,
        exit: false,
    };
    let mut at = 1;
    while let Some(arg) = args.get(at).map(|arg| arg.as_bytes()) {
        if arg.len() < 2 || arg[0] != b'-' {
            break;
        }
        at += 1;
        if arg == b"--" {
            break;
        }
        if let Some(long) = arg.strip_prefix(b"--") {
            let cut = long.iter().position(|byte| *byte == b'=');
            let name = &long[..cut.unwrap_or(long.len())];
            let mut value = cut.map(|cut| &long[cut + 1..]);
            if name == b"help" {
                std::io::stdout().write_all(HELP.as_bytes())?;
                return Ok(None);
            }
            let Some(letter) = letter_of(name) else {
                return wrong(&format!("unrecognized option '{}'", args[at - 1].display()));
            };
            if value.is_none() && b"adInPs".contains(&letter) && name != b"replace" {
                value = args.get(at).map(|arg| arg.as_bytes());
                at += 1;
            }
            // The long forms of -i, -l and -e may have a value.
            set(&mut options, letter, value)?;
            continue;
        }
        let mut letters = 1;
        while let Some(letter) = arg.get(letters).copied() {
            letters += 1;
            let rest = &arg[letters..];
            let value = match letter {
                b'a' | b'd' | b'E' | b'I' | b'L' | b'n' | b'P' | b's' if rest.is_empty() => {
                    at += 1;
                    args.get(at - 1).map(|arg| arg.as_bytes())
                }
                b'a' | b'd' | b'E' | b'I' | b'L' | b'n' | b'P' | b's' => Some(rest),
                b'e' | b'i' | b'l' if !rest.is_empty() => Some(rest),
                _ => None,
            };
            let takes_rest = b"adEILnPseil".contains(&letter);
            set(&mut options, letter, value)?;
            if takes_rest {
                break;
            }
        }
    }
    if options.replace.is_some() && !options.divided {
        options.division = Division::Lines;
    }
    Ok(Some((options, args.get(at..).unwrap_or_default().to_vec())))
}

fn letter_of(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"null" => b'0',
        b"arg-file" => b'a',
        b"delimiter" => b'd',
        b"eof" => b'e',
        b"replace" => b'i',
        b"max-lines" => b'l',
        b"max-args" => b'n',
        b"open-tty" => b'o',
        b"max-procs" => b'P',
        b"interactive" => b'p',
        b"no-run-if-empty" => b'r',
        b"max-chars" => b's',
        b"verbose" => b't',
        b"exit" => b'x',
        _ => return None,
    })
}

fn set(options: &mut Options, letter: u8, value: Option<&[u8]>) -> Result<()> {
    let number = |least: usize| -> Result<usize> {
        let Some(value) = value else {
            return wrong(&format!("option requires an argument -- '{}'", char::from(letter)));
        };
        let text = String::from_utf8_lossy(value);
        match text.parse() {
            Ok(number) if number >= least => Ok(number),
            Ok(_) => wrong(&format!(
                "value {text} for -{} option should be >= {least}",
                char::from(letter)
            )),
            Err(_) => {
                wrong(&format!("invalid number \"{text}\" for -{} option", char::from(letter)))
            }
        }
    };
    match (letter, value) {
        (b'0', _) => (options.division, options.divided) = (Division::Byte(0), true),
        (b'd', Some(text)) => {
            let byte = match text {
                [byte] => *byte,
                [b'\\', rest @ ..] => match rest {
                    b"0" => 0,
                    b"n" => b'\n',
                    b"t" => b'\t',
                    b"\\" => b'\\',
                    _ => match ochre_regex::escape(text, ochre_regex::Escapes::Awk) {
                        Some((byte, _)) => byte,
                        None => return wrong("invalid delimiter; give one character"),
                    },
                },
                _ => return wrong("invalid delimiter; give one character"),
            };
            (options.division, options.divided) = (Division::Byte(byte), true);
        }
        (b'a', Some(name)) => options.file = Some(OsStr::from_bytes(name).to_owned()),
        (b'E' | b'e', value) => {
            options.end = value.filter(|end| !end.is_empty()).map(<[u8]>::to_vec)
        }
        (b'I' | b'i', value) => {
            options.replace = Some(value.unwrap_or(b"{}").to_vec());
            (options.max_args, options.max_lines) = (None, None);
        }
        (b'L', _) | (b'l', Some(_)) => {
            options.max_lines = Some(number(1)?);
            (options.max_args, options.replace) = (None, None);
        }
        (b'l', None) => options.max_lines = Some(1),
        (b'n', _) => {
            options.max_args = Some(number(1)?);
            options.max_lines = None;
            // One argument at a time is what -I does anyway.
            if options.max_args != Some(1) {
                options.replace = None;
            }
        }
        (b's', _) => options.max_chars = number(1)?,
        (b'P', _) => options.at_once = number(0)?,
        (b'o', _) => options.terminal = true,
        (b'p', _) => options.ask = true,
        (b'r', _) => options.not_empty = true,
        (b't', _) => options.show = true,
        (b'x', _) => options.exit = true,
        (b'a' | b'd', None) => {
            return wrong(&format!("option requires an argument -- '{}'", char::from(letter)));
        }
        _ => return wrong(&format!("invalid option -- '{}'", char::from(letter))),
    }
    Ok(())
}

fn wrong<T>(what: &str) -> Result<T> {
    complain("xargs", format_args!("{what}; see xargs --help"));
    Err(Failure::silent(1).into())
}

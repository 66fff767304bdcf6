// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sed`: edits a stream of lines by a script, as POSIX says and GNU adds.
//!
//! `parse` reads the script into what `script` describes, `run` carries it out over the input of
//! `lines`. Options are read by hand: `-i[SUFFIX]`, and `-n` and the like may stand behind the files.

#![forbid(unsafe_code)]

mod lines;
mod parse;
mod run;
mod script;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use anyhow::Result;
use ochre_applet::{Args, Failure, complain};
use ochre_regex::{Escapes, Options as Syntax, locale_is_utf8};
use run::{Machine, Style};

const HELP: &str = "\
Edits a stream of lines by a script.

Usage: sed [OPTION]... SCRIPT [FILE]...
   or: sed [OPTION]... -e SCRIPT | -f FILE... [FILE]...

  -n, --quiet, --silent    print lines only where the script says so
  -e, --expression=SCRIPT  add a script; may be given several times
  -f, --file=FILE          add the script in a file
  -E, -r, --regexp-extended  patterns are extended regular expressions
  -i[SUFFIX], --in-place[=SUFFIX]  edit the files themselves; what was there is kept under the suffix
  -l, --line-length=N      the width for the command l
  -s, --separate           take the files one by one
  -u, --unbuffered         flush the output at each line
  -z, --null-data          lines end with a null byte
      --posix              no additions of GNU in labels
      --help, --version
";

#[derive(Default)]
struct Options {
    quiet: bool,
    extended: bool,
    separate: bool,
    unbuffered: bool,
    null: bool,
    posix: bool,
    width: Option<usize>,
    in_place: Option<OsString>,
    script: Option<Vec<u8>>,
    words: Vec<OsString>,
}

/// The applet: status 1 for a wrong script, 2 for a file that cannot be read, or what `q` says.
pub fn sed(args: Args) -> Result<u8> {
    let Some(mut options) = read_options(&args)? else { return Ok(0) };
    let script = match options.script.take() {
        Some(script) => script,
        None if options.words.is_empty() => return usage("no script"),
        None => options.words.remove(0).into_vec(),
    };
    let syntax = Syntax {
        extended: options.extended,
        utf8: locale_is_utf8(),
        escapes: Escapes::Sed,
        ..Syntax::default()
    };
    let script = parse::parse(&script, syntax, options.posix)?;
    if options.words.is_empty() {
        if options.in_place.is_some() {
            return Err(Failure::new(4, "no input files").into());
        }
        options.words.push("-".into());
    }
    let end = if options.null { 0 } else { b'\n' };
    let lines = lines::Lines::new(options.words, end, options.separate, options.in_place);
    let style = Style {
        quiet: options.quiet,
        utf8: syntax.utf8,
        width: options.width.unwrap_or(70),
        unbuffered: options.unbuffered,
        end,
    };
    let mut machine = Machine::new(&script, lines, &style).map_err(status_4)?;
    machine.run()
}

fn status_4(error: anyhow::Error) -> anyhow::Error {
    Failure::new(4, format!("{error:#}")).into()
}

fn usage<T>(what: &str) -> Result<T> {
    complain("sed", format_args!("{what}; see sed --help"));
    Err(Failure::silent(1).into())
}

/// The options, or none if help was all that was wanted.
fn read_options(args: &[OsString]) -> Result<Option<Options>> {
    let mut options = Options::default();
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        let bytes = arg.as_bytes();
        if bytes == b"--" {
            options.words.extend(rest.cloned());
            break;
        }
        if let Some(long) = bytes.strip_prefix(b"--") {
            let (name, value) = match long.iter().position(|byte| *byte == b'=') {
                Some(at) => (&long[..at], Some(&long[at + 1..])),
                None => (long, None),
            };
            let letter = match name {
                b"quiet" | b"silent" => b'n',
                b"expression" => b'e',
                b"file" => b'f',
                b"regexp-extended" => b'E',
                b"in-place" => b'i',
                b"line-length" => b'l',
                b"separate" => b's',
                b"unbuffered" => b'u',
                b"null-data" | b"zero-terminated" => b'z',
                b"posix" => b'p',
                b"debug" | b"sandbox" | b"follow-symlinks" | b"binary" => continue,
                b"help" | b"version" => {
                    let mut out = std::io::stdout();
                    if name == b"help" {
                        out.write_all(HELP.as_bytes())?;
                    } else {
                        // Scripts look for these words to learn whether GNU's additions are there.
                        let version = env!("CARGO_PKG_VERSION");
                        writeln!(out, "sed (Ochre) {version}\nThis is not GNU sed version 4.0")?;
                    }
                    return Ok(None);
                }
                _ => return usage(&format!("unrecognized option '{}'", arg.display())),
            };
            let value = match (letter, value) {
                (b'e' | b'f' | b'l', None) => rest.next().map(|arg| arg.as_bytes()),
                (_, value) => value,
            };
            set(&mut options, letter, value)?;
            continue;
        }
        if bytes.len() < 2 || bytes[0] != b'-' {
            options.words.push(arg.clone());
            continue;
        }
        let mut at = 1;
        while at < bytes.len() {
            let letter = bytes[at];
            at += 1;
            let value = match letter {
                b'i' => Some(&bytes[at..]),
                b'e' | b'f' | b'l' if at < bytes.len() => Some(&bytes[at..]),
                b'e' | b'f' | b'l' => rest.next().map(|arg| arg.as_bytes()),
                _ => None,
            };
            set(&mut options, letter, value)?;
            if matches!(letter, b'i' | b'e' | b'f' | b'l') {
                break;
            }
        }
    }
    Ok(Some(options))
}

fn set(options: &mut Options, letter: u8, value: Option<&[u8]>) -> Result<()> {
    let mut add = |text: &[u8]| {
        let script = match options.script.take() {
            // A script that ends in `a\` goes on in the next.
            Some(script) => [&script[..], b"\n", text].concat(),
            None => text.to_vec(),
        };
        options.script = Some(script);
    };
    match (letter, value) {
        (b'n', _) => options.quiet = true,
        (b'E' | b'r', _) => options.extended = true,
        (b's', _) => options.separate = true,
        (b'u', _) => options.unbuffered = true,
        (b'z', _) => options.null = true,
        (b'p', _) => options.posix = true,
        (b'i', value) => {
            options.in_place = Some(OsString::from_vec(value.unwrap_or_default().to_vec()));
        }
        (b'e', Some(text)) => add(text),
        (b'f', Some(name)) => {
            let mut text = Vec::new();
            if name == b"-" {
                std::io::Read::read_to_end(&mut std::io::stdin(), &mut text)?;
            } else {
                let path = std::ffi::OsStr::from_bytes(name);
                text = std::fs::read(path).map_err(|error| {
                    let why = ochre_applet::reason(&error);
                    Failure::new(1, format!("couldn't open file {}: {why}", path.display()))
                })?;
            }
            // The first line may name an interpreter.
            if text.last() == Some(&b'\n') {
                text.pop();
            }
            add(&text);
        }
        (b'l', Some(text)) => {
            let width = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            match width {
                Some(width) => options.width = Some(width),
                None => return usage("invalid line length"),
            }
        }
        (b'e' | b'f' | b'l', None) => {
            return usage(&format!("option requires an argument -- '{}'", char::from(letter)));
        }
        _ => return usage(&format!("invalid option -- '{}'", char::from(letter))),
    }
    Ok(())
}

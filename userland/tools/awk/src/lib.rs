// SPDX-License-Identifier: MIT OR Apache-2.0
//! `awk`: patterns and actions for records and fields, as POSIX says, with what BusyBox's and mawk have
//! besides: RS as a pattern, `nextfile`, bits, times, `length` of arrays.
//!
//! `lex` divides the program into words, `parse` and `expr` read them into the tree of `syntax`, `names`
//! finds the arrays. `machine` is the state, `run` and `eval` walk the tree, `builtin` has awk's own
//! functions. Records come through `input` and are divided by `record`; files and pipes are in
//! `streams`. Options are read by hand: the first word that is none is the program.

#![forbid(unsafe_code)]

mod builtin;
mod eval;
mod expr;
mod format;
mod input;
mod lex;
mod machine;
mod names;
mod parse;
mod record;
mod run;
mod streams;
mod syntax;
mod value;

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;

use anyhow::Result;
use machine::{Machine, Stop};
use ochre_applet::{Args, Failure, complain, reason};

const HELP: &str = "\
Carries out actions for records that match patterns.

Usage: awk [OPTION]... PROGRAM [FILE | NAME=VALUE]...
   or: awk [OPTION]... -f FILE... [FILE | NAME=VALUE]...

  -F, --field-separator=FS  fields are divided by FS
  -v, --assign=NAME=VALUE   give a variable its value before BEGIN
  -f, --file=FILE           read the program from FILE; may be given several times
  -e, --source=PROGRAM      a part of the program
      --help                print this help
      --version             print the version
";

#[derive(Default)]
struct Options {
    separator: Option<Vec<u8>>,
    assignments: Vec<OsString>,
    program: Vec<u8>,
    has_program: bool,
    /// The first file of the program.
    name: Option<String>,
}

/// The applet: the program's status, 1 when it cannot be read, 2 when it cannot go on.
pub fn awk(args: Args) -> Result<u8> {
    let mut options = Options::default();
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        let bytes = arg.as_bytes();
        if bytes.len() < 2 || bytes[0] != b'-' {
            break;
        }
        at += 1;
        let (letter, value) = match bytes {
            b"--" => break,
            b"--help" => {
                std::io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            b"--version" => {
                writeln!(std::io::stdout(), "awk (Ochre) {}", env!("CARGO_PKG_VERSION"))?;
                return Ok(0);
            }
            [b'-', b'-', long @ ..] => {
                let cut = long.iter().position(|byte| *byte == b'=');
                let letter = match &long[..cut.unwrap_or(long.len())] {
                    b"field-separator" => b'F',
                    b"assign" => b'v',
                    b"file" => b'f',
                    b"source" => b'e',
                    _ => return usage(&format!("unrecognized option '{}'", arg.display())),
                };
                (letter, cut.map(|cut| &long[cut + 1..]))
            }
            [_, letter, rest @ ..] => (*letter, Some(rest).filter(|rest| !rest.is_empty())),
            _ => break,
        };
        if !b"Fvfe".contains(&letter) {
            return usage(&format!("invalid option -- '{}'", char::from(letter)));
        }
        let value = match value {
            Some(value) => OsStr::from_bytes(value),
            None => match args.get(at) {
                Some(value) => {
                    at += 1;
                    value
                }
                None => {
                    return usage(&format!(
                        "option requires an argument -- '{}'",
                        char::from(letter)
                    ));
                }
            },
        };
        set(&mut options, letter, value)?;
    }
    if !options.has_program {
        match args.get(at) {
            Some(program) => options.program = program.as_bytes().to_vec(),
            None => return usage("no program"),
        }
        at += 1;
    }
    let program = parse::parse(&options.program, options.name.as_deref().unwrap_or("cmd. line"))?;
    let mut machine = Machine::new(&program, args.get(at..).unwrap_or_default());
    if let Err(stop) = assign(&mut machine, &options) {
        return match stop {
            Stop::Fail(error) => Err(error),
            _ => Ok(2),
        };
    }
    machine.run()
}

fn assign(machine: &mut Machine<'_>, options: &Options) -> machine::Done<()> {
    if let Some(separator) = &options.separator {
        // As everywhere, a letter t alone is a tab.
        let text = if separator == b"t" { b"\t".to_vec() } else { lex::unescaped(separator) };
        machine.set(syntax::Var::Global(syntax::special::FS), value::Value::str(&text))?;
    }
    for assignment in &options.assignments {
        if !machine.assign_operand(assignment.as_bytes())? {
            return machine::fail(format!(
                "'{}' is no assignment; give NAME=VALUE",
                assignment.display()
            ));
        }
    }
    Ok(())
}

fn set(options: &mut Options, letter: u8, value: &OsStr) -> Result<()> {
    let mut add = |text: &[u8]| {
        options.program.extend(text);
        options.program.push(b'\n');
        options.has_program = true;
    };
    match letter {
        b'F' => options.separator = Some(value.as_bytes().to_vec()),
        b'v' => options.assignments.push(value.to_owned()),
        b'e' => add(value.as_bytes()),
        _ => {
            let mut text = Vec::new();
            let result = if value == "-" {
                std::io::stdin().read_to_end(&mut text)
            } else {
                std::fs::File::open(value).and_then(|mut file| file.read_to_end(&mut text))
            };
            if let Err(error) = result {
                let what = format!("{}: {}", value.display(), reason(&error));
                return Err(Failure::new(2, what).into());
            }
            add(&text);
            options.name.get_or_insert_with(|| value.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

fn usage<T>(what: &str) -> Result<T> {
    complain("awk", format_args!("{what}; see awk --help"));
    Err(Failure::silent(1).into())
}

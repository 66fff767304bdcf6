// SPDX-License-Identifier: MIT OR Apache-2.0
//! `bc`: a calculator with a language.
//!
//! Where POSIX leaves room it is GNU's: `print`, `else`, `&& || !`, names of many letters, arrays handed
//! over by reference, going on after errors.

mod lex;
mod parse;
mod run;
mod values;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use ochre_applet::{Args, complain};

use parse::Wrong;
use run::{Machine, Stop};

/// Calculates with as many digits as one wants: scale=20; 1/3
///
/// Files are run one after another, then the standard input.
#[derive(clap::Parser)]
#[command(name = "bc", disable_version_flag = true)]
struct Options {
    /// Have s(x) c(x) a(x) l(x) e(x) j(n,x), and a scale of 20
    #[arg(short = 'l', long)]
    mathlib: bool,
    /// Print no greeting (none is printed)
    #[arg(short = 'q', long)]
    quiet: bool,
    /// Accept what POSIX says only (all is accepted)
    #[arg(short = 's', long)]
    standard: bool,
    /// Warn of what POSIX does not say (nothing is warned of)
    #[arg(short = 'w', long)]
    warn: bool,
    /// Behave as with a terminal (nothing differs)
    #[arg(short = 'i', long)]
    interactive: bool,
    /// The files
    files: Vec<PathBuf>,
}

/// The applet.
pub fn bc(args: Args) -> Result<u8> {
    let options: Options = ochre_applet::parse(&args)?;
    let mut machine = Machine::new(options.mathlib);
    for path in &options.files {
        let file = std::fs::File::open(path)
            .with_context(|| format!("File {} is unavailable", path.display()))?;
        if source(&mut BufReader::new(file), &mut machine)? {
            return Ok(0);
        }
    }
    // Not locked: read() of the language reads there, too.
    source(&mut Stdin, &mut machine)?;
    Ok(0)
}

/// The standard input, which is locked for each line only.
struct Stdin;

/// Where lines come from.
trait Lines {
    fn line(&mut self, line: &mut String) -> std::io::Result<usize>;
}

impl Lines for Stdin {
    fn line(&mut self, line: &mut String) -> std::io::Result<usize> {
        std::io::stdin().read_line(line)
    }
}

impl Lines for BufReader<std::fs::File> {
    fn line(&mut self, line: &mut String) -> std::io::Result<usize> {
        self.read_line(line)
    }
}

/// Runs statements as soon as they are complete; true when they asked to end.
fn source(lines: &mut dyn Lines, machine: &mut Machine) -> Result<bool> {
    let mut text = String::new();
    loop {
        let count = lines.line(&mut text)?;
        let at_end = count == 0;
        if text.ends_with("\\\n") && !at_end {
            continue;
        }
        let statements = match lex::lex(&text) {
            Err(None) => Err(Wrong::Incomplete),
            Err(Some(sign)) => Err(Wrong::Syntax(sign.to_string())),
            Ok(tokens) => parse::parse(&tokens),
        };
        match statements {
            Ok(statements) => {
                text.clear();
                let stop = machine.all(statements);
                machine.paper.flush()?;
                match stop {
                    Err(Stop::Halt) => return Ok(true),
                    Err(Stop::Wrong(what)) => complain("bc", format_args!("runtime error: {what}")),
                    _ => {}
                }
            }
            Err(Wrong::Incomplete) if !at_end => continue,
            Err(wrong) => {
                let what = match wrong {
                    Wrong::Incomplete => "the text's end".to_owned(),
                    Wrong::Syntax(what) => what,
                };
                complain("bc", format_args!("syntax error at {what}"));
                text.clear();
            }
        }
        if at_end {
            return Ok(false);
        }
    }
}

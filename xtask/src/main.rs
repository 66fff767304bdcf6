// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask`: builds, runs and tests Ochre. Every verb first does all that it needs.
//!
//! Design principles:
//! - What a step makes depends on its key's inputs and nothing else; it is kept in the user's cache
//!   under that key ([`context`]). With nothing changed, a verb costs a `stat` per input.
//! - Errors are one message that ends with the next step to take, and name the log file.
//! - stdout belongs to the guest and to results; progress and errors go to stderr.
#![forbid(unsafe_code)]

mod applet_table;
mod applets;
mod apt;
mod bench;
mod compare;
mod context;
mod foreign;
mod foreign_table;
mod fuzz;
mod generate;
mod job;
mod key;
mod layers;
mod lint;
mod machine;
mod new_tool;
mod progress;
mod sources;
mod stamps;
mod steps;
mod tally;
mod test;
mod tools;
mod workspace;

use anyhow::{Result, bail};
use context::Context;
use std::ffi::OsString;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask VERB …

  run [OPTION…]                 boot into the shell on this terminal
  exec [OPTION…] -- CMD [ARG…]  boot, run one command, exit with its status
  build [PART…]                 kernel, kernel-debug, kernel-kunit, sysroot, kselftest, userland,
                                image, runner, busybox; what a machine needs by default
  test [SUITE…]                 test the host crates and the machine; all suites but kunit, kselftest
                                and stress by default
  bench [GROUP…] [OPTION…]      measure, beside the host: boot kernel ipc fs compute programs preempt
                                smp memory shell; --json, --html, --markdown FILE keep the figures,
                                --check FILE.json tells what has become slower
  compare [OPTION…] [GLOB…]     run the same cases with our programs and with BusyBox; --json,
                                --markdown and --html FILE keep what was seen
  fuzz TARGET [--seconds N]     look for inputs that a reader of files fails for; a minute by default
  new-tool NAME [SUMMARY]       make the crate of a new tool of the guest, in userland/tools/
  add-crate NAME[@VERSION] [--features A,B] [--no-default-features]
                                build a released program for the guest and put it into the image
  remove-crate NAME             take it out again
  lint                          format, clippy, licences, generated files
  ci                            what the continuous integration runs: lint and test
  generate [--check]            write the files that are generated, or check them
  clean [--cache]               remove this checkout's results, or the shared cache too

Options of run and exec are those of the runner: target/ochre/ochre --help lists them. In addition,
--userland busybox boots the baseline, BusyBox, instead of our programs.
";

/// Exit status of `exec` when there is no machine to run the command; as the runner's own.
const SETUP_FAILED: u8 = 125;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let verb = arguments.next().unwrap_or_default();
    let verb = verb.to_string_lossy();
    let arguments: Vec<OsString> = arguments.collect();
    match dispatch(&verb, arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}{}", disk_hint(&error));
            ExitCode::from(if verb == "exec" { SETUP_FAILED } else { 1 })
        }
    }
}

fn dispatch(verb: &str, arguments: Vec<OsString>) -> Result<ExitCode> {
    let words = || -> Result<Vec<String>> {
        let text = |word: OsString| {
            word.into_string().or_else(|word| bail!("{}: not UTF-8", word.display()))
        };
        arguments.iter().cloned().map(text).collect()
    };
    match verb {
        "run" | "exec" => machine::start(&Context::new()?, verb, &arguments),
        "build" => steps::build(&Context::new()?, &words()?),
        "test" => test::run(&Context::new()?, &words()?),
        "bench" => bench::run(&Context::new()?, &arguments),
        "compare" => compare::run(&Context::new()?, &arguments),
        "fuzz" => fuzz::run(&Context::new()?, &words()?),
        "new-tool" => new_tool::run(&Context::new()?, &words()?),
        "add-crate" => foreign::add(&Context::new()?, &words()?),
        "remove-crate" => foreign::remove(&Context::new()?, &words()?),
        "lint" => {
            no_more(&arguments)?;
            lint::run(&Context::new()?)
        }
        "ci" => {
            no_more(&arguments)?;
            test::ci(&Context::new()?)
        }
        "generate" => match words()?.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => generate::write(&Context::new()?),
            ["--check"] => generate::check(&Context::new()?),
            _ => bail!("generate takes nothing or --check"),
        },
        "clean" => match words()?.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => steps::clean(&Context::new()?, false),
            ["--cache"] => steps::clean(&Context::new()?, true),
            _ => bail!("clean takes nothing or --cache"),
        },
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        "" => {
            eprint!("{USAGE}");
            Ok(ExitCode::from(2))
        }
        other => {
            eprintln!("xtask: unknown verb `{other}`\n{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

fn no_more(arguments: &[OsString]) -> Result<()> {
    match arguments {
        [] => Ok(()),
        [first, ..] => bail!("unexpected argument `{}`", first.display()),
    }
}

/// A full disk is met anywhere; its next step is always the same.
fn disk_hint(error: &anyhow::Error) -> &'static str {
    let full = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
    };
    if error.chain().any(full) {
        "\nthe disk is full: free some space and run the same command again; it continues"
    } else {
        ""
    }
}

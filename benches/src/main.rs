// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre-bench`: what `cargo xtask bench` starts when everything is built.
#![forbid(unsafe_code)]

mod preempt;
mod smp;
mod wakeup;

use anyhow::{Context, bail};
use lexopt::{Arg, Parser, ValueExt};
use ochre_benches::{bare, image};
use ochre_runner::loader::Checks;
use ochre_runner::sys::environment::no_traces_in_errors;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where the built parts are, and what to do with the results.
#[derive(Default)]
pub struct Setup {
    /// Guest programs.
    pub guest: PathBuf,
    /// `ochre` and its images.
    pub machine: PathBuf,
    /// A file for the results.
    pub json: Option<PathBuf>,
    /// Turns of each measurement.
    pub turns: usize,
    /// Only these kernels.
    pub only: Vec<String>,
}

fn main() -> anyhow::Result<ExitCode> {
    no_traces_in_errors();
    let mut parser = Parser::from_env();
    let mut setup = Setup { turns: 15, ..Setup::default() };
    let mut words = Vec::new();
    let (mut checks, mut requests) = (Checks::Planned, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("guest") => setup.guest = parser.value()?.into(),
            Arg::Long("machine") => setup.machine = parser.value()?.into(),
            Arg::Long("json") => setup.json = Some(parser.value()?.into()),
            Arg::Long("turns") => setup.turns = parser.value()?.parse()?,
            Arg::Long("only") => setup.only.push(parser.value()?.string()?),
            Arg::Long("without-checks") => checks = Checks::None,
            Arg::Long("requests") => requests = true,
            Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let verb = words.first().context("what to measure is missing; `cargo xtask bench` tells it")?;
    match (verb.as_str(), &words[1..]) {
        ("preempt", []) => preempt::run(&setup)?,
        ("smp", []) => smp::run(&setup)?,
        // One participant of `preempt`.
        ("bare", [file]) => {
            let status = bare::run(file.as_ref(), bare::Options { checks, requests })?;
            return Ok(status.into());
        }
        _ => bail!("no benchmark `{}`", words.join(" ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// A machine that runs one of the benchmark programs on standard input and output. `image` has it.
fn machine(setup: &Setup, image: &Path, options: &[&str], program: &str) -> Command {
    let mut command = Command::new(setup.machine.join("ochre"));
    command.arg("exec").arg("--initramfs").arg(image).args(options);
    command.arg("--").arg(format!("{}/{program}", image::FOLDER));
    command
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre-bench`: what `cargo xtask bench` starts when everything is built.
//!
//! [`emulated`] is the machine in QEMU that some groups compare with. Each group is a module with a function `run` that gives its rows: [`boot`], [`contests`] (kernel,
//! ipc, fs, compute, programs, shell), [`footprint`] (memory), [`preempt`], [`smp`].
#![forbid(unsafe_code)]

mod about;
mod boot;
mod contests;
mod emulated;
mod footprint;
mod preempt;
mod smp;
mod wakeup;

use anyhow::{Context, bail};
use lexopt::{Arg, Parser, ValueExt};
use ochre_benches::report::{Report, Row};
use ochre_benches::table::write_json;
use ochre_benches::{bare, image, render};
use ochre_runner::loader::Checks;
use ochre_runner::sys::environment::no_traces_in_errors;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where the built parts are, and what to do with the results.
#[derive(Default)]
pub struct Setup {
    /// Guest programs.
    pub guest: PathBuf,
    /// The same programs for the host.
    pub native: PathBuf,
    /// `ochre` and its images.
    pub machine: PathBuf,
    /// The kernel that QEMU boots for comparison, if it is there.
    pub qemu_kernel: Option<PathBuf>,
    /// Turns of each measurement.
    pub turns: usize,
    /// Only these rows, or kernels.
    pub only: Vec<String>,
}

impl Setup {
    /// Is a row of this name wanted?
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str()))
    }
}

/// What becomes of the results.
#[derive(Default)]
struct Output {
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    markdown: Option<PathBuf>,
    check: Option<PathBuf>,
}

type Run = fn(&Setup) -> anyhow::Result<Vec<Row>>;

/// The groups, in the order in which they run.
const GROUPS: [(&str, Run); 10] = [
    ("boot", boot::run),
    ("kernel", |setup| contests::system(setup, "kernel")),
    ("ipc", |setup| contests::system(setup, "ipc")),
    ("fs", |setup| contests::system(setup, "fs")),
    ("compute", contests::compute),
    ("programs", contests::programs),
    ("preempt", preempt::run),
    ("smp", smp::run),
    ("memory", footprint::run),
    ("shell", contests::shell),
];

fn main() -> anyhow::Result<ExitCode> {
    no_traces_in_errors();
    let mut parser = Parser::from_env();
    let mut setup = Setup { turns: 15, ..Setup::default() };
    let (mut output, mut from) = (Output::default(), Vec::<PathBuf>::new());
    let mut words = Vec::new();
    let (mut checks, mut requests) = (Checks::Planned, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("guest") => setup.guest = parser.value()?.into(),
            Arg::Long("native") => setup.native = parser.value()?.into(),
            Arg::Long("machine") => setup.machine = parser.value()?.into(),
            Arg::Long("qemu-kernel") => setup.qemu_kernel = Some(parser.value()?.into()),
            Arg::Long("json") => output.json = Some(parser.value()?.into()),
            Arg::Long("html") => output.html = Some(parser.value()?.into()),
            Arg::Long("markdown") => output.markdown = Some(parser.value()?.into()),
            Arg::Long("check") => output.check = Some(parser.value()?.into()),
            Arg::Long("from") => from.push(parser.value()?.into()),
            Arg::Long("turns") => setup.turns = parser.value()?.parse()?,
            Arg::Long("only") => setup.only.push(parser.value()?.string()?),
            Arg::Long("without-checks") => checks = Checks::None,
            Arg::Long("requests") => requests = true,
            Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    // One participant of `preempt`.
    if let [verb, file] = &words[..]
        && verb == "bare"
    {
        let status = bare::run(file.as_ref(), bare::Options { checks, requests })?;
        return Ok(status.into());
    }
    let names = || GROUPS.map(|(name, _)| name).join(" ");
    if let Some(word) = words.iter().find(|word| !GROUPS.iter().any(|(name, _)| name == word)) {
        bail!("no group `{word}`: there are {}", names());
    }
    // Read before anything is measured: a wrong name should not cost an hour.
    let baseline = output.check.as_deref().map(Report::read).transpose()?;
    let mut report = Report::default();
    if from.is_empty() {
        report.about = about::this_machine(&setup);
        for (name, run) in GROUPS {
            if words.is_empty() || words.iter().any(|word| word == name) {
                let rows = run(&setup).with_context(|| format!("the group {name} failed"))?;
                report.rows.extend(rows);
                // What is there is kept, should a later group fail.
                write_json(output.json.as_deref(), &report.to_json())?;
            }
        }
    } else {
        for path in &from {
            let mut one = Report::read(path)?;
            report.about = one.about;
            report.rows.append(&mut one.rows);
        }
        write_json(output.json.as_deref(), &report.to_json())?;
    }
    print!("{}", render::text(&report));
    for (path, text) in
        [(&output.html, render::html(&report)), (&output.markdown, render::markdown(&report))]
    {
        if let Some(path) = path {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    if let Some(baseline) = baseline {
        print!("{}", comparison(&report, &baseline));
    }
    Ok(ExitCode::SUCCESS)
}

/// What has become slower. A result to look at, and no reason to fail.
fn comparison(report: &Report, baseline: &Report) -> String {
    let worse = report.worse_than(baseline);
    if worse.is_empty() {
        return "nothing has become worse beyond the noise\n".to_owned();
    }
    let lines = worse.iter().map(|(row, factor)| {
        let percent = (factor - 1.0) * 100.0;
        format!("  {}: {} by {percent:.0} %\n", row.group, row.name)
    });
    format!("worse than in the baseline:\n{}", lines.collect::<String>())
}

/// A machine that runs one of the benchmark programs on standard input and output. `image` has it.
fn machine(setup: &Setup, image: &Path, options: &[&str], program: &str) -> Command {
    let mut command = Command::new(setup.machine.join("ochre"));
    command.arg("exec").arg("--initramfs").arg(image).args(options);
    command.arg("--").arg(format!("{}/{program}", image::FOLDER));
    command
}

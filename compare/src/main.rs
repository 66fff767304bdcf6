// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre-compare`: runs the same cases with our programs and with BusyBox, in machines with the same
//! kernel, and on the host with Debian's BusyBox, and reports what differs. `cargo xtask compare` builds
//! what it needs and calls it.
//!
//! Talks to: the runner, as a program; `case-runner`, in the guest and on the host.
//! Invariants: results come from runs, never from lists; a verdict excuses nothing, it only says who is wrong.
#![forbid(unsafe_code)]

mod archive;
mod cases;
mod figures;
mod html;
mod markdown;
mod place;
mod report;
mod suites;
mod terminal;
mod verdicts;

use anyhow::{Context as _, Result, bail};
use archive::Image;
use place::{Machine, Outcomes};
use report::{Figures, Found, Report};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use verdicts::Verdicts;

/// What the command line says.
#[derive(Default)]
struct Options {
    /// `target/ochre`: runner, images, BusyBox.
    machine: PathBuf,
    /// The programs built for the guest.
    guest: PathBuf,
    /// `case-runner` for the host.
    host_runner: PathBuf,
    /// The folder with our cases and the verdicts.
    cases: PathBuf,
    /// Debian's BusyBox for the host.
    host_busybox: Option<PathBuf>,
    json: Option<PathBuf>,
    markdown: Option<PathBuf>,
    html: Option<PathBuf>,
    globs: Vec<String>,
}

fn main() -> Result<()> {
    let options = options()?;
    let report = run(&options)?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report).context("a report that is no JSON")?;
        write(path, &text)?;
    }
    if let Some(path) = &options.html {
        write(path, &html::page(&report))?;
    }
    if let Some(path) = &options.markdown {
        write(path, &markdown::page(&report))?;
    }
    print!("{}", terminal::summary(&report));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn options() -> Result<Options> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("machine") => options.machine = parser.value()?.into(),
            Long("guest") => options.guest = parser.value()?.into(),
            Long("host-runner") => options.host_runner = parser.value()?.into(),
            Long("host-busybox") => options.host_busybox = Some(parser.value()?.into()),
            Long("cases") => options.cases = parser.value()?.into(),
            Long("json") => options.json = Some(parser.value()?.into()),
            Long("html") => options.html = Some(parser.value()?.into()),
            Long("markdown") => options.markdown = Some(parser.value()?.into()),
            Value(glob) => options.globs.push(glob.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<Report> {
    let verdicts = Verdicts::read(&options.cases.join("verdicts"))?;
    let wanted = |id: &str| {
        options.globs.is_empty() || options.globs.iter().any(|glob| verdicts::matches(glob, id))
    };
    let suite = options.machine.join("busybox/suite");
    let suite = suite.canonicalize().with_context(|| format!("cannot read {}", suite.display()))?;
    let mut jobs = suites::jobs(&suite)?;
    jobs.retain(|job| wanted(&job.id));
    let mut own = cases::read_folder(&options.cases)?;
    own.retain(|case| wanted(&case.job.id));
    if jobs.is_empty() && own.is_empty() {
        bail!(
            "no case has such a name: there are testsuite/APPLET, hush/FOLDER and own/APPLET: TITLE"
        );
    }
    let own_jobs: Vec<_> = own.iter().map(|case| case.job.clone()).collect();
    let mut measured = if options.globs.is_empty() { figures::jobs() } else { Vec::new() };
    measured.extend(figures::version_jobs());
    let all: Vec<_> = jobs.iter().chain(&own_jobs).chain(&measured).cloned().collect();
    let mut answers = Vec::new();
    let mut sizes = [[0; 2]; 2];
    for ours in [true, false] {
        let machine = machine(options, &suite, ours)?;
        let side = usize::from(!ours);
        sizes[0][side] = machine.image.len_bytes();
        sizes[1][side] = machine.image.below_bytes(&["usr/bin/", "usr/sbin/"]);
        let name = if ours { "ours" } else { "BusyBox" };
        answers.push(machine.run(&all, &|done| eprintln!("{name}: {done} of {}", all.len()))?);
    }
    let [ours, theirs] = <[Outcomes; 2]>::try_from(answers).unwrap_or_default();
    let read = |outcomes: &Outcomes| -> Vec<Found> {
        let outcomes = jobs.iter().filter_map(|job| outcomes.get(&job.id));
        outcomes.flat_map(suites::read).collect()
    };
    let mut compared = report::pair(read(&ours), read(&theirs), &verdicts);
    let host = on_host(options, &own)?;
    for job in &own_jobs {
        if let (Some(ours), Some(theirs)) = (ours.get(&job.id), theirs.get(&job.id)) {
            compared.push(report::compare(ours, theirs, host.get(&job.id), &verdicts));
        }
    }
    let unused_verdicts = if options.globs.is_empty() { verdicts.unused() } else { Vec::new() };
    Ok(Report {
        date: said(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?,
        versions: versions(options, &theirs)?,
        cases: compared,
        figures: Figures {
            sizes: vec![("image".into(), sizes[0]), ("programs".into(), sizes[1])],
            commands: figures::read(&ours, &theirs),
        },
        unused_verdicts,
    })
}

fn machine(options: &Options, suite: &Path, ours: bool) -> Result<Machine> {
    let (image, precompiled) = match ours {
        true => ("initramfs.cpio", "precompiled"),
        false => ("initramfs-busybox.cpio", "precompiled-busybox"),
    };
    let busybox = options.machine.join("busybox/busybox");
    Ok(Machine {
        runner: options.machine.join("ochre"),
        image: Image::read(&options.machine.join(image))?,
        precompiled: options.machine.join(precompiled),
        case_runner: options.guest.join("case-runner"),
        manifest: suites::manifest(suite, &busybox, ours),
        links: if ours { vec![suites::links()] } else { Vec::new() },
    })
}

/// The cases on the host, with links to Debian's BusyBox as the only programs.
fn on_host(options: &Options, own: &[cases::Case]) -> Result<Outcomes> {
    let Some(busybox) = &options.host_busybox else { return Ok(Outcomes::new()) };
    let jobs: Vec<_> = own.iter().filter(|case| case.host).map(|case| case.job.clone()).collect();
    let links = tempfile::tempdir().context("cannot make a temporary folder")?;
    let status = Command::new(busybox).arg("--install").arg("-s").arg(links.path()).status();
    if !status.with_context(|| format!("cannot start {}", busybox.display()))?.success() {
        bail!("{} could not make its links", busybox.display());
    }
    place::run_on_host(&options.host_runner, links.path(), &jobs)
}

fn versions(options: &Options, theirs: &Outcomes) -> Result<Vec<(String, String)>> {
    let mut versions = figures::versions(theirs);
    let mut commit = Command::new("git");
    commit.arg("-C").arg(&options.cases).args(["describe", "--always", "--dirty"]);
    versions.push(("our programs, commit".into(), said(&mut commit)?));
    if let Some(busybox) = &options.host_busybox {
        versions.push(("BusyBox on the host".into(), said(&mut Command::new(busybox))?));
    }
    Ok(versions)
}

/// The first line that a command puts out.
fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

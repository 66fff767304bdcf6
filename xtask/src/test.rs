// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask test`: the host crates' own tests, and the suites in `tests/`, which boot the machine.

use crate::applets;
use crate::apt::has_program;
use crate::context::Context;
use crate::steps;
use crate::tally::{Tally, run_tests};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, ExitCode};

/// Tests of the host crates, which need no machine.
const HOST_SUITE: &str = "host";
/// Crates that use wasmtime, whose own tests belong to the host suite.
const WASMTIME_CRATES: [&str; 2] = ["ochre-runner", "ochre-benches"];
/// The crate whose tests boot the machine; its suites are the files in `tests/tests/`.
const MACHINE_CRATE: &str = "ochre-tests";

/// The suites that take too long for every run; only by name.
const BY_NAME: &[&str] = &["kselftest", "kunit", "stress"];
/// The suites that need a part which no others do.
const OWN_PARTS: &[(&str, &str)] =
    &[("debug", "kernel-debug"), ("kselftest", "kselftest"), ("kunit", "kernel-kunit")];

/// Runs some suites, or all but the long ones.
pub fn run(context: &Context, suites: &[String]) -> Result<ExitCode> {
    let machine_suites = machine_suites(context)?;
    for suite in suites {
        if suite != HOST_SUITE && !machine_suites.contains(suite) {
            let known: Vec<_> = machine_suites.iter().map(String::as_str).collect();
            bail!("no test suite `{suite}`: there are {HOST_SUITE} {}", known.join(" "));
        }
    }
    let wanted = |suite: &str| match suites {
        [] => !BY_NAME.contains(&suite),
        _ => suites.iter().any(|wanted| wanted == suite),
    };
    // Not having them only skips a few tests, each with its reason.
    if let Err(error) = context.require_packages(&["test"]) {
        eprintln!("xtask: going on without some tools of the tests: {error:#}");
    }
    let mut tally = Tally::default();
    if wanted(HOST_SUITE) {
        let mut others = cargo_test(context, "default");
        others.args(["--workspace", "--exclude", MACHINE_CRATE]);
        for name in WASMTIME_CRATES {
            // Apart, so that cargo resolves their dependencies as it does for the programs themselves
            // and builds wasmtime once.
            tally.add(run_tests(cargo_test(context, "default").args(["--package", name]))?);
            others.args(["--exclude", name]);
        }
        tally.add(run_tests(&mut others)?);
        tally.add(run_tests(&mut tools_test(context)?)?);
    }
    let chosen: Vec<_> = machine_suites.iter().filter(|suite| wanted(suite)).collect();
    if !chosen.is_empty() {
        let own_parts = OWN_PARTS.iter().filter(|(suite, _)| wanted(suite));
        let kernels: Vec<_> = own_parts.map(|(_, part)| *part).collect();
        match steps::build_all_and(context, &kernels) {
            Ok(()) => {
                let mut command = cargo_test(context, "machine");
                // With its library, whose tests need no machine but belong to nobody else.
                command.args(["--package", MACHINE_CRATE, "--lib"]);
                for suite in chosen {
                    command.args(["--test", suite]);
                }
                tally.add(run_tests(&mut command)?);
                print_table(context);
            }
            Err(error) => {
                eprintln!("xtask: the machine could not be built, so its tests fail: {error:#}");
                tally.count(false);
            }
        }
    }
    Ok(tally.close())
}

/// Prints what became of each selftest, if they ran, and forgets it.
fn print_table(context: &Context) {
    let path = context.workspace.results.join("kselftest-results");
    if let Ok(table) = fs::read_to_string(&path) {
        print!("{table}");
        // Left behind, it would be taken for that of the next run.
        let _ = fs::remove_file(&path);
    }
}

/// `ci`: what the continuous integration runs, in the script that it calls.
pub fn ci(context: &Context) -> Result<ExitCode> {
    let script = context.workspace.root.join(".ci/run");
    let status = Command::new(&script)
        .status()
        .with_context(|| format!("cannot start {}", script.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests of the guest's own tools, which are programs for any Linux, on this one.
fn tools_test(context: &Context) -> Result<Command> {
    steps::crates::publish(context)?;
    let userland = context.workspace.root.join("userland");
    let mut command = cargo_test(context, "default");
    command.current_dir(&userland).args([
        "--package",
        "ochre-applet",
        "--package",
        "ochre-toolbox",
    ]);
    for package in applets::packages(&userland)? {
        command.args(["--package", &package]);
    }
    command.arg("--target-dir").arg(context.workspace.work.join("userland-host"));
    Ok(command)
}

/// nextest where it is installed (each test a process of its own, with a time limit), else cargo's
/// own runner. Release mode, so that wasmtime is built once for the runner and for the tests.
fn cargo_test(context: &Context, profile: &str) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(&context.workspace.root).env("CARGO_TERM_COLOR", "never");
    if has_program("cargo-nextest") {
        command.args(["nextest", "run", "--no-tests", "pass", "--profile", profile]);
    } else {
        command.arg("test");
    }
    command.args(["--release", "--locked", "--no-fail-fast"]);
    command
}

/// The suites that boot the machine.
fn machine_suites(context: &Context) -> Result<BTreeSet<String>> {
    let folder = context.workspace.root.join("tests/tests");
    if !folder.is_dir() {
        return Ok(BTreeSet::new());
    }
    let mut suites = BTreeSet::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let is_suite = path.extension().is_some_and(|extension| extension == "rs")
            || path.join("main.rs").is_file();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_suite) {
            suites.insert(name.to_owned());
        }
    }
    Ok(suites)
}

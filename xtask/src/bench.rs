// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask bench`: everything built, then `ochre-bench` in xtask's place. What is measured and how
//! is the business of the crate in `benches/`.

use crate::context::Context;
use crate::steps;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// The benchmarks.
const NAMES: [&str; 2] = ["preempt", "smp"];

/// Builds what is not current and starts a benchmark.
pub fn run(context: &Context, arguments: &[OsString]) -> Result<ExitCode> {
    let Some(name) = arguments.first() else {
        bail!("what to measure is missing: there are {}", NAMES.join(" "));
    };
    if !NAMES.iter().any(|known| name == known) {
        bail!("no benchmark `{}`: there are {}", name.display(), NAMES.join(" "));
    }
    steps::build_all(context)?;
    let guest = steps::guest_programs(context)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&context.workspace.root);
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "ochre-benches",
        "--bins",
    ]);
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the benchmarks could not be built: see above");
    }
    context.stamps.save();
    let program = context.workspace.cargo_target().join("release/ochre-bench");
    let mut bench = Command::new(&program);
    bench.args(arguments).arg("--guest").arg(guest);
    bench.arg("--machine").arg(&context.workspace.results);
    Err(bench.exec()).with_context(|| format!("cannot start {}", program.display()))
}

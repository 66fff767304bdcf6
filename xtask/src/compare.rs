// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask compare`: both images built, then `ochre-compare` in xtask's place. What is compared and how
//! it is reported is the business of the crate in `compare/`.

use crate::context::Context;
use crate::steps;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds what is not current and compares.
pub fn run(context: &Context, arguments: &[OsString]) -> Result<ExitCode> {
    steps::build_all_and(context, &["busybox"])?;
    let guest = steps::guest_programs(context)?;
    let host = steps::host_busybox(context)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&context.workspace.root);
    cargo.args(["build", "--quiet", "--locked", "--package", "ochre-compare", "--bins"]);
    if !cargo.status().context("cannot start cargo")?.success() {
        bail!("the program that compares could not be built: see above");
    }
    context.stamps.save();
    let programs = context.workspace.cargo_target().join("debug");
    let program = programs.join("ochre-compare");
    let mut compare = Command::new(&program);
    compare.arg("--machine").arg(&context.workspace.results).arg("--guest").arg(guest);
    compare.arg("--host-runner").arg(programs.join("case-runner")).arg("--host-busybox").arg(host);
    compare.arg("--cases").arg(context.workspace.root.join("tests/compare")).args(arguments);
    Err(compare.exec()).with_context(|| format!("cannot start {}", program.display()))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `run` and `exec`: everything built, then the runner in xtask's place, with the same arguments.

use crate::context::Context;
use crate::steps;
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds what is not current and becomes the runner.
pub fn start(context: &Context, verb: &str, arguments: &[OsString]) -> Result<ExitCode> {
    steps::build_all(context)?;
    context.stamps.save();
    let runner = context.workspace.results.join("ochre");
    let error = Command::new(&runner).arg(verb).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", runner.display()))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask lint`: checks of the sources that run nothing. Each counts as one check of the closing
//! line, and all run, whatever fails before.

mod deny;
mod files;

use crate::context::Context;
use crate::generate;
use crate::tally::Tally;
use anyhow::{Context as _, Result, bail};
use std::process::{Command, ExitCode};

type Check = fn(&Context) -> Result<()>;

const CHECKS: &[(&str, Check)] = &[
    ("format", format),
    ("spdx", files::spdx),
    ("file length", files::length),
    ("generated files", generated),
    ("clippy", clippy),
    ("licences of crates", deny::check),
];

/// Runs all checks.
pub fn run(context: &Context) -> Result<ExitCode> {
    Ok(check_all(context).close())
}

fn check_all(context: &Context) -> Tally {
    let mut tally = Tally::default();
    for (name, check) in CHECKS {
        let result = check(context);
        println!("{} {name}", if result.is_ok() { "ok    " } else { "FAILED" });
        if let Err(error) = &result {
            println!("{error:#}");
        }
        tally.count(result.is_ok());
    }
    tally
}

/// rustfmt itself, for `cargo fmt --all` also formats the patched crates of others.
fn format(context: &Context) -> Result<()> {
    let root = &context.workspace.root;
    let mut command = Command::new("rustfmt");
    command.current_dir(root).args(["--check", "--edition", "2024"]);
    command.args(files::tracked(root)?.iter().filter(|name| name.ends_with(".rs")));
    succeed(
        &mut command,
        "run `cargo fmt --all`, in userland/ `cargo fmt` with `-p` for each crate",
    )
}

fn clippy(context: &Context) -> Result<()> {
    let mut command = Command::new("cargo");
    command.current_dir(&context.workspace.root);
    command.args(["clippy", "--locked", "--release", "--workspace", "--all-targets", "--quiet"]);
    command.args(["--", "--deny", "warnings"]);
    succeed(&mut command, "mend what clippy names above")
}

fn generated(context: &Context) -> Result<()> {
    let stale = generate::stale(context)?;
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = stale.iter().map(|path| path.display().to_string()).collect();
    bail!("not current: {}; run `cargo xtask generate`", names.join(", "))
}

/// Runs a command that prints its own findings.
fn succeed(command: &mut Command, next_step: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    if !status.success() {
        bail!("{status}: {next_step}");
    }
    Ok(())
}

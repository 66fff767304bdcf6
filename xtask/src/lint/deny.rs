// SPDX-License-Identifier: MIT OR Apache-2.0
//! cargo-deny over both workspaces. The tool is no Debian package: cargo builds it once into the
//! cache, in a version named here.

use super::succeed;
use crate::context::Context;
use crate::job::Job;
use crate::steps::crates;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const VERSION: &str = "0.20.2";

/// Licences, sources and bans of all crates, as `deny.toml` says. Advisories are left out: their
/// database is not part of the build's inputs.
pub fn check(context: &Context) -> Result<()> {
    let tool = tool(context)?;
    // Cargo reads the guest's workspace only with its patched crates in place.
    context.require_packages(&["lint"])?;
    crates::publish(context)?;
    for manifest in ["Cargo.toml", "userland/Cargo.toml"] {
        let manifest = context.workspace.root.join(manifest);
        if manifest.is_file() {
            let mut command = Command::new(&tool);
            command.arg("--manifest-path").arg(manifest).args(["--locked", "--log-level", "warn"]);
            command.arg("--config").arg(context.workspace.root.join("deny.toml"));
            command.args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
            succeed(&mut command, "mend what cargo-deny names above, or deny.toml with a reason")?;
        }
    }
    Ok(())
}

/// The tool, installed if need be.
fn tool(context: &Context) -> Result<PathBuf> {
    let tools = context.workspace.cache.join("tools");
    let folder = tools.join(format!("cargo-deny-{VERSION}"));
    let program = folder.join("bin/cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    let _lock = context.lock("cargo-deny")?;
    if program.is_file() {
        return Ok(program);
    }
    let partial = tools.join(".cargo-deny.partial");
    remove_folder(&partial)?;
    make_folder(&partial)?;
    let job = Job::start("cargo-deny", partial.clone(), context.log_path("cargo-deny"))?;
    let mut command = Command::new("cargo");
    command.args([
        "install",
        "--locked",
        "--no-track",
        "--debug",
        "--no-default-features",
        "--version",
    ]);
    command.args([VERSION, "cargo-deny", "--root"]).arg(&partial);
    command.arg("--target-dir").arg(partial.join("build"));
    let result = job.run(&mut command);
    if let Err(error) = result {
        job.abandon();
        return Err(error);
    }
    remove_folder(&partial.join("build"))?;
    fs::rename(&partial, &folder)
        .with_context(|| format!("cannot publish {}", folder.display()))?;
    job.finish();
    Ok(program)
}

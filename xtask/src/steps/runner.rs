// SPDX-License-Identifier: MIT OR Apache-2.0
//! The runner, `ochre`, built by the host's own cargo in the host workspace. Kept in the cache too:
//! wasmtime takes minutes, and another checkout most often has the same sources.

use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::process::Command;

/// The `ochre` program.
pub struct Runner;

impl Step for Runner {
    fn name(&self) -> String {
        "runner".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        let root = &context.workspace.root;
        key.text(&host_rustc()?);
        key.text(&std::env::var("RUSTFLAGS").unwrap_or_default());
        for file in ["Cargo.toml", "Cargo.lock"] {
            key.file(&root.join(file))?;
        }
        for folder in ["abi", "devices", "runner"] {
            key.tree(&root.join(folder))?;
        }
        Ok(())
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&context.workspace.root).env("CARGO_TERM_COLOR", "never");
        cargo.args([
            "build",
            "--release",
            "--locked",
            "--package",
            "ochre-runner",
            "--bin",
            "ochre",
        ]);
        job.run(&mut cargo)?;
        let program = context.workspace.cargo_target().join("release/ochre");
        fs::copy(&program, job.out.join("ochre"))
            .map(drop)
            .with_context(|| format!("cargo has made no {}", program.display()))
    }
}

/// Version and host of the machine's own Rust.
fn host_rustc() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context(
        "cannot start rustc: Ochre needs a Rust toolchain for the host, from https://rustup.rs",
    )?;
    if !output.status.success() {
        bail!("rustc -vV: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs of cargo's world that are no Debian packages: cargo builds them once into the cache, in the
//! version that their user names.

use crate::context::Context;
use crate::job::Job;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A crate with a program of the same name.
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// The version wanted.
    pub version: &'static str,
    /// More options of `cargo install`.
    pub options: &'static [&'static str],
}

impl Tool {
    /// The program, installed if need be.
    pub fn program(&self, context: &Context) -> Result<PathBuf> {
        let name = self.name;
        let tools = context.workspace.cache.join("tools");
        let folder = tools.join(format!("{name}-{}", self.version));
        let program = folder.join("bin").join(name);
        if program.is_file() {
            return Ok(program);
        }
        let _lock = context.lock(name)?;
        if program.is_file() {
            return Ok(program);
        }
        let partial = tools.join(format!(".{name}.partial"));
        remove_folder(&partial)?;
        make_folder(&partial)?;
        let job = Job::start(name, partial.clone(), context.log_path(name))?;
        let mut command = Command::new("cargo");
        command.args(["install", "--locked", "--no-track"]).args(self.options);
        command.args(["--version", self.version, name, "--root"]).arg(&partial);
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
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest's programs: the workspace `userland/`, built by Debian's Rust for our target.

use super::crates;
use super::sysroot::{GUEST_CARGO, GUEST_RUSTC, Musl, RUST_SETTINGS, Std};
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::Result;
use std::process::Command;

const TARGET: &str = "wasm32-unknown-linux-musl";

/// `bin/` with every program.
pub struct Userland;

impl Step for Userland {
    fn name(&self) -> String {
        "userland".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Std)?);
        crates::key(context, key)?;
        key.tree(&context.workspace.root.join("userland"))
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl), Box::new(Std)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let (musl, std) = (context.ensure(&Musl)?, context.ensure(&Std)?);
        crates::publish(context)?;
        let root = &context.workspace.root;
        let mut cargo = Command::new(GUEST_CARGO);
        cargo.current_dir(root.join("userland"));
        for variable in RUST_SETTINGS {
            cargo.env_remove(variable);
        }
        cargo.env("RUSTC", GUEST_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TERM_COLOR", "never");
        let flags = format!("--sysroot={} -Lnative={}", std.display(), musl.join("lib").display());
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_LINUX_MUSL_RUSTFLAGS", flags);
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_LINUX_MUSL_LINKER", musl.join("bin/cc"));
        for (variable, tool) in [("CC", "cc"), ("AR", "ar"), ("RANLIB", "ranlib")] {
            let variable = format!("{variable}_{}", TARGET.replace('-', "_"));
            cargo.env(variable, musl.join("bin").join(tool));
        }
        cargo.args(["build", "--release", "--locked", "--workspace", "--bins"]);
        cargo.arg(format!("-j{}", context.jobs)).arg("-Zjson-target-spec").arg("--target");
        cargo.arg(root.join(format!("sysroot/{TARGET}.json")));
        cargo.arg("--target-dir").arg(context.workspace.work.join("userland"));
        cargo.args(["-Zunstable-options", "--artifact-dir"]).arg(job.out.join("bin"));
        job.run(&mut cargo)
    }
}

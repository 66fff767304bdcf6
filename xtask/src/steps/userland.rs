// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest's programs: the workspace `userland/`, built by Debian's Rust for our target.

use super::crates;
use super::sysroot::{GUEST_CARGO, GUEST_RUSTC, Musl, RUST_SETTINGS, Std};
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The guest's target, and the name of its JSON.
pub const TARGET: &str = "wasm32-unknown-linux-musl";

/// `bin/` with every program.
pub struct Userland;

impl Step for Userland {
    fn name(&self) -> String {
        "userland".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Std)?);
        let userland = context.workspace.root.join("userland");
        crates::key(context, key, &userland.join("Cargo.lock"))?;
        key.tree(&userland)
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl), Box::new(Std)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        crates::publish(context)?;
        let mut cargo = guest_cargo(context)?;
        cargo.current_dir(context.workspace.root.join("userland"));
        cargo.args(["build", "--release", "--locked", "--workspace", "--bins"]);
        build_into(context, &mut cargo, &job.out.join("bin"), "userland");
        job.run(&mut cargo)
    }
}

/// The guest's cargo in its environment, which `ochre sdk` prints for others.
pub fn guest_cargo(context: &Context) -> Result<Command> {
    let (musl, std) = (context.ensure(&Musl)?, context.ensure(&Std)?);
    let mut cargo = Command::new(GUEST_CARGO);
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
    // The crate cc asks for it on wasm with musl.
    cargo.env("WASM_MUSL_SYSROOT", &musl);
    Ok(cargo)
}

/// The options of `cargo build` for the guest: programs go to `bin`, all else to the build tree `tree`.
pub fn build_into(context: &Context, cargo: &mut Command, bin: &Path, tree: &str) {
    let target = context.workspace.root.join(format!("sysroot/{TARGET}.json"));
    cargo.arg(format!("-j{}", context.jobs)).arg("-Zjson-target-spec").arg("--target").arg(target);
    cargo.arg("--target-dir").arg(context.workspace.work.join(tree));
    cargo.args(["-Zunstable-options", "--artifact-dir"]).arg(bin);
}

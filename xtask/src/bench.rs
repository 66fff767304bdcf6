// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask bench`: everything built, then `ochre-bench` in xtask's place. What is measured and how
//! is the business of the crate in `benches/`.

use crate::apt::has_program;
use crate::context::Context;
use crate::steps;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The host as rustc calls it: named, so that its flags do not reach build scripts.
const NATIVE_TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds what is not current and starts the benchmarks.
pub fn run(context: &Context, arguments: &[OsString]) -> Result<ExitCode> {
    let program = build_bench(context)?;
    let mut bench = Command::new(&program);
    bench.args(arguments);
    // Reports that are there already need nothing else.
    if !arguments.iter().any(|argument| argument.as_encoded_bytes().starts_with(b"--from")) {
        steps::build_all(context)?;
        bench.arg("--guest").arg(steps::guest_programs(context)?);
        bench.arg("--native").arg(build_native(context)?);
        match emulated_kernel(context) {
            Ok(kernel) => {
                bench.arg("--qemu-kernel").arg(kernel);
            }
            Err(error) => eprintln!("skipped: the comparison with QEMU: {error:#}"),
        }
        bench.arg("--machine").arg(&context.workspace.results);
    }
    context.stamps.save();
    Err(bench.exec()).with_context(|| format!("cannot start {}", program.display()))
}

/// What QEMU boots, where there is QEMU.
fn emulated_kernel(context: &Context) -> Result<PathBuf> {
    if !has_program("qemu-system-x86_64") {
        bail!("no qemu-system-x86_64; install Debian's qemu-system-x86 and seabios for it");
    }
    steps::emulated_kernel(context)
}

fn build_bench(context: &Context) -> Result<PathBuf> {
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
    Ok(context.workspace.cargo_target().join("release/ochre-bench"))
}

/// Builds programs of the guest for the host, from the same sources with the same settings. They are
/// linked statically, as they are in the guest, except coreutils: `stty` asks for symbols by versions
/// that only the shared C library has. Gives their folder.
fn build_native(context: &Context) -> Result<PathBuf> {
    let folder = context.workspace.work.join("native");
    eprintln!("building the programs for the host, which takes minutes the first time");
    let parts: [(&str, &[&str]); 2] = [
        ("-C target-feature=+crt-static", &["ochre-benchmarks", "ochre-shell"]),
        ("", &["ochre-coreutils"]),
    ];
    for (flags, packages) in parts {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(context.workspace.root.join("userland"));
        cargo.env("RUSTFLAGS", flags);
        cargo.args(["build", "--quiet", "--release", "--locked", "--bins"]);
        cargo.args(["--target", NATIVE_TARGET]);
        for package in packages {
            cargo.args(["--package", package]);
        }
        cargo.arg("--target-dir").arg(&folder);
        if !cargo.status().context("cannot start cargo")?.success() {
            bail!("the guest's programs could not be built for the host: see above");
        }
    }
    Ok(folder.join(NATIVE_TARGET).join("release"))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sysroot: kernel headers, musl with the compiler's runtime and driver, Rust's standard library.
//! The scripts in `sysroot/` do the work; here stand their inputs.

use super::kernel::KernelHeaders;
use crate::apt::fetch;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::Result;
use std::process::Command;

/// Debian's packages of the compiler for the guest, by absolute path: a rustup proxy may shadow them.
pub const GUEST_RUSTC: &str = "/usr/bin/rustc";
/// Its cargo.
pub const GUEST_CARGO: &str = "/usr/bin/cargo";

/// `include/`, `lib/` and `bin/cc` of the C side.
pub struct Musl;

impl Step for Musl {
    fn name(&self) -> String {
        "musl".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&KernelHeaders)?);
        for file in &context.sources.source("musl")?.files {
            key.text(&file.sha256);
        }
        let sysroot = context.workspace.root.join("sysroot");
        for folder in ["musl", "patches/musl", "cc", "unwind"] {
            key.tree(&sysroot.join(folder))?;
        }
        key.file(&sysroot.join("build-musl.sh"))?;
        for package in ["clang-22", "llvm-22", "lld-22", "libclang-rt-22-dev-wasm32"] {
            key.text(&context.package_version(package)?);
        }
        Ok(())
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(KernelHeaders)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let headers = context.ensure(&KernelHeaders)?;
        let files = fetch::source(context, job, "musl")?;
        let named =
            |part: &str| files.iter().find(|path| path.to_string_lossy().ends_with(part)).cloned();
        let mut copy = Command::new("cp");
        job.run(copy.arg("-R").arg(headers.join("include")).arg(&job.out))?;
        let mut script = Command::new(context.workspace.root.join("sysroot/build-musl.sh"));
        script.env("MUSL_TARBALL", named(".orig.tar.gz").unwrap_or_default());
        script.env("MUSL_DEBIAN", named(".debian.tar.xz").unwrap_or_default());
        script.env("BUILD", context.workspace.work.join("musl")).env("OUT", &job.out);
        job.run(script.env("JOBS", context.jobs.to_string()))
    }
}

/// `lib/rustlib/wasm32-unknown-linux-musl/`: a sysroot for the guest's rustc.
pub struct Std;

impl Step for Std {
    fn name(&self) -> String {
        "std".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Musl)?);
        let sysroot = context.workspace.root.join("sysroot");
        key.tree(&sysroot.join("patches/std"))?;
        for file in ["build-std.sh", "wasm32-unknown-linux-musl.json"] {
            key.file(&sysroot.join(file))?;
        }
        for package in ["rustc-web", "cargo-web", "rust-web-src"] {
            key.text(&context.package_version(package)?);
        }
        Ok(())
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let musl = context.ensure(&Musl)?;
        let mut script = Command::new(context.workspace.root.join("sysroot/build-std.sh"));
        for variable in RUST_SETTINGS {
            script.env_remove(variable);
        }
        script.env("RUSTC", GUEST_RUSTC).env("CARGO", GUEST_CARGO);
        script.env("CC", musl.join("bin/cc")).env("OUT", &job.out);
        script.env("BUILD", context.workspace.work.join("std"));
        job.run(script.env("JOBS", context.jobs.to_string()))
    }
}

/// Settings for the host's Rust that the guest's must not see; cargo sets some for us who run in it.
pub const RUST_SETTINGS: &[&str] = &[
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

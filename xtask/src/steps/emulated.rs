// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel that QEMU boots where the benchmarks compare with it: Debian's own for virtual machines, of
//! the version that ours is made of, taken out of its package.

use crate::apt::fetch;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::Result;
use std::process::Command;

const PACKAGE: &str = "linux-image-6.12.117+deb12-cloud-amd64-unsigned";

/// `vmlinuz`.
pub struct EmulatedKernel;

impl Step for EmulatedKernel {
    fn name(&self) -> String {
        "kernel-qemu".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.sources.download(PACKAGE)?.file.sha256);
        Ok(())
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let package = fetch::package(context, job, PACKAGE)?;
        let mut unpack = Command::new("bash");
        unpack.args(["-euo", "pipefail", "-c", UNPACK, "unpack"]).arg(package);
        job.run(unpack.arg(job.out.join("vmlinuz")))
    }
}

/// PACKAGE FILE: the one kernel of a package.
const UNPACK: &str =
    "dpkg-deb --fsys-tarfile \"$1\" | tar -xO --wildcards './boot/vmlinuz-*' > \"$2\"";

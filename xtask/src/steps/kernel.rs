// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel: Debian's Linux source, our patches and overlay, built by Kbuild with stock LLVM.
//!
//! The source tree and one build folder per configuration stay in `target/ochre-build/`, so that an
//! edit of the overlay costs what make finds out of date; a result is published only as a whole.

use crate::apt::fetch;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use crate::layers::{LayeredTree, patches_in};
use crate::steps::kunit;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = "linux-source-6.12";
/// The unpacked source and one build folder.
const DISK_MIB: u64 = 4096;

/// Which of the configurations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Config {
    /// `configs/base.config`.
    Base,
    /// With `configs/debug.config` on top: the kernel's own checkers.
    Debug,
    /// With `configs/kunit.config` on top: the kernel's own unit tests, run at boot.
    Kunit,
}

/// `vmlinux.wasm` and `System.map` of one configuration; with unit tests also the list of those that
/// the source has.
pub struct Kernel(pub Config);

impl Kernel {
    fn fragments(&self, context: &Context) -> Vec<PathBuf> {
        let configs = context.workspace.root.join("kernel/configs");
        let names: &[_] = match self.0 {
            Config::Base => &["base.config"],
            Config::Debug => &["base.config", "debug.config"],
            Config::Kunit => &["base.config", "kunit.config"],
        };
        names.iter().map(|name| configs.join(name)).collect()
    }
}

impl Step for Kernel {
    fn name(&self) -> String {
        match self.0 {
            Config::Base => "kernel".into(),
            Config::Debug => "kernel-debug".into(),
            Config::Kunit => "kernel-kunit".into(),
        }
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        let kernel = context.workspace.root.join("kernel");
        source_key(context, key)?;
        key.tree(&kernel.join("overlay"))?;
        key.tree(&kernel.join("tools"))?;
        for fragment in self.fragments(context) {
            key.file(&fragment)?;
        }
        for package in ["clang-22", "lld-22", "llvm-22"] {
            key.text(&context.package_version(package)?);
        }
        Ok(())
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let source = prepare_source(context, job)?;
        let build = context.workspace.work.join(self.name());
        make_folder(&build)?;
        self.configure(context, job, &source, &build)?;
        // The linker's wrapper is no prerequisite that make knows of.
        for output in ["vmlinux", "vmlinux.o"] {
            let _ = fs::remove_file(build.join(output));
        }
        let mut make = make(context, &source);
        make.arg(format!("O={}", build.display())).arg(format!("-j{}", context.jobs));
        job.run(make.arg("vmlinux"))?;
        for (from, to) in [("vmlinux", "vmlinux.wasm"), ("System.map", "System.map")] {
            fs::copy(build.join(from), job.out.join(to))
                .with_context(|| format!("the kernel build has made no {from}"))?;
        }
        if self.0 == Config::Kunit {
            kunit::list_suites(&source, &job.out.join(kunit::SUITES))?;
        }
        Ok(())
    }
}

impl Kernel {
    /// Makes `.config` from the fragments, unless it was made from these very fragments.
    fn configure(&self, context: &Context, job: &Job, source: &Path, build: &Path) -> Result<()> {
        let mut key = KeyBuilder::new(&context.stamps, "config");
        source_key(context, &mut key)?;
        for fragment in self.fragments(context) {
            key.file(&fragment)?;
        }
        for kconfig in kconfigs(&context.workspace.root.join("kernel/overlay")) {
            key.file(&kconfig)?;
        }
        let (key, stamp) = (key.finish(), build.join(".config.key"));
        if build.join(".config").is_file() && fs::read_to_string(&stamp).ok().as_ref() == Some(&key)
        {
            return Ok(());
        }
        let mut wanted = String::new();
        for fragment in self.fragments(context) {
            wanted += &fs::read_to_string(&fragment)
                .with_context(|| format!("cannot read {}", fragment.display()))?;
        }
        let merged = build.join("wanted.config");
        fs::write(&merged, &wanted)
            .with_context(|| format!("cannot write {}", merged.display()))?;
        let mut configure = make(context, source);
        configure.arg(format!("O={}", build.display()));
        configure.arg(format!("KCONFIG_ALLCONFIG={}", merged.display()));
        job.run(configure.arg("allnoconfig"))?;
        let config =
            fs::read_to_string(build.join(".config")).context("make has made no .config")?;
        for option in not_honoured(&wanted, &config) {
            job.say(&format!("Kconfig did not honour {option}"));
        }
        fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))
    }
}

/// The exported headers, `include/` for a C library.
pub struct KernelHeaders;

impl Step for KernelHeaders {
    fn name(&self) -> String {
        "kernel-headers".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.sources.download(SOURCE)?.file.sha256);
        // Only these patches: the whole sysroot and every program hang on the headers.
        for patch in patches_in(&context.workspace.root.join("kernel/patches"))? {
            let text = fs::read_to_string(&patch)
                .with_context(|| format!("cannot read {}", patch.display()))?;
            if touches_headers(&text) {
                key.file(&patch)?;
            }
        }
        let overlay = context.workspace.root.join("kernel/overlay");
        key.tree(&overlay.join("arch/wasm/include/uapi"))?;
        key.tree(&overlay.join("include/uapi"))
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let source = prepare_source(context, job)?;
        let build = context.workspace.work.join(self.name());
        remove_folder(&build)?;
        make_folder(&build)?;
        let mut make = make(context, &source);
        make.arg(format!("O={}", build.display()));
        make.arg(format!("INSTALL_HDR_PATH={}", job.out.display()));
        job.run(make.arg("headers_install"))
    }
}

/// Whether a patch can change the exported headers or how they are made.
fn touches_headers(patch: &str) -> bool {
    let files = patch.lines().filter_map(|line| line.strip_prefix("+++ b/"));
    files.into_iter().any(|file| {
        file.contains("uapi/")
            || file.starts_with("scripts/headers")
            || file.starts_with("Makefile")
    })
}

/// What the patched source depends on, apart from the overlay.
pub(super) fn source_key(context: &Context, key: &mut KeyBuilder) -> Result<()> {
    key.text(&context.sources.download(SOURCE)?.file.sha256);
    key.tree(&context.workspace.root.join("kernel/patches"))
}

/// `make` as every call of it needs it: the port, the tools, and nothing that differs between two
/// machines or two builds.
fn make(context: &Context, source: &Path) -> Command {
    let linker = context.workspace.root.join("kernel/tools/wasm-ld");
    let mut command = Command::new("make");
    command.arg("-C").arg(source).args(["ARCH=wasm", "LLVM=-22"]);
    command.arg(format!("LD={}", linker.display()));
    command.args(["KBUILD_BUILD_USER=ochre", "KBUILD_BUILD_HOST=ochre", "KBUILD_BUILD_VERSION=1"]);
    command.arg("KBUILD_BUILD_TIMESTAMP=2026-01-01");
    // Flags meant for the host's programs, and cargo's own make settings, are not the kernel's.
    for variable in ["CFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "MFLAGS", "CC", "LD", "ARCH"] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// The source tree, unpacked, patched and overlaid.
pub(super) fn prepare_source(context: &Context, job: &Job) -> Result<PathBuf> {
    let tree = context.workspace.work.join("linux");
    let _lock = context.lock_in(&context.workspace.work, "linux-source")?;
    let wanted = &context.sources.download(SOURCE)?.file.sha256;
    let stamp = tree.join(".ochre/unpacked");
    if fs::read_to_string(&stamp).ok().as_ref() != Some(wanted) {
        job.need_disk(&context.workspace.work, DISK_MIB)?;
        let package = fetch::package(context, job, SOURCE)?;
        remove_folder(&tree)?;
        make_folder(&tree.join(".ochre"))?;
        job.say("unpacking the Linux source");
        let mut unpack = Command::new("bash");
        unpack.args(["-euo", "pipefail", "-c", UNPACK, "unpack"]).arg(package);
        job.run(unpack.arg(SOURCE).arg(&tree))?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    let kernel = context.workspace.root.join("kernel");
    let patches = patches_in(&kernel.join("patches"))?;
    LayeredTree::new(&tree).apply(job, &patches, &kernel.join("overlay"))?;
    Ok(tree)
}

/// PACKAGE SOURCE TREE: the tarball inside the package, without a copy of it on disk.
const UNPACK: &str = "dpkg-deb --fsys-tarfile \"$1\" | tar -xO \"./usr/src/$2.tar.xz\" \
                      | xz -dc -T0 | tar -x --strip-components=1 -C \"$3\"";

/// Options that the fragments ask for and the configuration does not have.
fn not_honoured<'a>(wanted: &'a str, config: &str) -> Vec<&'a str> {
    let honoured = |option: &str| match option.split_once('=') {
        // A later fragment may say otherwise, and `n` is also said by silence.
        Some((name, "n")) => !config.lines().any(|line| line == format!("{name}=y")),
        _ => config.lines().any(|line| line == option),
    };
    wanted.lines().filter(|line| line.starts_with("CONFIG_") && !honoured(line)).collect()
}

fn kconfigs(overlay: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(overlay).sort_by_file_name().into_iter();
    let is_kconfig = |name: &str| name.starts_with("Kconfig");
    walk.filter_map(Result::ok)
        .filter(|entry| {
            entry.file_type().is_file() && entry.file_name().to_str().is_some_and(is_kconfig)
        })
        .map(walkdir::DirEntry::into_path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_patches_reach_the_headers() {
        assert!(touches_headers("Why: x\n--- a/include/uapi/a.h\n+++ b/include/uapi/a.h\n"));
        assert!(touches_headers("+++ b/scripts/headers_install.sh\n"));
        assert!(!touches_headers("uapi/\n--- a/mm/Makefile\n+++ b/mm/Makefile\n+uapi/\n"));
    }

    #[test]
    fn options_that_kconfig_dropped_are_named() {
        let wanted = "# text\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=n\nCONFIG_D=n\nCONFIG_E=15\n";
        let config = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_D=y\nCONFIG_E=15\n";
        assert_eq!(not_honoured(wanted, config), ["CONFIG_B=y", "CONFIG_D=n"]);
    }
}

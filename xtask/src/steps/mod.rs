// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of the build and what each puts into `target/ochre/`.

pub mod busybox;
pub mod crates;
mod emulated;
pub mod foreign;
mod image;
mod kernel;
mod kselftest;
mod kunit;
mod runner;
mod sysroot;
mod userland;

use crate::context::Context;
use crate::workspace::remove_folder;
use anyhow::{Result, bail};
use kernel::{Config, Kernel};
use std::path::PathBuf;
use std::process::ExitCode;

/// Builds a part and publishes what it has made.
type Build = fn(&Context) -> Result<()>;

/// A part as it is called on the command line.
struct Part {
    name: &'static str,
    /// Whether it belongs to a machine, or is only built when asked for.
    by_default: bool,
    /// Its `parts` in `sources.toml`.
    needs: &'static [&'static str],
    build: Build,
}

/// In the order in which they are built.
const PARTS: &[Part] = &[
    Part { name: "kernel", by_default: true, needs: &["kernel"], build: kernel },
    Part { name: "kernel-debug", by_default: false, needs: &["kernel"], build: kernel_debug },
    Part { name: "kernel-kunit", by_default: false, needs: &["kernel"], build: kernel_kunit },
    Part { name: "kselftest", by_default: false, needs: &["kernel", "sysroot"], build: kselftest },
    Part { name: "sysroot", by_default: true, needs: &["kernel", "sysroot"], build: sysroot },
    Part {
        name: "userland",
        by_default: true,
        needs: &["kernel", "sysroot", "userland"],
        build: userland,
    },
    Part { name: "runner", by_default: true, needs: &[], build: runner },
    Part {
        name: "image",
        by_default: true,
        needs: &["kernel", "sysroot", "userland"],
        build: image,
    },
    Part {
        name: "busybox",
        by_default: false,
        needs: &["kernel", "sysroot", "userland", "busybox"],
        build: busybox,
    },
];

/// `build`: some parts, or all.
pub fn build(context: &Context, names: &[String]) -> Result<ExitCode> {
    for name in names {
        if !PARTS.iter().any(|part| part.name == name) {
            let known: Vec<_> = PARTS.iter().map(|part| part.name).collect();
            bail!("no part `{name}`: there are {}", known.join(" "));
        }
    }
    let wanted = |part: &Part| match names {
        [] => part.by_default,
        _ => names.iter().any(|name| name == part.name),
    };
    build_parts(context, wanted)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds all that a machine needs.
pub fn build_all(context: &Context) -> Result<()> {
    build_parts(context, |part| part.by_default)
}

/// Builds all that a machine needs, and some parts more.
pub fn build_all_and(context: &Context, names: &[&str]) -> Result<()> {
    build_parts(context, |part| part.by_default || names.contains(&part.name))
}

/// The folder with the guest's programs, as they were built.
pub fn guest_programs(context: &Context) -> Result<PathBuf> {
    Ok(context.ensure(&userland::Userland)?.join("bin"))
}

/// BusyBox for the host, from Debian's package.
pub fn host_busybox(context: &Context) -> Result<PathBuf> {
    Ok(context.ensure(&busybox::HostBusybox)?.join("busybox"))
}

/// The kernel that QEMU boots in the benchmarks.
pub fn emulated_kernel(context: &Context) -> Result<PathBuf> {
    Ok(context.ensure(&emulated::EmulatedKernel)?.join("vmlinuz"))
}

fn busybox(context: &Context) -> Result<()> {
    let folder = context.ensure(&busybox::Busybox)?;
    context.publish_link(&folder, "busybox")?;
    let folder = context.ensure(&busybox::BusyboxImage)?;
    context.publish(&folder.join(busybox::IMAGE), busybox::IMAGE)?;
    let folder = context.ensure(&busybox::BusyboxPrecompiled)?;
    context.publish_folder(&folder, busybox::PRECOMPILED)
}

fn build_parts(context: &Context, wanted: impl Fn(&Part) -> bool) -> Result<()> {
    let parts: Vec<_> = PARTS.iter().filter(|part| wanted(part)).collect();
    // All packages at once and first: a build never stops half-way for want of one.
    let needs: Vec<_> = parts.iter().flat_map(|part| part.needs.iter().copied()).collect();
    context.require_packages(&needs)?;
    parts.iter().try_for_each(|part| (part.build)(context))
}

fn kernel(context: &Context) -> Result<()> {
    let folder = context.ensure(&Kernel(Config::Base))?;
    context.publish(&folder.join("vmlinux.wasm"), "vmlinux.wasm")?;
    context.publish(&folder.join("System.map"), "System.map")?;
    Ok(())
}

fn kernel_debug(context: &Context) -> Result<()> {
    let folder = context.ensure(&Kernel(Config::Debug))?;
    context.publish(&folder.join("vmlinux.wasm"), "vmlinux-debug.wasm")?;
    context.publish(&folder.join("System.map"), "System-debug.map")?;
    Ok(())
}

fn kernel_kunit(context: &Context) -> Result<()> {
    let folder = context.ensure(&Kernel(Config::Kunit))?;
    context.publish(&folder.join("vmlinux.wasm"), "vmlinux-kunit.wasm")?;
    context.publish(&folder.join("System.map"), "System-kunit.map")?;
    context.publish(&folder.join(kunit::SUITES), kunit::SUITES)?;
    Ok(())
}

fn kselftest(context: &Context) -> Result<()> {
    let folder = context.ensure(&kselftest::Selftests)?;
    context.publish_link(&folder, "kselftest")
}

fn sysroot(context: &Context) -> Result<()> {
    let musl = context.ensure(&sysroot::Musl)?;
    context.publish_link(&musl, "sysroot")?;
    let std = context.ensure(&sysroot::Std)?;
    context.publish_link(&std, "sysroot-rust")?;
    // For `ochre sdk`, which looks for everything beside itself.
    let target = format!("{}.json", userland::TARGET);
    let source = context.workspace.root.join("sysroot").join(&target);
    context.publish(&source, &target).map(drop)
}

fn runner(context: &Context) -> Result<()> {
    let folder = context.ensure(&runner::Runner)?;
    context.publish(&folder.join("ochre"), "ochre").map(drop)
}

fn userland(context: &Context) -> Result<()> {
    // Made sure of even when the programs are in the cache, for cargo and editors look there.
    crates::publish(context)?;
    context.ensure(&userland::Userland).map(drop)
}

fn image(context: &Context) -> Result<()> {
    let folder = context.ensure(&image::Image)?;
    for file in image::Image::FILES {
        context.publish(&folder.join(file), file)?;
    }
    let folder = context.ensure(&image::Precompiled)?;
    context.publish_folder(&folder, "precompiled")
}

/// The folder with every program of the guest.
pub fn programs(context: &Context) -> Result<PathBuf> {
    context.require_packages(&["kernel", "sysroot", "userland"])?;
    userland(context)?;
    Ok(context.ensure(&userland::Userland)?.join("bin"))
}

/// `clean`: removes what this checkout has built, and the shared cache if asked to.
pub fn clean(context: &Context, cache: bool) -> Result<ExitCode> {
    remove_folder(&context.workspace.results)?;
    remove_folder(&context.workspace.work)?;
    if cache {
        remove_folder(&context.workspace.cache)?;
    }
    Ok(ExitCode::SUCCESS)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The image: the guest's root file system from the manifests in `userland/image/`, the applets of the
//! toolbox and the crates of others, once more with the probes, and the compiled form of every program in
//! them, so that a first boot compiles nothing.

use super::foreign;
use super::kernel::{Config, Kernel};
use super::runner::Runner;
use super::userland::Userland;
use crate::applets;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::{Context as _, Result};
use initramfs_builder::Archive;
use initramfs_builder::manifest::{self, Definitions};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a user boots.
const IMAGE: &str = "initramfs.cpio";
/// The same with the probes, for the tests.
const PROBES_IMAGE: &str = "initramfs-probes.cpio";

/// `initramfs.cpio` and `initramfs-probes.cpio`.
pub struct Image;

impl Image {
    /// Names of the files that it makes.
    pub const FILES: [&str; 2] = [IMAGE, PROBES_IMAGE];
}

impl Step for Image {
    fn name(&self) -> String {
        "image".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Userland)?);
        for one in foreign::all(context)? {
            key.text(&context.key(&one)?);
        }
        key.tree(&context.workspace.root.join("userland/image"))?;
        key.file(&probes_manifest(context))?;
        key.tree(&context.workspace.root.join("initramfs-builder/src"))
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Userland)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let programs = context.ensure(&Userland)?.join("bin");
        let programs = programs.to_str().context("the cache's path is not UTF-8")?.to_owned();
        let definitions = Definitions::from([("BIN".to_owned(), programs)]);
        let folder = context.workspace.root.join("userland/image");
        let mut paths = manifests(&folder)?;
        let links = job.out.join("manifest.toolbox");
        let applets = applets::read(&context.workspace.root.join("userland"))?;
        fs::write(&links, applets::links(&applets))
            .with_context(|| format!("cannot write {}", links.display()))?;
        paths.push(links);
        let others = job.out.join("manifest.crates");
        fs::write(&others, foreign::manifest(context)?)
            .with_context(|| format!("cannot write {}", others.display()))?;
        paths.push(others);
        write(job, IMAGE, &paths, &folder, &definitions)?;
        paths.push(probes_manifest(context));
        write(job, PROBES_IMAGE, &paths, &folder, &definitions)
    }
}

/// Writes one image; `folder` is where the manifests' own files are.
pub(super) fn write(
    job: &Job,
    name: &str,
    manifests: &[PathBuf],
    folder: &Path,
    definitions: &Definitions,
) -> Result<()> {
    let mut archive = Archive::new();
    for path in manifests {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        job.say(&format!("reading {}", path.display()));
        manifest::add(&mut archive, &text, folder, definitions)
            .with_context(|| path.display().to_string())?;
    }
    let path = job.out.join(name);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let summary = archive.write(file)?;
    job.say(&format!("{name}: {} entries, {} bytes", summary.entries, summary.bytes));
    Ok(())
}

fn probes_manifest(context: &Context) -> PathBuf {
    context.workspace.root.join("userland/probes/manifest")
}

/// The manifests of a folder, in the order of their names.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if name == "manifest" || name.to_string_lossy().starts_with("manifest.") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Entries of the runner's compiled-code cache for the kernel and every program.
pub struct Precompiled;

impl Step for Precompiled {
    fn name(&self) -> String {
        "precompiled".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Runner)?);
        key.text(&context.key(&Kernel(Config::Base))?);
        key.text(&context.key(&Userland)?);
        for one in foreign::all(context)? {
            key.text(&context.key(&one)?);
        }
        // Compiled code is for the processor that it was compiled on.
        key.text(&processor());
        Ok(())
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Runner), Box::new(Kernel(Config::Base)), Box::new(Userland)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let programs = context.ensure(&Userland)?.join("bin");
        let entries = fs::read_dir(&programs)
            .with_context(|| format!("cannot read {}", programs.display()))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry?.path());
        }
        for one in foreign::all(context)? {
            paths.extend(foreign::programs(context, &one)?.into_iter().map(|(_, path)| path));
        }
        paths.sort();
        compile(context, job, &paths)
    }
}

/// Makes entries of the compiled-code cache for the kernel and `programs` in the job's folder.
pub(super) fn compile(context: &Context, job: &Job, programs: &[PathBuf]) -> Result<()> {
    let mut precompile = Command::new(context.ensure(&Runner)?.join("ochre"));
    precompile.arg("precompile").arg("--output").arg(&job.out);
    precompile.arg(context.ensure(&Kernel(Config::Base))?.join("vmlinux.wasm"));
    job.run(precompile.args(programs))
}

/// Model and features of the first processor.
pub(super) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let first = text.split("\n\n").next().unwrap_or_default();
    let telling = |line: &&str| line.starts_with("model name") || line.starts_with("flags");
    first.lines().filter(telling).collect::<Vec<_>>().join("\n")
}

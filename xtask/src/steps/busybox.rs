// SPDX-License-Identifier: MIT OR Apache-2.0
//! The baseline: BusyBox from Debian's source package, built for the guest, in an image of its own that
//! differs from ours in the programs only. `baseline/busybox/` holds its settings; nothing of it is kept
//! in the repository.

use super::image::{compile, processor, write};
use super::kernel::{Config, Kernel};
use super::runner::Runner;
use super::sysroot::Musl;
use super::userland::Userland;
use crate::apt::fetch;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use anyhow::{Context as _, Result};
use initramfs_builder::manifest::Definitions;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The image's name in `target/ochre/`.
pub const IMAGE: &str = "initramfs-busybox.cpio";
/// Its compiled code's.
pub const PRECOMPILED: &str = "precompiled-busybox";
/// Where the image has the program.
const PROGRAM: &str = "/usr/bin/busybox";

/// `busybox`, `busybox.links`, and `suite/` with the tests of its authors.
pub struct Busybox;

impl Step for Busybox {
    fn name(&self) -> String {
        "busybox".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Musl)?);
        for file in &context.sources.source("busybox")?.files {
            key.text(&file.sha256);
        }
        let folder = folder(context);
        key.tree(&folder.join("tools"))?;
        ["build.sh", "settings"].iter().try_for_each(|name| key.file(&folder.join(name)))
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let files = fetch::source(context, job, "busybox")?;
        let named =
            |part: &str| files.iter().find(|path| path.to_string_lossy().ends_with(part)).cloned();
        let mut script = Command::new(folder(context).join("build.sh"));
        script.env("TARBALL", named(".orig.tar.bz2").unwrap_or_default());
        script.env("DEBIAN", named(".debian.tar.xz").unwrap_or_default());
        script.env("CC", context.ensure(&Musl)?.join("bin/cc"));
        script.env("BUILD", context.workspace.work.join("busybox")).env("OUT", &job.out);
        job.run(script.env("JOBS", context.jobs.to_string()))
    }
}

/// The image, in a folder of its own.
pub struct BusyboxImage;

impl Step for BusyboxImage {
    fn name(&self) -> String {
        "image-busybox".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Busybox)?);
        key.text(&context.key(&Userland)?);
        key.file(&folder(context).join("manifest"))?;
        key.tree(&context.workspace.root.join("userland/image/etc"))?;
        key.tree(&context.workspace.root.join("initramfs-builder/src"))
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Busybox), Box::new(Userland)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let busybox = context.ensure(&Busybox)?;
        let text = |path: PathBuf| path.to_str().map(str::to_owned).context("a path is not UTF-8");
        let definitions = Definitions::from([
            ("BIN".to_owned(), text(context.ensure(&Userland)?.join("bin"))?),
            ("BUSYBOX".to_owned(), text(busybox.clone())?),
        ]);
        let list = busybox.join("busybox.links");
        let list =
            fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
        let links = job.out.join("manifest.links");
        fs::write(&links, links_of(&list))
            .with_context(|| format!("cannot write {}", links.display()))?;
        let manifests = [folder(context).join("manifest"), links];
        write(job, IMAGE, &manifests, &folder(context), &definitions)
    }
}

/// Compiled code of the kernel, `init` and BusyBox.
pub struct BusyboxPrecompiled;

impl Step for BusyboxPrecompiled {
    fn name(&self) -> String {
        PRECOMPILED.into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Runner)?);
        key.text(&context.key(&Kernel(Config::Base))?);
        key.text(&context.key(&Userland)?);
        key.text(&context.key(&Busybox)?);
        key.text(&processor());
        Ok(())
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![
            Box::new(Runner),
            Box::new(Kernel(Config::Base)),
            Box::new(Userland),
            Box::new(Busybox),
        ]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let programs = [
            context.ensure(&Userland)?.join("bin/init"),
            context.ensure(&Busybox)?.join("busybox"),
        ];
        compile(context, job, &programs)
    }
}

/// BusyBox as Debian builds it for the host: `busybox`.
pub struct HostBusybox;

impl Step for HostBusybox {
    fn name(&self) -> String {
        "busybox-host".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.sources.download("busybox-static")?.file.sha256);
        Ok(())
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let package = fetch::package(context, job, "busybox-static")?;
        let unpacked = job.out.join("unpacked");
        job.run(Command::new("dpkg-deb").arg("-x").arg(package).arg(&unpacked))?;
        fs::rename(unpacked.join("bin/busybox"), job.out.join("busybox"))
            .context("the package busybox-static has no bin/busybox")?;
        fs::remove_dir_all(&unpacked)
            .with_context(|| format!("cannot remove {}", unpacked.display()))
    }
}

fn folder(context: &Context) -> PathBuf {
    context.workspace.root.join("baseline/busybox")
}

/// The lines of a manifest for the applets of `busybox.links`. /bin and /sbin are links in the image, and
/// `init` is ours.
fn links_of(list: &str) -> String {
    let mut lines = String::new();
    for path in list.lines().filter(|path| !matches!(*path, "" | "/linuxrc" | "/sbin/init")) {
        let usr = if path.starts_with("/usr/") { "" } else { "/usr" };
        lines += &format!("slink {usr}{path} {PROGRAM} 0777 0 0\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applets_become_links_below_usr() {
        let lines = links_of("/bin/[\n/usr/bin/[[\n/sbin/init\n/linuxrc\n/usr/sbin/chroot\n");
        assert_eq!(
            lines,
            "slink /usr/bin/[ /usr/bin/busybox 0777 0 0\nslink /usr/bin/[[ /usr/bin/busybox 0777 0 0\n\
             slink /usr/sbin/chroot /usr/bin/busybox 0777 0 0\n"
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one would take otherwise: QEMU with its own compiler (TCG), one processor, with Debian's kernel
//! of the same version for virtual machines. In it run the programs that were built for the host, from
//! memory. Talks to QEMU through the emulated serial line.

use crate::Setup;
use anyhow::Context;
use initramfs_builder::{Archive, Attributes, Content, Device, Name};
use ochre_benches::participant::Participant;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

/// The emulator.
const QEMU: &str = "qemu-system-x86_64";
/// Folders that are mounted upon, or looked for.
const FOLDERS: [&str; 8] = ["/dev", "/proc", "/tmp", "/usr", "/usr/bin", "/lib", "/lib64", "/bin"];
/// Programs of the host's build that it gets.
const PROGRAMS: [&str; 4] = ["system", "compute", "nothing", "coreutils"];
/// The kernel says nothing, and ends the emulator when the first process ends.
const COMMAND_LINE: &str =
    "console=ttyS0 quiet loglevel=0 panic=-1 mitigations=off rdinit=/first --";

/// A machine that QEMU is to emulate.
pub struct Emulated {
    kernel: PathBuf,
    image: NamedTempFile,
    memory: String,
}

impl Emulated {
    /// Makes one with so much memory, if there are an emulator and a kernel. `names` become links to
    /// coreutils.
    pub fn new(setup: &Setup, memory: &str, names: &[&str]) -> anyhow::Result<Option<Self>> {
        let Some(kernel) = &setup.qemu_kernel else { return Ok(None) };
        let image = image(&setup.native, names).context("cannot make QEMU's image")?;
        Ok(Some(Self { kernel: kernel.clone(), image, memory: memory.to_owned() }))
    }

    /// The command that boots it into a program.
    pub fn command(&self, program: &[&str]) -> Command {
        let mut command = Command::new(QEMU);
        command.args(["-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m"]);
        command.arg(&self.memory).args(["-nodefaults", "-no-user-config", "-no-reboot"]);
        command.args(["-display", "none", "-serial", "stdio", "-kernel"]).arg(&self.kernel);
        command.arg("-initrd").arg(self.image.path());
        command.arg("-append").arg(format!("{COMMAND_LINE} {}", program.join(" ")));
        command.stdin(Stdio::null());
        command
    }

    /// Boots it into a program that takes part.
    pub fn start(&self, program: &[&str]) -> anyhow::Result<Participant> {
        let mut participant = Participant::start("qemu", &mut self.command(program))?;
        // The kernel may have something to say before.
        while participant.answer()? != "ready" {}
        Ok(participant)
    }
}

fn image(native: &Path, names: &[&str]) -> anyhow::Result<NamedTempFile> {
    let read = |path: &Path| {
        fs::read(path)
            .with_context(|| format!("cannot read {}", path.display()))
            .map(Content::Bytes)
    };
    let mut archive = Archive::new();
    let mut folders: BTreeSet<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    let libraries = libraries(&native.join("coreutils"))?;
    for library in &libraries {
        folders
            .extend(library.ancestors().skip(1).filter(|it| it.parent().is_some()).map(Into::into));
    }
    for folder in &folders {
        archive.add_directory(name(folder)?, Attributes::root(0o755))?;
    }
    let console = Device::Char(5, 1);
    archive.add_device(Name::new("/dev/console")?, console, Attributes::root(0o600))?;
    archive.add_file(
        Name::new("/first")?,
        read(&native.join("first"))?,
        Attributes::root(0o755),
    )?;
    for program in PROGRAMS {
        let content = read(&native.join(program))?;
        archive.add_file(
            Name::new(format!("/usr/bin/{program}"))?,
            content,
            Attributes::root(0o755),
        )?;
    }
    archive.add_file(
        Name::new("/usr/bin/sh")?,
        read(&native.join("brush"))?,
        Attributes::root(0o755),
    )?;
    for name in names {
        archive.add_symlink(
            Name::new(format!("/usr/bin/{name}"))?,
            b"coreutils",
            Attributes::root(0o777),
        )?;
    }
    for library in &libraries {
        archive.add_file(name(library)?, read(library)?, Attributes::root(0o755))?;
    }
    let file = NamedTempFile::new().context("cannot make a temporary file")?;
    archive.write(fs::File::create(file.path()).context("cannot write a temporary file")?)?;
    Ok(file)
}

fn name(path: &Path) -> anyhow::Result<Name> {
    Ok(Name::new(path.to_str().context("a path is not UTF-8")?)?)
}

/// The shared libraries of a program, and what loads them.
fn libraries(program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(program).output().context("cannot start ldd")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = |line: &str| {
        line.split_ascii_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from)
    };
    Ok(text.lines().filter_map(path).collect())
}

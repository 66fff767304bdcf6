// SPDX-License-Identifier: MIT OR Apache-2.0
//! The image that users boot, with the programs that are measured in it.

use anyhow::Context;
use initramfs_builder::{Archive, Attributes, Content, Name};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where the programs are in the guest.
pub const FOLDER: &str = "/usr/local/bin";

/// The image of the folder `machine`, and behind it an archive with some programs of the folder `guest`.
/// The file is gone when its holder is.
///
/// # Errors
/// When one of the files cannot be read or the new one not be written.
pub fn with_programs(
    machine: &Path,
    guest: &Path,
    programs: &[&str],
) -> anyhow::Result<NamedTempFile> {
    let read =
        |path: PathBuf| fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
    let mut bytes = read(machine.join("initramfs.cpio"))?;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let mut archive = Archive::new();
    for program in programs {
        let name = Name::new(format!("{FOLDER}/{program}"))?;
        let content = Content::Bytes(read(guest.join(program))?);
        archive.add_file(name, content, Attributes::root(0o755))?;
    }
    archive.write(&mut bytes)?;
    let file = NamedTempFile::new().context("cannot make a temporary file")?;
    fs::write(file.path(), bytes).context("cannot write a temporary file")?;
    Ok(file)
}

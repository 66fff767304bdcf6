// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crates of others with our patches: each folder `NAME-VERSION` in `sysroot/patches/crates/` and
//! `userland/patches/` holds the patches of one crate. The patched sources go to `target/ochre/crates/`,
//! where `[patch.crates-io]` of the guest's workspace finds them.

use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use crate::layers::{apply_patch, patches_in};
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PATCH_FOLDERS: &[&str] = &["sysroot/patches/crates", "userland/patches"];

/// One patched crate.
pub struct PatchedCrate {
    /// Its name on crates.io.
    pub name: String,
    /// The version that the patches are for.
    pub version: String,
    patches: PathBuf,
}

impl PatchedCrate {
    fn folder_name(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

impl Step for PatchedCrate {
    fn name(&self) -> String {
        format!("crate-{}", self.folder_name())
    }

    fn key(&self, _context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.tree(&self.patches)
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let source = fetched(context, job, &self.name, &self.version)?;
        job.run(Command::new("cp").arg("-RL").arg(source.join(".")).arg(&job.out))?;
        // Cargo's own mark of a crate from a registry; this one is a path from now on.
        let _ = fs::remove_file(job.out.join(".cargo-ok"));
        for patch in patches_in(&self.patches)? {
            apply_patch(job, &patch, &job.out)?;
        }
        Ok(())
    }
}

/// Adds the patched crates that a lock file has to a key.
pub fn key(context: &Context, key: &mut KeyBuilder, lock: &Path) -> Result<()> {
    let text =
        fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    for patched in in_lock(context, &text)? {
        key.text(&context.key(&patched)?);
    }
    Ok(())
}

/// The patched crates that a lock file has in their very versions.
pub fn in_lock(context: &Context, lock: &str) -> Result<Vec<PatchedCrate>> {
    let mut patched = all(context)?;
    patched.retain(|one| versions(lock, &one.name).contains(&one.version));
    Ok(patched)
}

/// The versions that a lock file has of a package.
pub fn versions(lock: &str, name: &str) -> Vec<String> {
    let table: toml::Table = lock.parse().unwrap_or_default();
    let packages = table.get("package").and_then(toml::Value::as_array);
    let of_it = packages
        .into_iter()
        .flatten()
        .filter(|package| package.get("name").and_then(toml::Value::as_str) == Some(name));
    of_it.filter_map(|package| package.get("version")?.as_str().map(str::to_owned)).collect()
}

/// Brings `target/ochre/crates/` up to date.
pub fn publish(context: &Context) -> Result<()> {
    let store = context.workspace.results.join("crates");
    make_folder(&store)?;
    for patched in all(context)? {
        let key = context.key(&patched)?;
        let folder = store.join(patched.folder_name());
        let stamp = store.join(format!(".{}.key", patched.folder_name()));
        if folder.is_dir() && fs::read_to_string(&stamp).ok().as_ref() == Some(&key) {
            continue;
        }
        // A copy and no link: cargo goes by modification times, and these must be new.
        let result = context.ensure(&patched)?;
        let _ = fs::remove_file(&stamp);
        remove_folder(&folder)?;
        let status = Command::new("cp").arg("-R").arg(&result).arg(&folder).status()?;
        if !status.success() {
            bail!("cannot copy {} to {}", result.display(), folder.display());
        }
        fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(())
}

/// All patched crates, in the order of their names.
pub fn all(context: &Context) -> Result<Vec<PatchedCrate>> {
    let mut crates = Vec::new();
    for folder in PATCH_FOLDERS {
        let folder = context.workspace.root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let patches = entry?.path();
            if patches.is_dir() {
                let name = patches.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let (name, version) = split_version(&name).with_context(|| {
                    format!("{}: expected a name like libc-0.2.1", patches.display())
                })?;
                crates.push(PatchedCrate { name, version, patches });
            }
        }
    }
    crates.sort_by_key(PatchedCrate::folder_name);
    Ok(crates)
}

/// `linux-raw-sys-0.12.1` is `linux-raw-sys` at `0.12.1`.
fn split_version(folder: &str) -> Option<(String, String)> {
    let at = folder
        .match_indices('-')
        .map(|(index, _)| index)
        .find(|index| folder[index + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    Some((folder[..at].to_owned(), folder[at + 1..].to_owned()))
}

/// Where cargo keeps the sources of a crate; fetches them if they are not there.
pub fn fetched(context: &Context, job: &Job, crate_name: &str, version: &str) -> Result<PathBuf> {
    let name = format!("{crate_name}-{version}");
    if let Some(found) = in_registry(&name)? {
        return Ok(found);
    }
    job.say(&format!("fetching the crate {name}"));
    // `cargo info` fetches and checks one crate without resolving what it depends on.
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&context.workspace.cache).args([
        "info",
        "--quiet",
        "--registry",
        "crates-io",
    ]);
    job.run(cargo.arg(format!("{crate_name}@{version}"))).context(
        "if the network was the reason, run the same command again when it is back; it continues",
    )?;
    in_registry(&name)?.with_context(|| format!("cargo has fetched {name} to an unknown place"))
}

fn in_registry(name: &str) -> Result<Option<PathBuf>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
        .context("no folder for cargo: set HOME or CARGO_HOME")?;
    let Ok(registries) = fs::read_dir(home.join("registry/src")) else { return Ok(None) };
    for registry in registries {
        let registry = registry?;
        let is_crates_io = registry.file_name().to_string_lossy().starts_with("index.crates.io-");
        let folder = registry.path().join(name);
        // Cargo marks what it has unpacked to the end.
        if is_crates_io && folder.join(".cargo-ok").is_file() {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        let split = |text| split_version(text).map(|(name, version)| format!("{name} {version}"));
        assert_eq!(split("libc-0.2.191").as_deref(), Some("libc 0.2.191"));
        assert_eq!(split("linux-raw-sys-0.12.1").as_deref(), Some("linux-raw-sys 0.12.1"));
        assert_eq!(split("x-1.0.0-rc.1").as_deref(), Some("x 1.0.0-rc.1"));
        assert_eq!(split("README"), None);
    }

    #[test]
    fn a_lock_file_may_have_two_versions() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\n\
                    version = \"2.0.0\"\n\n[[package]]\nname = \"b\"\nversion = \"3.0.0\"\n";
        assert_eq!(versions(lock, "a"), ["1.0.0", "2.0.0"]);
        assert!(versions(lock, "c").is_empty());
    }
}

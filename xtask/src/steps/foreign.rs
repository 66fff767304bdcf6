// SPDX-License-Identifier: MIT OR Apache-2.0
//! Released command-line crates of others in the image: for each, `crates/NAME.toml` says which version
//! and features, and `crates/NAME.lock` is its lock file. `cargo xtask add-crate` writes both.
//!
//! A crate is built from its sources as cargo fetched them, in a folder of its own, with the guest's
//! patched crates in place of those that it names in the same version.

use super::crates::{self, PatchedCrate};
use super::sysroot::{Musl, Std};
use super::userland::guest_cargo;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the manifests and lock files.
const FOLDER: &str = "crates";

/// The profile of every crate, whatever its own says: that of our programs, so that crates share what they
/// depend on, but without whole-program optimization, which is minutes for a few percent.
const PROFILE: &[(&str, &str)] = &[
    ("OPT_LEVEL", "2"),
    ("LTO", "off"),
    ("CODEGEN_UNITS", "16"),
    ("PANIC", "abort"),
    ("DEBUG", "0"),
    ("STRIP", "debuginfo"),
];

/// One crate; its result is `bin/` with its programs.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignCrate {
    /// Its name on crates.io.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Features to turn on.
    pub features: Vec<String>,
    /// Whether it keeps its default features.
    pub default_features: bool,
}

impl ForeignCrate {
    /// Reads a manifest.
    fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let word = |key: &str| {
            let value = table.get(key).and_then(toml::Value::as_str);
            value.map(str::to_owned).with_context(|| format!("it needs a text `{key}`"))
        };
        let features = table.get("features").and_then(toml::Value::as_array);
        let features = features.into_iter().flatten().filter_map(toml::Value::as_str);
        Ok(Self {
            name: word("name")?,
            version: word("version")?,
            features: features.map(str::to_owned).collect(),
            default_features: table
                .get("default-features")
                .and_then(toml::Value::as_bool)
                .unwrap_or(true),
        })
    }

    /// The manifest's text.
    pub fn manifest(&self) -> String {
        format!(
            "# SPDX-License-Identifier: MIT OR Apache-2.0\n\
             # A program of the image, added by `cargo xtask add-crate`.\n\
             name = {:?}\nversion = {:?}\nfeatures = {:?}\ndefault-features = {}\n",
            self.name, self.version, self.features, self.default_features
        )
    }

    /// Where manifest and lock file are: `toml` or `lock`.
    pub fn file(&self, context: &Context, extension: &str) -> PathBuf {
        context.workspace.root.join(FOLDER).join(format!("{}.{extension}", self.name))
    }

    /// A fresh copy of the sources to build in.
    pub fn sources(&self, context: &Context, job: &Job) -> Result<PathBuf> {
        let source = crates::fetched(context, job, &self.name, &self.version)?;
        let folder =
            context.workspace.work.join("crates").join(format!("{}-{}", self.name, self.version));
        remove_folder(&folder)?;
        make_folder(&folder)?;
        job.run(Command::new("cp").arg("-RL").arg(source.join(".")).arg(&folder))?;
        // Cargo's own mark of a crate from a registry; this one is a path from now on.
        let _ = fs::remove_file(folder.join(".cargo-ok"));
        // A workspace of its own, for the folder is within ours. What cargo publishes never says so.
        let manifest = folder.join("Cargo.toml");
        let text = read(&manifest)? + "\n[workspace]\n";
        fs::write(&manifest, text)
            .with_context(|| format!("cannot write {}", manifest.display()))?;
        Ok(folder)
    }

    /// Makes the lock file: that of the crate if it brings one, with the patched crates in their versions.
    pub fn lock(&self, context: &Context, job: &Job) -> Result<String> {
        crates::publish(context)?;
        let folder = self.sources(context, job)?;
        let lock = folder.join("Cargo.lock");
        let network = "if the network was the reason, run the same command again when it is back";
        let cargo = || {
            let mut cargo = Command::new("cargo");
            cargo.current_dir(&folder);
            cargo
        };
        job.run(cargo().args(["update", "--workspace"])).context(network)?;
        // Twice, for one that was moved may need another in a new version.
        for last in [false, true] {
            for patched in crates::all(context)? {
                for found in crates::versions(&read(&lock)?, &patched.name) {
                    if found == patched.version || !compatible(&found, &patched.version) {
                        continue;
                    }
                    let package = format!("{}@{found}", patched.name);
                    let precise = ["--precise", &patched.version];
                    let moved = job.run(cargo().args(["update", "-p", &package]).args(precise));
                    if moved.is_err() && last {
                        job.say(&format!("{package} is built without a patch"));
                    }
                }
            }
        }
        let config = self.patches(context, job, &read(&lock)?)?;
        let mut resolve = cargo();
        resolve.arg("--config").arg(config);
        job.run(resolve.args(["update", "--workspace"])).context(network)?;
        read(&lock)
    }

    /// Cargo's file with the patched crates that a lock file has in their versions, and no others:
    /// cargo would note those in the lock file as unused.
    fn patches(&self, context: &Context, job: &Job, lock: &str) -> Result<PathBuf> {
        let mut text = "[patch.crates-io]\n".to_owned();
        for PatchedCrate { name, version, .. } in crates::in_lock(context, lock)? {
            let folder = context.workspace.results.join(format!("crates/{name}-{version}"));
            job.say(&format!("{name} {version} is built with our patches"));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{} = {{ package = {name:?}, path = {:?} }}",
                // Two versions of one crate need two names.
                format!("{name}-{version}").replace('.', "_"),
                folder.display().to_string()
            );
        }
        let path =
            context.workspace.work.join("crates").join(format!("{}.patches.toml", self.name));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Step for ForeignCrate {
    fn name(&self) -> String {
        format!("foreign-{}", self.name)
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Std)?);
        let (manifest, lock) = (self.file(context, "toml"), self.file(context, "lock"));
        crates::key(context, key, &lock)?;
        key.file(&manifest)?;
        key.file(&lock)
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl), Box::new(Std)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        crates::publish(context)?;
        let folder = self.sources(context, job)?;
        let lock = read(&self.file(context, "lock"))?;
        fs::write(folder.join("Cargo.lock"), &lock)
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        let config = self.patches(context, job, &lock)?;
        let mut cargo = guest_cargo(context)?;
        cargo.current_dir(&folder).arg("--config").arg(config);
        for (setting, value) in PROFILE {
            cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        cargo.args(["build", "--release", "--locked", "--bins"]);
        if !self.default_features {
            cargo.arg("--no-default-features");
        }
        if !self.features.is_empty() {
            cargo.arg("--features").arg(self.features.join(","));
        }
        super::userland::build_into(context, &mut cargo, &job.out.join("bin"), "crates/target");
        job.run(&mut cargo)?;
        make_folder(&job.out.join("bin"))
    }
}

/// The crates that the image has, in the order of their names.
pub fn all(context: &Context) -> Result<Vec<ForeignCrate>> {
    let folder = context.workspace.root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(ForeignCrate::read(&path)?);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The programs of a crate, by name.
pub fn programs(context: &Context, wanted: &ForeignCrate) -> Result<Vec<(String, PathBuf)>> {
    let bin = context.ensure(wanted)?.join("bin");
    let mut programs = Vec::new();
    for entry in fs::read_dir(&bin).with_context(|| format!("cannot read {}", bin.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string();
        let Ok(name) = name else { bail!("{}: no name for a program", entry.path().display()) };
        programs.push((name, entry.path()));
    }
    programs.sort();
    Ok(programs)
}

/// The lines of all crates' programs in the image's manifest.
pub fn manifest(context: &Context) -> Result<String> {
    let mut lines = String::new();
    for one in all(context)? {
        for (name, path) in programs(context, &one)? {
            let _ = writeln!(lines, "file /usr/bin/{name} {} 0755 0 0", path.display());
        }
    }
    Ok(lines)
}

/// Whether cargo may put one version in the place of the other.
fn compatible(a: &str, b: &str) -> bool {
    let line = |version: &str| {
        let mut parts = version.split('.').map(str::to_owned);
        let major = parts.next();
        if major.as_deref() == Some("0") { (major, parts.next()) } else { (major, None) }
    };
    line(a) == line(b)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let one = ForeignCrate {
            name: "x-y".into(),
            version: "1.0.0-rc.1".into(),
            features: vec!["a".into(), "b/c".into()],
            default_features: false,
        };
        assert_eq!(ForeignCrate::parse(&one.manifest()).unwrap(), one);
        assert!(ForeignCrate::parse("name = \"x\"").is_err());
    }

    #[test]
    fn compatible_versions_have_the_first_number_in_common_that_is_not_0() {
        assert!(compatible("1.0.7", "1.1.6"));
        assert!(compatible("0.38.2", "0.38.44"));
        for other in ["0.37.44", "1.38.44"] {
            assert!(!compatible("0.38.44", other), "{other}");
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask add-crate` and `remove-crate`: a released command-line crate as a program of the image.
//! `steps/foreign.rs` builds it; here the words become its manifest and lock file.
//!
//! Invariant: a crate is in the checkout with both files or with neither, and only once it has built.

use crate::applets;
use crate::context::Context;
use crate::job::Job;
use crate::steps::foreign::{self, ForeignCrate};
use crate::workspace::make_folder;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What was asked for; without a version, the newest.
#[derive(Debug, PartialEq)]
struct Wanted {
    name: String,
    version: Option<String>,
    features: Vec<String>,
    default_features: bool,
}

/// `add-crate NAME[@VERSION] [--features A,B] [--no-default-features]`.
pub fn add(context: &Context, words: &[String]) -> Result<ExitCode> {
    let wanted = parse(words)?;
    if foreign::all(context)?.iter().any(|one| one.name == wanted.name) {
        bail!(
            "the image has the crate {0} already; `cargo xtask remove-crate {0}` takes it out",
            wanted.name
        );
    }
    context.require_packages(&["kernel", "sysroot", "userland"])?;
    let taken = taken(context)?;
    let job = Job::start("add-crate", PathBuf::new(), context.log_path("add-crate"))?;
    let prepared = prepare(context, &job, wanted);
    match &prepared {
        Ok(_) => job.finish(),
        Err(_) => job.abandon(),
    }
    let (one, lock) = prepared?;
    let files = [one.file(context, "toml"), one.file(context, "lock")];
    make_folder(files[0].parent().unwrap_or(&files[0]))?;
    let add = || {
        write(&files[0], &one.manifest())?;
        write(&files[1], &lock)?;
        built(context, &one, &taken)
    };
    let programs = add().inspect_err(|_| remove_files(&files))?;
    let (name, version) = (&one.name, &one.version);
    println!("{name} {version}: the next build has {} in the image", programs.join(", "));
    Ok(ExitCode::SUCCESS)
}

/// `remove-crate NAME`.
pub fn remove(context: &Context, words: &[String]) -> Result<ExitCode> {
    let [name] = words else { bail!("remove-crate takes the name of a crate") };
    let all = foreign::all(context)?;
    let Some(one) = all.iter().find(|one| one.name == *name) else {
        let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(" ") };
        bail!("the image has no crate {name}; those that were added: {names}");
    };
    remove_files(&[one.file(context, "toml"), one.file(context, "lock")]);
    println!("{name}: the next build leaves it out");
    Ok(ExitCode::SUCCESS)
}

fn parse(words: &[String]) -> Result<Wanted> {
    let mut wanted =
        Wanted { name: String::new(), version: None, features: Vec::new(), default_features: true };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let features = match word.as_str() {
            "--no-default-features" => {
                wanted.default_features = false;
                continue;
            }
            "--features" => Some(words.next().context("--features needs a list: a,b")?.as_str()),
            _ => word.strip_prefix("--features="),
        };
        if let Some(list) = features {
            let parts = list.split([',', ' ']).filter(|part| !part.is_empty());
            wanted.features.extend(parts.map(str::to_owned));
        } else if word.starts_with('-') || !wanted.name.is_empty() {
            bail!("add-crate: unexpected `{word}`");
        } else {
            let (name, version) =
                word.split_once('@').map_or((word.as_str(), None), |(name, v)| (name, Some(v)));
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(plain) {
                bail!("`{name}` is no name of a crate");
            }
            let exact = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
            if let Some(version) = version
                && (!version.starts_with(|c: char| c.is_ascii_digit())
                    || !version.chars().all(exact))
            {
                bail!("`{version}` is no version: give all of it, like {name}@1.2.3");
            }
            (wanted.name, wanted.version) = (name.to_owned(), version.map(str::to_owned));
        }
    }
    if wanted.name.is_empty() {
        bail!("add-crate takes a crate: NAME[@VERSION] [--features A,B] [--no-default-features]");
    }
    Ok(wanted)
}

/// Finds the crate and makes its lock file.
fn prepare(context: &Context, job: &Job, wanted: Wanted) -> Result<(ForeignCrate, String)> {
    let spec = match &wanted.version {
        Some(version) => format!("{}@{version}", wanted.name),
        None => wanted.name.clone(),
    };
    let mut info = Command::new("cargo");
    // Away from any workspace, whose lock file would choose the version.
    info.current_dir(&context.workspace.cache).args(["info", "--registry", "crates-io", &spec]);
    let output = info.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "crates.io gives no {spec}; look at name, version and network:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let version = version_in(&text).with_context(|| format!("cargo names no version of {spec}"))?;
    let one = ForeignCrate {
        name: wanted.name,
        version: wanted.version.unwrap_or(version),
        features: wanted.features,
        default_features: wanted.default_features,
    };
    let lock = one.lock(context, job)?;
    Ok((one, lock))
}

/// The version that `cargo info` prints.
fn version_in(info: &str) -> Option<String> {
    let line = info.lines().find_map(|line| line.strip_prefix("version: "))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// Builds the crate; gives its programs, which are none of others.
fn built(
    context: &Context,
    one: &ForeignCrate,
    taken: &BTreeMap<String, String>,
) -> Result<Vec<String>> {
    let programs = foreign::programs(context, one)?;
    if programs.is_empty() {
        bail!(
            "{} {} has no program with these features: it may be a library, or `cargo info {}` names a \
             feature that it takes",
            one.name,
            one.version,
            one.name
        );
    }
    for (program, _) in &programs {
        if let Some(owner) = taken.get(program) {
            bail!("{} has a program {program}, and so has the image: {owner}", one.name);
        }
    }
    Ok(programs.into_iter().map(|(name, _)| name).collect())
}

/// The commands of the image and whose they are.
fn taken(context: &Context) -> Result<BTreeMap<String, String>> {
    let userland = context.workspace.root.join("userland");
    let mut taken = applets::in_image(&userland)?;
    for (name, applet) in applets::read(&userland)? {
        taken.insert(name, applet.package);
    }
    for one in foreign::all(context)? {
        for (name, _) in foreign::programs(context, &one)? {
            taken.insert(name, one.name.clone());
        }
    }
    Ok(taken)
}

/// Removes the files of a crate, and their folder with the last of them.
fn remove_files(files: &[PathBuf; 2]) {
    for file in files {
        // One that was not written yet cannot be removed.
        let _ = fs::remove_file(file);
    }
    if let Some(folder) = files[0].parent() {
        let _ = fs::remove_dir(folder);
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wanted> {
        parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_read() {
        let wanted = parsed("fd-find@10.2.0 --features a,b --no-default-features").unwrap();
        assert_eq!(wanted.name, "fd-find");
        assert_eq!(wanted.version.as_deref(), Some("10.2.0"));
        assert_eq!(wanted.features, ["a", "b"]);
        assert!(!wanted.default_features);
        assert_eq!(parsed("hexyl --features=x").unwrap().features, ["x"]);
        for line in ["a b", "--what a", "a@^1", "a@", "../a", "--features", ""] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn cargo_tells_the_version() {
        let info = "hexyl #cli\nA command-line hex viewer\nversion: 0.16.0 (latest 0.17.0)\nlicense: MIT\n";
        assert_eq!(version_in(info).as_deref(), Some("0.16.0"));
        assert_eq!(version_in("nothing"), None);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fetches package files into the cache. Invariant: a file under `downloads/<sha256>/` has that hash;
//! it gets there by a rename after the check, and is checked again before each use.

use super::private::PrivateApt;
use super::{apt_get, check_system};
use crate::context::Context;
use crate::job::Job;
use crate::sources::FetchedFile;
use crate::stamps::sha256_of;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The package file of a `[[download]]`.
pub fn package(context: &Context, job: &Job, name: &str) -> Result<PathBuf> {
    let download = context.sources.download(name)?;
    if let Some(path) = cached(context, job, &download.file)? {
        return Ok(path);
    }
    check_system()?;
    let _lock = context.lock("download")?;
    let folder = fresh_folder(context)?;
    let wanted = format!("{name}={}", download.version);
    job.say(&format!("fetching {wanted}"));
    let fetch = |mut apt: std::process::Command| {
        job.run(apt.current_dir(&folder).args(["download", &wanted]))
    };
    // The system's lists may be empty or old; private ones can be brought up to date by anybody.
    let sandbox = ["-o", "APT::Sandbox::User=root"];
    let mut system = apt_get();
    if super::is_root() {
        system.args(sandbox);
    }
    if fetch(system).is_err() {
        let apt = PrivateApt::with_system_sources(&context.workspace.cache.join("apt/system"))?;
        job.run(apt.command().arg("update")).context(NETWORK_HINT)?;
        fetch(apt.command()).with_context(|| gone_hint(name, &download.version))?;
    }
    let found = only_file(&folder, "deb")?;
    keep(context, &found, &download.file)
}

/// The files of a `[[source]]`, in its order.
pub fn source(context: &Context, job: &Job, name: &str) -> Result<Vec<PathBuf>> {
    let source = context.sources.source(name)?;
    let mut paths = Vec::new();
    for file in &source.files {
        paths.extend(cached(context, job, file)?);
    }
    if paths.len() == source.files.len() {
        return Ok(paths);
    }
    check_system()?;
    let _lock = context.lock("download")?;
    let folder = fresh_folder(context)?;
    job.say(&format!("fetching the source of {name} {}", source.version));
    let private = context.workspace.cache.join("apt").join(&source.suite);
    let apt = PrivateApt::with_sources_of(&source.suite, &private)?;
    job.run(apt.command().arg("update")).context(NETWORK_HINT)?;
    let wanted = format!("{name}={}", source.version);
    job.run(apt.command().current_dir(&folder).args(["source", "--download-only", &wanted]))
        .with_context(|| gone_hint(name, &source.version))?;
    let keep_one = |file: &FetchedFile| keep(context, &folder.join(&file.name), file);
    source.files.iter().map(keep_one).collect()
}

/// A file that is there already and still has its hash.
fn cached(context: &Context, job: &Job, file: &FetchedFile) -> Result<Option<PathBuf>> {
    let path = place(context, file);
    if !path.is_file() {
        return Ok(None);
    }
    if context.stamps.hash(&path)? == file.sha256 {
        return Ok(Some(path));
    }
    job.say(&format!("{} is damaged; fetching it again", path.display()));
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    Ok(None)
}

/// Checks a fetched file and moves it to its place.
fn keep(context: &Context, from: &Path, file: &FetchedFile) -> Result<PathBuf> {
    let hash = sha256_of(from)?;
    if hash != file.sha256 {
        bail!(
            "{}: its sha256 is {hash}, and sources.toml expects {}; the file was refused. Either \
             the mirror is broken or tampered with, or sources.toml is wrong: compare both with \
             the archive's own list, then run the same command again",
            file.name,
            file.sha256
        );
    }
    let path = place(context, file);
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::rename(from, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn place(context: &Context, file: &FetchedFile) -> PathBuf {
    context.workspace.cache.join("downloads").join(&file.sha256).join(&file.name)
}

fn fresh_folder(context: &Context) -> Result<PathBuf> {
    let folder = context.workspace.cache.join("downloads/partial");
    remove_folder(&folder)?;
    make_folder(&folder)?;
    Ok(folder)
}

fn only_file(folder: &Path, extension: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut paths = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension));
    paths.next().with_context(|| format!("apt has put no .{extension} into {}", folder.display()))
}

const NETWORK_HINT: &str =
    "cannot reach the Debian mirror; when the network is back, run the same command again";

fn gone_hint(name: &str, version: &str) -> String {
    format!(
        "cannot fetch {name} {version}; if it was not the network, the archive has a newer version \
         by now: put that one with its sha256 into sources.toml (`apt-cache show {name}` prints both)"
    )
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Steps and how they are made sure of. A step is named, has a key over all its inputs, and makes one
//! folder; [`Context::ensure`] finds that folder in the cache or builds it there.
//!
//! Invariants:
//! - A folder in the cache is complete: it comes into being by one rename, under the step's lock.
//! - The key of a step needs none of its inputs built, so a cached result is found without building
//!   or fetching what it was made from.

use crate::apt::packages::Packages;
use crate::job::Job;
use crate::key::KeyBuilder;
use crate::sources::Sources;
use crate::stamps::Stamps;
use crate::workspace::{Workspace, make_folder, remove_folder, replace_file};
use anyhow::{Context as _, Result};
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many results of one step the cache keeps.
const KEPT_RESULTS: usize = 6;

/// A part of the build.
pub trait Step {
    /// Its name, also that of its folder in the cache and of its log.
    fn name(&self) -> String;
    /// Adds all that can change the result to `key`.
    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()>;
    /// Steps whose results it asks for; made sure of before it starts.
    fn needs(&self) -> Vec<Box<dyn Step>> {
        Vec::new()
    }
    /// Makes the result in `job.out`.
    fn build(&self, context: &Context, job: &Job) -> Result<()>;
}

/// What every step may need to know.
pub struct Context {
    /// The folders.
    pub workspace: Workspace,
    /// The external inputs.
    pub sources: Sources,
    /// Hashes of files.
    pub stamps: Stamps,
    /// How many processes a build may run at once.
    pub jobs: usize,
    packages: OnceCell<Packages>,
    keys: RefCell<HashMap<String, String>>,
}

impl Context {
    /// Looks at the checkout; builds nothing.
    pub fn new() -> Result<Self> {
        let workspace = Workspace::find()?;
        let sources = Sources::load(&workspace.root.join("sources.toml"))?;
        let stamps = Stamps::load(workspace.work.join("stamps"));
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let (packages, keys) = (OnceCell::new(), RefCell::default());
        Ok(Self { workspace, sources, stamps, jobs, packages, keys })
    }

    /// Makes sure that the Debian packages for some parts of the build are installed.
    pub fn require_packages(&self, parts: &[&str]) -> Result<()> {
        let missing = self.packages()?.missing(&self.sources, parts)?;
        if missing.is_empty() {
            return Ok(());
        }
        let job = Job::start("packages", PathBuf::new(), self.log_path("packages"))?;
        let result = crate::apt::packages::install(&job, &missing);
        finish(job, result)
    }

    /// The installed version of a Debian package, as part of a key.
    pub fn package_version(&self, package: &str) -> Result<String> {
        // Read anew once something may have been installed.
        let installed = self.packages()?.version(package);
        match installed {
            Some(version) => Ok(version.to_owned()),
            None => Packages::query(&self.sources)?
                .version(package)
                .map(str::to_owned)
                .with_context(|| format!("the package {package} is not installed")),
        }
    }

    /// The key of a step.
    pub fn key(&self, step: &dyn Step) -> Result<String> {
        let name = step.name();
        if let Some(key) = self.keys.borrow().get(&name) {
            return Ok(key.clone());
        }
        let mut key = KeyBuilder::new(&self.stamps, &name);
        step.key(self, &mut key).with_context(|| format!("inputs of {name}"))?;
        let key = key.finish();
        self.keys.borrow_mut().insert(name, key.clone());
        Ok(key)
    }

    /// Returns the folder with the result of a step, after building it if need be.
    pub fn ensure(&self, step: &dyn Step) -> Result<PathBuf> {
        let (name, key) = (step.name(), self.key(step)?);
        let store = self.workspace.cache.join("build");
        let folder = store.join(format!("{name}-{key}"));
        if folder.is_dir() {
            mark_used(&folder);
            return Ok(folder);
        }
        for step in step.needs() {
            self.ensure(step.as_ref())?;
        }
        // Two checkouts may build different results of a step at once; one checkout has one build
        // tree for it, and nobody builds what another is about to publish.
        let tree = self.lock_in(&self.workspace.work, &name)?;
        let _result = self.lock(&format!("{name}-{key}"))?;
        if folder.is_dir() {
            return Ok(folder);
        }
        let partial = store.join(format!(".{name}-{key}.partial"));
        remove_folder(&partial)?;
        make_folder(&partial)?;
        // Held here too until the result is published.
        let job = Job::start(&name, partial.clone(), self.log_path(&name))?;
        let job = job.with_lock(tree.try_clone()?);
        let result = step.build(self, &job).with_context(|| format!("building {name}"));
        finish(job, result)?;
        fs::rename(&partial, &folder)
            .with_context(|| format!("cannot publish {}", folder.display()))?;
        self.stamps.save();
        // Who waits for it finds the result; a later lock is another file.
        let _ = fs::remove_file(self.workspace.cache.join("locks").join(format!("{name}-{key}")));
        forget_old(&store, &name);
        Ok(folder)
    }

    /// Copies a result to `target/ochre/`, unless that very file is there already.
    pub fn publish(&self, file: &Path, name: &str) -> Result<PathBuf> {
        let to = self.workspace.results.join(name);
        let identity = |path: &Path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        let wanted = identity(file);
        if wanted.is_none() || wanted != identity(&to) {
            replace_file(file, &to)?;
            // The time is what the next comparison goes by.
            if let Some((_, modified)) = wanted {
                File::options().append(true).open(&to)?.set_modified(modified)?;
            }
        }
        Ok(to)
    }

    /// Makes a link in `target/ochre/` lead to a result that is used where it lies.
    pub fn publish_link(&self, folder: &Path, name: &str) -> Result<()> {
        let link = self.workspace.results.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == folder) {
            return Ok(());
        }
        make_folder(&self.workspace.results)?;
        // A new one is renamed over the old one: at no time is there none.
        let fresh = self.workspace.results.join(format!(".{name}.new"));
        let _ = fs::remove_file(&fresh);
        symlink(folder, &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .with_context(|| format!("cannot make {}", link.display()))
    }

    /// Makes a folder in `target/ochre/` hold the files of a result, and no others.
    pub fn publish_folder(&self, folder: &Path, name: &str) -> Result<()> {
        let to = self.workspace.results.join(name);
        make_folder(&to)?;
        let mut wanted = HashSet::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            self.publish(&entry.path(), &format!("{name}/{}", entry.file_name().display()))?;
            wanted.insert(entry.file_name());
        }
        for entry in fs::read_dir(&to).with_context(|| to.display().to_string())? {
            let entry = entry?;
            if !wanted.contains(&entry.file_name()) {
                fs::remove_file(entry.path())
                    .with_context(|| format!("cannot remove {}", entry.path().display()))?;
            }
        }
        Ok(())
    }

    /// Where a step logs to.
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.workspace.work.join("logs").join(format!("{name}.log"))
    }

    /// Keeps other builds of this user from making `name` at the same time, until dropped.
    pub fn lock(&self, name: &str) -> Result<File> {
        self.lock_in(&self.workspace.cache, name)
    }

    /// The same for the builds that share `folder`.
    pub fn lock_in(&self, folder: &Path, name: &str) -> Result<File> {
        let locks = folder.join("locks");
        make_folder(&locks)?;
        let path = locks.join(name);
        let lock = || {
            let mut options = File::options();
            let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    eprintln!("{name}: waiting for another build of it to end");
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(file)
        };
        lock().with_context(|| format!("cannot lock {}", path.display()))
    }

    fn packages(&self) -> Result<&Packages> {
        if self.packages.get().is_none() {
            let _ = self.packages.set(Packages::query(&self.sources)?);
        }
        self.packages.get().context("packages were just read")
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.stamps.save();
    }
}

fn finish<T>(job: Job, result: Result<T>) -> Result<T> {
    match &result {
        Ok(_) => job.finish(),
        Err(_) => job.abandon(),
    }
    result
}

/// The time of last use, which [`forget_old`] goes by.
fn mark_used(folder: &Path) {
    // Not being able to (a cache of another owner) only means that it is forgotten earlier.
    let _ = File::open(folder).and_then(|folder| folder.set_modified(SystemTime::now()));
}

/// Removes all but the last used results of a step.
fn forget_old(store: &Path, name: &str) {
    let Ok(entries) = fs::read_dir(store) else { return };
    let mut results: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let file_name = entry.file_name();
            let key =
                file_name.to_str().and_then(|text| text.strip_prefix(name)?.strip_prefix('-'));
            key.is_some_and(|key| key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    results.sort();
    for (_, path) in results.iter().rev().skip(KEPT_RESULTS) {
        // Somebody else may be faster; the next build tries again.
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_results_of_the_same_step_are_forgotten() {
        let store = tempfile::tempdir().unwrap();
        for index in 0..KEPT_RESULTS + 2 {
            let folder = store.path().join(format!("kernel-{index}abc"));
            fs::create_dir(&folder).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(index as u64);
            File::open(&folder).unwrap().set_modified(time).unwrap();
        }
        fs::create_dir(store.path().join("kernel-debug-0abc")).unwrap();
        forget_old(store.path(), "kernel");
        let left = |name: &str| store.path().join(name).exists();
        assert!(!left("kernel-0abc") && !left("kernel-1abc"));
        assert!(left("kernel-2abc") && left("kernel-debug-0abc"));
    }
}

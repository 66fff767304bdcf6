// SPDX-License-Identifier: MIT OR Apache-2.0
//! A source tree of somebody else with our patches and overlay files on top, kept up to date in place.
//!
//! Build systems go by modification times, so the tree is never unpacked anew for a change of ours:
//! what the layers should hold is put together aside and only files that differ are written.
//!
//! ```text
//! tree/                   the unpacked source, patched and overlaid
//! tree/.ochre/originals/  files of the source that a layer has replaced, as they were
//! tree/.ochre/staging/    patched files and overlay files, as they should be
//! tree/.ochre/layer       names of the files in the tree that are ours or patched
//! ```
//!
//! Invariant: a file of the tree that is not in `layer` is as it was unpacked.

use crate::job::Job;
use crate::key::is_input;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// A tree with layers.
pub struct LayeredTree<'a> {
    folder: &'a Path,
}

impl<'a> LayeredTree<'a> {
    /// The tree in `folder`, which has been unpacked there.
    pub fn new(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// Brings the tree up to date with the patches (in order) and the overlay folder.
    pub fn apply(&self, job: &Job, patches: &[PathBuf], overlay: &Path) -> Result<()> {
        let staging = self.state("staging");
        remove_folder(&staging)?;
        make_folder(&staging)?;
        let mut layer = BTreeSet::new();
        for patch in patches {
            for name in files_of(patch)? {
                if layer.insert(name.clone()) && self.keep_original(&name)? {
                    copy(&self.state("originals").join(&name), &staging.join(&name))?;
                }
            }
            apply_patch(job, patch, &staging)?;
        }
        for name in files_below(overlay)? {
            if !layer.insert(name.clone()) {
                bail!(
                    "{}: a patch changes this file too; it can only come from one of the two",
                    overlay.join(&name).display()
                );
            }
            self.keep_original(&name)?;
            copy(&overlay.join(&name), &staging.join(&name))?;
        }
        for name in self.former_layer().difference(&layer) {
            self.restore(name)?;
        }
        // Written before the tree is: a run that breaks off leaves names too many, never too few.
        let list: Vec<_> = layer.iter().map(|name| name.display().to_string()).collect();
        let list_file = self.state("layer");
        fs::write(&list_file, list.join("\n"))
            .with_context(|| format!("cannot write {}", list_file.display()))?;
        for name in &layer {
            update(&staging.join(name), &self.folder.join(name))?;
        }
        Ok(())
    }

    fn state(&self, name: &str) -> PathBuf {
        self.folder.join(".ochre").join(name)
    }

    fn former_layer(&self) -> BTreeSet<PathBuf> {
        let list = fs::read_to_string(self.state("layer")).unwrap_or_default();
        list.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect()
    }

    /// Keeps the unpacked form of a file, if the source has one; says whether it has.
    fn keep_original(&self, name: &Path) -> Result<bool> {
        let original = self.state("originals").join(name);
        if original.exists() {
            return Ok(true);
        }
        // A file of a former layer without an original never was in the source.
        let ours = self.former_layer().contains(name);
        let in_tree = self.folder.join(name);
        if ours || !in_tree.exists() {
            return Ok(false);
        }
        copy(&in_tree, &original)?;
        Ok(true)
    }

    fn restore(&self, name: &Path) -> Result<()> {
        let (original, in_tree) = (self.state("originals").join(name), self.folder.join(name));
        if original.exists() {
            update(&original, &in_tree)
        } else if in_tree.exists() {
            fs::remove_file(&in_tree)
                .with_context(|| format!("cannot remove {}", in_tree.display()))
        } else {
            Ok(())
        }
    }
}

/// The patches in a folder, by name; names begin with a number.
pub fn patches_in(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut patches = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            patches.push(path);
        }
    }
    patches.sort();
    Ok(patches)
}

/// Applies a patch without fuzz: what does not fit exactly was made for another version.
pub fn apply_patch(job: &Job, patch: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new("patch");
    command.args(["--strip=1", "--forward", "--fuzz=0", "--batch", "--no-backup-if-mismatch"]);
    command.arg("--directory").arg(folder).arg("--input").arg(patch);
    job.run(&mut command).with_context(|| {
        format!(
            "{} does not apply: the source that it was made for (sources.toml) and the one here \
             differ; bring the patch up to date",
            patch.display()
        )
    })
}

/// Names of the files that a patch changes or makes.
fn files_of(patch: &Path) -> Result<Vec<PathBuf>> {
    let text =
        fs::read_to_string(patch).with_context(|| format!("cannot read {}", patch.display()))?;
    let mut names = Vec::new();
    for line in text.lines() {
        let Some(name) = line.strip_prefix("+++ b/") else { continue };
        let name = PathBuf::from(name.split('\t').next().unwrap_or(name));
        if name.components().any(|component| !matches!(component, Component::Normal(_))) {
            bail!("{}: `{}` leads out of the tree", patch.display(), name.display());
        }
        names.push(name);
    }
    if names.is_empty() {
        bail!("{}: no line `+++ b/FILE`, so this is no patch", patch.display());
    }
    Ok(names)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || is_input(entry)) {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        if entry.file_type().is_file()
            && let Ok(name) = entry.path().strip_prefix(folder)
        {
            names.push(name.to_path_buf());
        }
    }
    Ok(names)
}

/// Writes `to` only if it is not `from` already.
fn update(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        bail!("a patch removes {}; that is not supported", to.display());
    }
    if fs::read(from).ok() == fs::read(to).ok() {
        return Ok(());
    }
    copy(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        make_folder(folder)?;
    }
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    struct Fixture {
        folder: tempfile::TempDir,
        job: Job,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in
                [("tree/a", "one\n"), ("tree/b", "b\n"), ("overlay/dir/new", "new\n")]
            {
                make_folder(folder.path().join(name).parent().unwrap()).unwrap();
                fs::write(folder.path().join(name), text).unwrap();
            }
            let log = folder.path().join("log");
            let job = Job::start("test", folder.path().to_path_buf(), log).unwrap();
            Self { folder, job }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn patch(&self, name: &str, from: &str, to: &str) -> PathBuf {
            let path = self.path(name);
            let text = format!("Subject: x\n\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-{from}\n+{to}\n");
            fs::write(&path, text).unwrap();
            path
        }

        fn apply(&self, patches: &[PathBuf]) -> Result<()> {
            let tree = self.path("tree");
            LayeredTree::new(&tree).apply(&self.job, patches, &self.path("overlay"))
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap_or_default()
        }
    }

    #[test]
    fn patches_and_overlay_are_applied_and_taken_back() {
        let fixture = Fixture::new();
        let first = fixture.patch("1.patch", "one", "two");
        let second = fixture.patch("2.patch", "two", "three");
        fixture.apply(&[first.clone(), second]).unwrap();
        assert_eq!(fixture.text("tree/a"), "three\n");
        assert_eq!(fixture.text("tree/dir/new"), "new\n");

        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let file = fs::File::options().append(true).open(fixture.path("tree/dir/new")).unwrap();
        file.set_modified(old).unwrap();
        fixture.apply(&[first]).unwrap();
        assert_eq!(fixture.text("tree/a"), "two\n");
        assert_eq!(fs::metadata(fixture.path("tree/dir/new")).unwrap().modified().unwrap(), old);

        fs::remove_file(fixture.path("overlay/dir/new")).unwrap();
        fixture.apply(&[]).unwrap();
        assert_eq!(fixture.text("tree/a"), "one\n");
        assert!(!fixture.path("tree/dir/new").exists());
        assert_eq!(fixture.text("tree/b"), "b\n");
    }

    #[test]
    fn a_patch_that_does_not_fit_changes_nothing() {
        let fixture = Fixture::new();
        let bad = fixture.patch("1.patch", "other", "two");
        let error = format!("{:#}", fixture.apply(&[bad]).unwrap_err());
        assert!(error.contains("1.patch does not apply"), "{error}");
        assert_eq!(fixture.text("tree/a"), "one\n");
    }

    #[test]
    fn a_patch_cannot_lead_out_of_the_tree() {
        let fixture = Fixture::new();
        let path = fixture.path("1.patch");
        fs::write(&path, "--- a/x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n").unwrap();
        assert!(fixture.apply(&[path]).unwrap_err().to_string().contains("leads out"));
    }
}

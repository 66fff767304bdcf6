// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where things are: the checkout, its results, its build trees and the user's cache.
//!
//! ```text
//! target/ochre/            results: copies, replaced as a whole, never changed in place
//! target/ochre-build/      of this checkout: persistent build trees, logs, stamps
//! ~/.cache/ochre/          of this user, shared by all checkouts
//!   downloads/<sha256>/    fetched files, checked
//!   build/<step>-<key>/    what a step made, published whole by a rename
//!   tools/                 programs that cargo installed for us
//!   apt/                   private apt state for source packages
//!   locks/                 one file per result being built
//! ```

use anyhow::{Context as _, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of one checkout.
pub struct Workspace {
    /// Top of the checkout.
    pub root: PathBuf,
    /// `target/ochre`.
    pub results: PathBuf,
    /// `target/ochre-build`.
    pub work: PathBuf,
    /// The user's cache.
    pub cache: PathBuf,
}

impl Workspace {
    /// Finds the folders and makes those that hold output.
    pub fn find() -> Result<Self> {
        // Set by cargo for `cargo xtask`; this crate sits right below the top.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = manifest.parent().context("xtask has no parent folder")?.to_path_buf();
        if !root.join("sources.toml").is_file() {
            bail!("{} is no checkout of Ochre: it has no sources.toml", root.display());
        }
        let results = root.join("target/ochre");
        let work = root.join("target/ochre-build");
        let cache = cache_folder()?;
        for folder in [&results, &work] {
            make_folder(folder)?;
        }
        for part in ["downloads", "build", "tools", "locks"] {
            make_folder(&cache.join(part))?;
        }
        Ok(Self { root, results, work, cache })
    }

    /// Cargo's own output folder for the host workspace.
    pub fn cargo_target(&self) -> PathBuf {
        match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir().unwrap_or_default().join(folder),
            None => self.root.join("target"),
        }
    }
}

/// `$XDG_CACHE_HOME/ochre`, or `~/.cache/ochre`.
fn cache_folder() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .context("no folder for the cache: set HOME or XDG_CACHE_HOME")?;
    Ok(base.join("ochre"))
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Removes a folder and all in it, if it is there.
pub fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a file so that `to` is at every moment the old one or the new one. Executables may be
/// running under their old content.
pub fn replace_file(from: &Path, to: &Path) -> Result<()> {
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let copy = || {
        fs::copy(from, &partial)?;
        fs::rename(&partial, to)
    };
    copy().with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

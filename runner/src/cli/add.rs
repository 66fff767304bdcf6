// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--add`: files and folders of the host as a further archive behind the initramfs.
//!
//! The kernel unpacks entry by entry and says nothing about what it cannot make. So the archive is
//! planned against what the initramfs has: folders above a path are made where they lack, links to
//! folders are followed, and a file that is in the way is an error here.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};
use ochre_runner::newc::{self, Entries, Kind, Writer};
use std::fs::{self, File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Where a file goes without a path of its own: the first folder of the guest's `PATH` for programs
/// that are not part of the system.
const PROGRAMS: &str = "usr/local/bin";
/// Where a folder goes.
const FOLDERS: &str = "root";
/// Symbolic links that may be followed in one path, as for the kernel.
const MAX_LINKS: u32 = 40;
/// Longest path in the guest.
const MAX_PATH_BYTES: usize = 4095;

/// A file or folder, and where it is to be in the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    file: PathBuf,
    guest_path: Option<PathBuf>,
    /// Whether the guest's path ends in a slash, so that it is a folder to put the file into.
    into: bool,
}

impl Addition {
    /// Parses `FILE[:GUEST-PATH]`. A guest's path is absolute, so a colon without a slash behind it is
    /// part of the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (file, guest_path) = match text.rsplit_once(":/") {
            Some((file, path)) => (file, Some(format!("/{path}"))),
            None => (text, None),
        };
        if file.is_empty() {
            return Err("expected a file of the host before the colon".to_owned());
        }
        let into = guest_path.as_ref().is_some_and(|path| path.ends_with('/'));
        let guest_path = guest_path.map(|path| clean(&path)).transpose()?;
        if guest_path.is_none()
            && !Path::new(file).exists()
            && let Some((before, after)) = file.split_once(':')
            && Path::new(before).exists()
        {
            return Err(format!("{after}: a path in the guest begins with a slash"));
        }
        Ok(Self { file: file.into(), guest_path, into })
    }
}

/// A path from `/` on, without it.
fn clean(path: &str) -> Result<PathBuf, String> {
    if path.len() > MAX_PATH_BYTES {
        return Err(format!("a path in the guest has at most {MAX_PATH_BYTES} bytes"));
    }
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                return Err(format!("{path}: give the path in the guest without `..`"));
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Ok(clean)
}

/// The archive with all additions.
pub fn archive(additions: &[Addition], initramfs: &Path) -> Result<Vec<u8>> {
    // What is wrong with the initramfs is told when the machine gets it.
    let entries = File::open(initramfs).and_then(newc::entries).ok();
    let entries = entries.and_then(|read| read.ok().flatten());
    let mut plan = Plan { entries, writer: Writer::default() };
    for addition in additions {
        plan.add(addition).with_context(|| format!("cannot add {}", addition.file.display()))?;
    }
    Ok(plan.writer.finish())
}

/// An archive in the making.
struct Plan {
    /// What the guest has at the paths so far; nothing if that cannot be known.
    entries: Option<Entries>,
    writer: Writer,
}

impl Plan {
    fn add(&mut self, addition: &Addition) -> Result<()> {
        let file = &addition.file;
        // A link is named to have what it leads to.
        let metadata = fs::metadata(file)?;
        let name = fs::canonicalize(file)?;
        let name = if file.file_name().is_some() { file } else { &name };
        let name = name.file_name().context("it has no name; give it a path in the guest")?;
        let target = match &addition.guest_path {
            Some(path) => {
                let path = self.resolve(path)?;
                let into = addition.into || (!metadata.is_dir() && self.is_folder(&path));
                if into { path.join(name) } else { path }
            }
            None if metadata.is_dir() => Path::new(FOLDERS).join(name),
            None => Path::new(PROGRAMS).join(name),
        };
        let parent = self.folder(target.parent().unwrap_or(Path::new("")))?;
        match target.file_name() {
            Some(name) => self.put(file, &metadata, &parent.join(name)),
            None => self.put(file, &metadata, &parent),
        }
    }

    /// Puts a file, or a folder and all in it, to a path whose folder exists.
    fn put(&mut self, file: &Path, metadata: &Metadata, path: &Path) -> Result<()> {
        let here = || format!("cannot read {}", file.display());
        if path.as_os_str().len() > MAX_PATH_BYTES {
            bail!("{}: the path in the guest is too long", path.display());
        }
        if metadata.is_dir() {
            let folder = self.folder(path)?;
            if self.entries.is_none() {
                self.writer.folder(&folder, 0o755);
            }
            let mut inside: Vec<_> =
                fs::read_dir(file).and_then(Iterator::collect).with_context(here)?;
            inside.sort_by_key(fs::DirEntry::file_name);
            for entry in inside {
                let metadata = entry.metadata().with_context(here)?;
                self.put(&entry.path(), &metadata, &folder.join(entry.file_name()))?;
            }
            return Ok(());
        }
        if self.is_folder(path) || path.as_os_str().is_empty() {
            bail!("/{} is a folder of the guest", path.display());
        }
        if metadata.is_symlink() {
            let target = fs::read_link(file).with_context(here)?;
            self.writer.link(path, &target);
            self.note(path, Kind::Link(target));
            return Ok(());
        }
        if !metadata.is_file() {
            bail!("{} is neither a file nor a folder", file.display());
        }
        if metadata.len() >= 1 << 32 {
            bail!("{} does not fit into the guest's memory", file.display());
        }
        if self.entries.as_ref().is_some_and(|entries| entries.get(path) == Some(&Kind::Other)) {
            // The kernel would write into the old file, which may have other names. A link in its place
            // is of another type, for which it removes what is there.
            self.writer.link(path, Path::new("/"));
        }
        let content = fs::read(file).with_context(here)?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|age| u32::try_from(age.as_secs()).ok()).unwrap_or(0);
        self.writer.file(path, mode, modified, &content);
        self.note(path, Kind::Other);
        Ok(())
    }

    /// Makes sure of a folder and those above it; gives its path with links followed.
    fn folder(&mut self, path: &Path) -> Result<PathBuf> {
        let path = self.resolve(path)?;
        let mut above: Vec<_> = path.ancestors().filter(|path| *path != Path::new("")).collect();
        above.reverse();
        for folder in above {
            match self.entries.as_ref().map(|entries| entries.get(folder)) {
                Some(Some(Kind::Other | Kind::Link(_))) => {
                    bail!("/{} is no folder in the guest", folder.display())
                }
                Some(Some(Kind::Folder)) => {}
                Some(None) => {
                    self.writer.folder(folder, 0o755);
                    self.note(folder, Kind::Folder);
                }
                // In a compressed initramfs nobody can look: the folder has to be there. Made once more,
                // it would get another mode.
                None => {}
            }
        }
        Ok(path)
    }

    /// A path of the guest with links followed, as far as it exists.
    fn resolve(&self, path: &Path) -> Result<PathBuf> {
        let Some(entries) = &self.entries else { return Ok(path.to_owned()) };
        let mut left: Vec<_> = path.components().map(|part| part.as_os_str().to_owned()).collect();
        left.reverse();
        let (mut resolved, mut followed) = (PathBuf::new(), 0);
        while let Some(part) = left.pop() {
            if part == ".." {
                resolved.pop();
                continue;
            }
            let next = resolved.join(&part);
            let Some(Kind::Link(target)) = entries.get(&next) else {
                resolved = next;
                continue;
            };
            // The last part may be a link to a file, which is replaced.
            if left.is_empty() && !self.leads_to_folder(&resolved, target) {
                return Ok(next);
            }
            followed += 1;
            if followed > MAX_LINKS {
                bail!("/{}: too many symbolic links in the guest", path.display());
            }
            if target.is_absolute() {
                resolved = PathBuf::new();
            }
            let parts = target.components().rev();
            let parts =
                parts.filter(|part| !matches!(part, Component::RootDir | Component::CurDir));
            left.extend(parts.map(|part| part.as_os_str().to_owned()));
        }
        Ok(resolved)
    }

    /// Whether a link in `folder` leads to a folder directly.
    fn leads_to_folder(&self, folder: &Path, target: &Path) -> bool {
        let mut path = if target.is_absolute() { PathBuf::new() } else { folder.to_owned() };
        for part in target.components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::ParentDir => {
                    path.pop();
                }
                _ => {}
            }
        }
        self.is_folder(&path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        let kind = self.entries.as_ref().and_then(|entries| entries.get(path));
        path.as_os_str().as_bytes().is_empty() || kind == Some(&Kind::Folder)
    }

    fn note(&mut self, path: &Path, kind: Kind) {
        if let Some(entries) = &mut self.entries {
            entries.insert(path.to_owned(), kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn parse(text: &str) -> (String, Option<String>) {
        let addition = Addition::parse(text).expect("valid");
        let text = |path: PathBuf| path.display().to_string();
        (text(addition.file), addition.guest_path.map(text))
    }

    fn plan() -> Plan {
        let entries = [
            ("usr", Kind::Folder),
            ("usr/bin", Kind::Folder),
            ("usr/bin/tool", Kind::Other),
            ("usr/bin/link", Kind::Link("tool".into())),
            ("bin", Kind::Link("usr/bin".into())),
            ("turn", Kind::Link("turn".into())),
        ];
        let entries = entries.map(|(path, kind)| (path.into(), kind)).into();
        Plan { entries: Some(entries), writer: Writer::default() }
    }

    /// Adds this source file; gives the paths that the archive then has.
    fn added(guest_path: &str) -> Result<Vec<String>> {
        let mut plan = plan();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/add.rs");
        plan.add(&Addition::parse(&format!("{file}{guest_path}")).expect("valid"))?;
        let entries = newc::entries(Cursor::new(plan.writer.finish()))?.expect("good");
        Ok(entries.expect("plain").keys().map(|path| path.display().to_string()).collect())
    }

    #[test]
    fn files_and_paths_are_told_apart() {
        assert_eq!(parse("a"), ("a".into(), None));
        assert_eq!(parse("a:/b"), ("a".into(), Some("b".into())));
        assert_eq!(parse("a:b:/c//d/"), ("a:b".into(), Some("c/d".into())));
        assert_eq!(parse("./a:b"), ("./a:b".into(), None));
        assert!(Addition::parse(":/b").is_err());
        assert!(Addition::parse("a:/b/../c").is_err());
        assert!(Addition::parse("/dev/null:b").is_err_and(|text| text.contains("slash")));
    }

    #[test]
    fn missing_folders_are_made_and_links_followed() {
        let paths = added("").expect("added");
        assert_eq!(paths, ["usr/local", "usr/local/bin", "usr/local/bin/add.rs"]);
        assert_eq!(added(":/opt/x").expect("added"), ["opt", "opt/x"]);
        assert_eq!(added(":/bin").expect("added"), ["usr/bin/add.rs"]);
        assert_eq!(added(":/bin/new").expect("added"), ["usr/bin/new"]);
        assert_eq!(added(":/bin/link").expect("added"), ["usr/bin/link"]);
        assert_eq!(added(":/new/").expect("added"), ["new", "new/add.rs"]);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let error = |path| format!("{:#}", added(path).expect_err("refused"));
        assert!(error(":/usr/bin/tool/x").contains("/usr/bin/tool is no folder"));
        assert!(error(":/turn/x").contains("too many symbolic links"));
        let missing = Addition::parse("/no/such/file").expect("valid");
        let error = plan().add(&missing).expect_err("refused");
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}

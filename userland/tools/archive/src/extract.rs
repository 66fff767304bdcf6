// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts members onto the disk.
//!
//! Invariants: no member is written through a symbolic link that the archive itself brought and that
//! leaves the folder. Such links are made last of all, and only where nothing else has come by then.
//! Modes and times of folders are set at the end, when nothing more is put into them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::stat::{Mode, SFlag, UtimensatFlags, mknod, umask, utimensat};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Group, Uid, User, fchownat};

use crate::member::{Kind, Member};

/// What to do where a file is already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Remove it first.
    Replace,
    /// Write into it.
    Overwrite,
    /// Leave it, and call it an error.
    Keep,
    /// Leave it and say nothing.
    Skip,
    /// Leave it when it is not older.
    KeepNewer,
}

/// How members are put onto the disk.
pub struct Extractor {
    pub root: PathBuf,
    pub existing: Existing,
    /// Owners as the archive has them; by number only with `numeric`.
    pub owners: bool,
    pub numeric: bool,
    /// Modes as the archive has them, not less the umask.
    pub modes: bool,
    /// Times as the archive has them.
    pub times: bool,
    /// Whether folders above a member are made.
    pub parents: bool,
    mask: u32,
    late_links: Vec<(PathBuf, PathBuf, Member)>,
    folders: Vec<(PathBuf, Member)>,
}

impl Extractor {
    /// Everything as tar has it for an administrator or another user.
    pub fn new(root: PathBuf) -> Self {
        let mask = umask(Mode::empty());
        umask(mask);
        let administrator = Uid::effective().is_root();
        Self {
            root,
            existing: Existing::Replace,
            owners: administrator,
            numeric: false,
            modes: administrator,
            times: true,
            parents: true,
            mask: mask.bits(),
            late_links: Vec::new(),
            folders: Vec::new(),
        }
    }

    /// Creates a member by its safe name. What `existing` leaves alone is no error but `Ok(false)`.
    pub fn put(
        &mut self,
        member: &Member,
        name: &Path,
        data: &mut dyn Read,
    ) -> anyhow::Result<bool> {
        let path = self.root.join(name);
        if self.parents
            && let Some(parent) = path.parent()
            && !parent.as_os_str().is_empty()
        {
            fs::create_dir_all(parent)
                .with_context(|| format!("can't create directory '{}'", parent.display()))?;
        }
        if !self.make_room(member, &path)? {
            return Ok(false);
        }
        match &member.kind {
            Kind::File => self.file(member, &path, data)?,
            Kind::Folder => {
                match fs::DirBuilder::new().mode(member.mode | 0o700).create(&path) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
                    result => result
                        .with_context(|| format!("can't create directory '{}'", path.display()))?,
                }
                self.folders.push((path, member.clone()));
            }
            Kind::Symlink(target) if leaves(name, target) => {
                self.late_links.push((path, target.clone(), member.clone()));
            }
            Kind::Symlink(target) => self.link(member, &path, target)?,
            Kind::Hardlink(_) => bail!("a hard link needs a safe name"),
            Kind::Fifo | Kind::Device(..) => {
                let number = if let Kind::Device(_, number) = member.kind { number } else { 0 };
                let kind = SFlag::from_bits_truncate(member.type_bits());
                let mode = Mode::from_bits_truncate(member.mode & !self.mask);
                mknod(&path, kind, mode, number as _)
                    .with_context(|| format!("can't create node '{}'", path.display()))?;
                self.finish(member, &path)?;
            }
        }
        Ok(true)
    }

    /// Another name for what was extracted as `target`; both names are safe.
    pub fn hard_link(
        &mut self,
        member: &Member,
        name: &Path,
        target: &Path,
    ) -> anyhow::Result<bool> {
        let (path, target) = (self.root.join(name), self.root.join(target));
        if path == target {
            return Ok(true);
        }
        // A link that waits is linked to by a second one that waits.
        if let Some(at) = self.late_links.iter().position(|(late, ..)| *late == target) {
            let (_, points_at, link) = self.late_links[at].clone();
            if self.make_room(member, &path)? {
                self.late_links.push((path, points_at, link));
            }
            return Ok(true);
        }
        if self.parents
            && let Some(parent) = path.parent()
        {
            fs::create_dir_all(parent)?;
        }
        if !self.make_room(member, &path)? {
            return Ok(false);
        }
        fs::hard_link(&target, &path).with_context(|| {
            format!("can't create hardlink '{}' to '{}'", path.display(), target.display())
        })?;
        Ok(true)
    }

    /// Makes the links that had to wait, and gives folders their modes and times.
    ///
    /// Every error is given to `complain`; the rest is done all the same.
    pub fn end(&mut self, mut complain: impl FnMut(anyhow::Error)) {
        for (path, target, member) in std::mem::take(&mut self.late_links) {
            if let Err(error) = self.link(&member, &path, &target) {
                complain(error);
            }
        }
        // Inner ones first: setting the times of an outer one comes after all changes in it.
        for (path, member) in std::mem::take(&mut self.folders).iter().rev() {
            if let Err(error) = self.finish(member, path) {
                complain(error);
            }
        }
    }

    /// Removes what is in the way; `false` when it is to stay.
    fn make_room(&self, member: &Member, path: &Path) -> anyhow::Result<bool> {
        let Ok(old) = fs::symlink_metadata(path) else { return Ok(true) };
        if member.kind == Kind::Folder && (old.is_dir() || path.is_dir()) {
            return Ok(true);
        }
        match self.existing {
            Existing::Keep => bail!("can't open '{}': File exists", path.display()),
            Existing::Skip => return Ok(false),
            Existing::KeepNewer if old.mtime() >= member.mtime.0 => {
                bail!("{} not created: newer or same age file exists", path.display());
            }
            Existing::Overwrite if old.is_file() && member.kind == Kind::File => return Ok(true),
            _ => {}
        }
        let removed = if old.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        removed.with_context(|| format!("can't remove old file '{}'", path.display()))?;
        Ok(true)
    }

    fn file(&self, member: &Member, path: &Path, data: &mut dyn Read) -> anyhow::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        if self.existing == Existing::Overwrite {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let mut file =
            options.open(path).with_context(|| format!("can't open '{}'", path.display()))?;
        io::copy(data, &mut file)?;
        drop(file);
        self.finish(member, path)
    }

    /// Data that comes for a file later than its name, as cpio has it for hard links.
    pub fn fill(&self, member: &Member, name: &Path, data: &mut dyn Read) -> anyhow::Result<()> {
        let path = self.root.join(name);
        io::copy(data, &mut File::options().write(true).truncate(true).open(&path)?)?;
        self.finish(member, &path)
    }

    fn link(&self, member: &Member, path: &Path, target: &Path) -> anyhow::Result<()> {
        if symlink(target, path).is_err() {
            bail!("can't create symlink '{}' to '{}'", path.display(), target.display());
        }
        self.finish(member, path)
    }

    fn finish(&self, member: &Member, path: &Path) -> anyhow::Result<()> {
        let is_link = matches!(member.kind, Kind::Symlink(_));
        if self.owners {
            let (uid, gid) = self.owner(member);
            fchownat(AT_FDCWD, path, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW)
                .with_context(|| format!("can't change the owner of '{}'", path.display()))?;
        }
        if !is_link {
            // After the owner: a change of that takes the set-ID bits away.
            let mode = if self.modes { member.mode } else { member.mode & 0o777 & !self.mask };
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        }
        if self.times {
            let time = TimeSpec::new(member.mtime.0 as _, member.mtime.1 as _);
            utimensat(AT_FDCWD, path, &time, &time, UtimensatFlags::NoFollowSymlink)
                .with_context(|| format!("can't set the time of '{}'", path.display()))?;
        }
        Ok(())
    }

    fn owner(&self, member: &Member) -> (Uid, Gid) {
        let mut uid = Uid::from_raw(member.uid);
        let mut gid = Gid::from_raw(member.gid);
        if !self.numeric {
            if !member.user.is_empty()
                && let Ok(Some(user)) = User::from_name(&member.user)
            {
                uid = user.uid;
            }
            if !member.group.is_empty()
                && let Ok(Some(group)) = Group::from_name(&member.group)
            {
                gid = group.gid;
            }
        }
        (uid, gid)
    }
}

/// Whether a link may point out of the folder that is being filled.
fn leaves(name: &Path, target: &Path) -> bool {
    let mut depth = name.components().count() as isize - 1;
    for part in target.components() {
        match part {
            Component::ParentDir => depth -= 1,
            Component::Normal(part) if part != OsStr::from_bytes(b".") => depth += 1,
            Component::RootDir => return true,
            _ => {}
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_leave_are_known() {
        let leaves = |name: &str, target: &str| super::leaves(Path::new(name), Path::new(target));
        assert!(leaves("a", "/tmp"));
        assert!(leaves("a", "../b"));
        assert!(leaves("a/b", "../../c"));
        assert!(!leaves("a/b", "../c"));
        assert!(!leaves("a", "b/c/../d"));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `switch_root`, `run-init` and `pivot_root`: another root file system for the whole machine.
//!
//! The first two free the memory of the initramfs: they delete everything in it. So they insist on being
//! PID 1, on a root that is kept in memory, and on a new one that is another file system.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::mount::MsFlags;
use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
use ochre_applet::{Args, parse};

const RAMFS_MAGIC: FsType = FsType(0x8584_58f6_u32 as _);
/// What init mounted and the next one wants, too.
const MOVED: [&str; 4] = ["/dev", "/proc", "/sys", "/run"];

/// Frees the initramfs and starts the init of another root file system.
#[derive(clap::Parser)]
#[command(name = "switch_root", disable_version_flag = true)]
struct Options {
    /// Use this file for input and output
    #[arg(short)]
    console: Option<PathBuf>,
    /// The folder where the new root is mounted
    new_root: PathBuf,
    /// The program to start, as a path in the new root
    init: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// Frees the initramfs and starts the init of another root file system, as klibc does.
#[derive(clap::Parser)]
#[command(name = "run-init", disable_version_flag = true)]
struct RunOptions {
    /// Only see whether it could be done
    #[arg(short = 'n')]
    dry_run: bool,
    /// Keep the files of the initramfs; it need not be one then
    #[arg(short = 'p')]
    keep: bool,
    #[command(flatten)]
    options: Options,
}

/// The applet; does not return when all went well.
pub fn switch_root(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    switch(&options, false, true)
}

/// The applet; does not return when all went well.
pub fn run_init(args: Args) -> Result<u8> {
    let options: RunOptions = parse(&args)?;
    switch(&options.options, options.dry_run, !options.keep)
}

fn switch(options: &Options, dry_run: bool, delete: bool) -> Result<u8> {
    let new_root = &options.new_root;
    std::env::set_current_dir(new_root).with_context(|| new_root.display().to_string())?;
    let (root, new) = (fs::metadata("/")?, fs::metadata(".")?);
    if root.dev() == new.dev() {
        bail!("{}: not another file system than /; mount it there first", new_root.display());
    }
    if !dry_run && std::process::id() != 1 {
        bail!("not PID 1: start it with exec from the initramfs's /init");
    }
    if delete {
        let kind = statfs("/").context("/")?.filesystem_type();
        if !fs::metadata("/init").is_ok_and(|init| init.is_file()) {
            bail!("/init is not a regular file: this is no initramfs");
        }
        if kind != RAMFS_MAGIC && kind != TMPFS_MAGIC {
            bail!("the root file system is not ramfs or tmpfs: its files would be lost");
        }
    }
    let init = Path::new(".").join(options.init.strip_prefix("/").unwrap_or(&options.init));
    if !fs::metadata(&init).is_ok_and(|init| init.is_file()) {
        bail!("{}: not a file in {}", options.init.display(), new_root.display());
    }
    if dry_run {
        return Ok(0);
    }
    for place in MOVED {
        let target = Path::new(".").join(&place[1..]);
        let mounted =
            |path: &Path, other: u64| fs::metadata(path).is_ok_and(|at| at.dev() != other);
        if mounted(Path::new(place), root.dev()) && !mounted(&target, new.dev()) && target.is_dir()
        {
            let none: Option<&str> = None;
            // What cannot be moved is hidden by the new root; its init mounts it again.
            let _ = nix::mount::mount(Some(place), &target, none, MsFlags::MS_MOVE, none);
        }
    }
    if delete {
        empty(Path::new("/"), root.dev());
    }
    let none: Option<&str> = None;
    nix::mount::mount(Some("."), "/", none, MsFlags::MS_MOVE, none)
        .context("cannot move the root")?;
    nix::unistd::chroot(".").context("cannot change the root")?;
    std::env::set_current_dir("/").context("/")?;
    if let Some(console) = &options.console {
        let file = OpenOptions::new().read(true).write(true).open(console);
        let file = file.with_context(|| console.display().to_string())?;
        nix::unistd::dup2_stdin(file.as_fd())?;
        nix::unistd::dup2_stdout(file.as_fd())?;
        nix::unistd::dup2_stderr(file.as_fd())?;
    }
    let error = std::process::Command::new(&options.init).args(&options.args).exec();
    Err(error).with_context(|| format!("cannot run {}", options.init.display()))
}

/// Deletes what is in a folder, but nothing of another file system.
fn empty(folder: &Path, device: u64) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if found.dev() != device {
            continue;
        }
        // What cannot be deleted is the mount point of something else.
        if found.is_dir() {
            empty(&path, device);
            let _ = fs::remove_dir(&path);
        } else {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Makes another file system the root, and the old one a folder of it.
#[derive(clap::Parser)]
#[command(name = "pivot_root", disable_version_flag = true)]
struct PivotOptions {
    /// Where the new root is mounted
    new_root: PathBuf,
    /// The folder in it for the old root
    put_old: PathBuf,
}

/// The applet.
pub fn pivot_root(args: Args) -> Result<u8> {
    let options: PivotOptions = parse(&args)?;
    nix::unistd::pivot_root(&options.new_root, &options.put_old)
        .with_context(|| format!("cannot change root from / to {}", options.new_root.display()))?;
    Ok(0)
}

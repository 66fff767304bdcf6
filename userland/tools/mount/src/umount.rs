// SPDX-License-Identifier: MIT OR Apache-2.0
//! `umount` and `mountpoint`: the ends of mounts, and whether a folder is one.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, umount2};
use nix::sys::stat::{major, minor};
use ochre_applet::{Args, Failure, complain, parse, reason};

use crate::table::{self, Entry, MOUNTS, is_of_type};

/// Kinds that -a leaves alone: the system stands on them.
const KERNEL: [&str; 4] = ["devpts", "devtmpfs", "proc", "sysfs"];

/// Takes file systems away from their folders.
#[derive(clap::Parser)]
#[command(name = "umount", disable_version_flag = true)]
struct Options {
    /// All that are mounted, but for the kernel's own
    #[arg(short, long)]
    all: bool,
    /// Make it read only when it is in use
    #[arg(short, long)]
    read_only: bool,
    /// Take it away at once, and clean up when it is not used any more
    #[arg(short, long)]
    lazy: bool,
    /// Even when a server does not answer
    #[arg(short, long)]
    force: bool,
    /// Take away what is mounted in it first
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Free its loop device: the kernel does so anyway
    #[arg(short, long)]
    detach_loop: bool,
    /// Write no /etc/mtab: none is written anyway
    #[arg(short, long)]
    no_mtab: bool,
    /// Do not start a program for the kind of file system: none is started anyway
    #[arg(short, long)]
    internal_only: bool,
    /// With -a: only these kinds; all but these with `no` before them
    #[arg(short, long)]
    types: Option<String>,
    /// Say what is done
    #[arg(short, long)]
    verbose: bool,
    /// Folders or devices
    names: Vec<OsString>,
}

/// The applet: status 1 for wrong arguments and when one could not be taken away.
pub fn umount(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mounted = table::read(MOUNTS).context(MOUNTS)?;
    let mut status = 0;
    let mut end = |entry: &Entry| {
        if let Err(errno) = take_away(entry, &options) {
            complain(
                "umount",
                format_args!("can't unmount {}: {}", entry.target.display(), errno.desc()),
            );
            status = 1;
        }
    };
    if options.all {
        for entry in mounted.iter().rev() {
            let kept = options.types.is_none() && KERNEL.contains(&&*entry.fstype);
            if !kept && is_of_type(&entry.fstype, options.types.as_deref()) {
                end(entry);
            }
        }
        return Ok(status);
    }
    if options.names.is_empty() {
        bail!("what is to be unmounted? name folders or devices, or -a");
    }
    for name in &options.names {
        let path = table::canonical(name);
        let found = mounted.iter().rfind(|entry| entry.target == path || entry.source == path);
        // A folder that we cannot see is the kernel's to judge.
        let entry = found.cloned().unwrap_or_else(|| Entry {
            source: "none".into(),
            target: path.clone(),
            fstype: String::new(),
            options: String::new(),
        });
        if options.recursive {
            let below = |other: &&Entry| {
                other.target != entry.target && Path::new(&other.target).starts_with(&entry.target)
            };
            mounted.iter().rev().filter(below).for_each(&mut end);
        }
        end(&entry);
    }
    Ok(status)
}

fn take_away(entry: &Entry, options: &Options) -> Result<(), Errno> {
    let mut flags = MntFlags::empty();
    flags.set(MntFlags::MNT_DETACH, options.lazy);
    flags.set(MntFlags::MNT_FORCE, options.force);
    let target: &OsStr = &entry.target;
    let result = umount2(target, flags);
    if options.verbose && result.is_ok() {
        println!("{} unmounted", target.display());
    }
    if result == Err(Errno::EBUSY) && options.read_only {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        let none: Option<&str> = None;
        nix::mount::mount(Some(&*entry.source), target, none, flags, none)?;
        complain("umount", format_args!("{} busy - remounted read-only", entry.source.display()));
        return Ok(());
    }
    result
}

/// Is a folder the place of a mount?
#[derive(clap::Parser)]
#[command(name = "mountpoint", disable_version_flag = true)]
struct PointOptions {
    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
    /// Print major:minor of the file system
    #[arg(short = 'd', long)]
    fs_devno: bool,
    /// Print the name of the device that is mounted there
    #[arg(short = 'n')]
    name: bool,
    /// Print major:minor of a block device
    #[arg(short = 'x', long)]
    devno: bool,
    /// The folder
    path: PathBuf,
}

/// The status for a folder that is none.
const NO_POINT: u8 = 32;

/// The applet: status 32 when it is none, 1 for all else that went wrong.
pub fn mountpoint(args: Args) -> Result<u8> {
    let options: PointOptions = parse(&args)?;
    let path = options.path.display();
    let fail = |message: String| {
        let message = if options.quiet { String::new() } else { message };
        Err(Failure::new(1, message).into())
    };
    let found = match std::fs::symlink_metadata(&options.path) {
        // What a link leads to counts, not the link.
        Ok(found) if found.is_symlink() => std::fs::metadata(&options.path),
        found => found,
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return fail(format!("{path}: {}", reason(&error))),
    };
    if options.devno {
        if !found.file_type().is_block_device() {
            return fail(format!("{path}: not a block device"));
        }
        println!("{}:{}", major(found.rdev()), minor(found.rdev()));
        return Ok(0);
    }
    if !found.is_dir() {
        return fail(format!("{path}: not a directory"));
    }
    let place = table::canonical(options.path.as_os_str());
    let mounted = table::read(MOUNTS).unwrap_or_default();
    let entry = mounted.iter().rfind(|entry| entry.target == place);
    // Without /proc, the device tells, though not of folders that are bound within one.
    let other_device = std::fs::metadata(options.path.join(".."))
        .is_ok_and(|above| above.dev() != found.dev() || above.ino() == found.ino());
    let is_point = entry.is_some() || other_device;
    if options.fs_devno {
        println!("{}:{}", major(found.dev()), minor(found.dev()));
    } else if options.name {
        let name = entry.map_or_else(|| "UNKNOWN".into(), |entry| entry.source.to_string_lossy());
        println!("{name} {path}");
    } else if !options.quiet {
        println!("{path} is {}a mountpoint", if is_point { "" } else { "not " });
    }
    Ok(if is_point { 0 } else { NO_POINT })
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mount`: attaches file systems, or shows which are.
//!
//! What a call does not say is looked up in /etc/fstab, for `remount` in what is mounted too. A kind that
//! nobody names is read from the device, or else all that the kernel knows are tried.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::mount::MsFlags;
use ochre_applet::{Args, complain, parse};

use crate::loops::{self, AUTOCLEAR, Wanted};
use crate::options::Options;
use crate::table::{self, Entry, FSTAB, MOUNTS, is_of_type};
use crate::{blkid, probe};

/// Attaches a file system to a folder; shows what is attached without arguments.
#[derive(clap::Parser)]
#[command(name = "mount", disable_version_flag = true)]
struct Arguments {
    /// Mount everything in /etc/fstab that has no `noauto`
    #[arg(short, long)]
    all: bool,
    /// The kind of file system; with -a and alone a list, `no` before it to leave those out
    #[arg(short, long = "types")]
    types: Option<String>,
    /// Options with commas between them; may be given more than once
    #[arg(short, long = "options")]
    options: Vec<String>,
    /// With -a: only what has all of these options in /etc/fstab
    #[arg(short = 'O', long)]
    test_opts: Option<String>,
    /// Read only
    #[arg(short, long)]
    read_only: bool,
    /// Read and write
    #[arg(short = 'w', long = "rw")]
    read_write: bool,
    /// Do all but the call
    #[arg(short, long)]
    fake: bool,
    /// Say what is done
    #[arg(short, long)]
    verbose: bool,
    /// Write no /etc/mtab: none is written anyway
    #[arg(short, long)]
    no_mtab: bool,
    /// Do not start a program /sbin/mount.TYPE
    #[arg(short = 'i', long)]
    internal_only: bool,
    /// Show a folder at a second place
    #[arg(short = 'B', long)]
    bind: bool,
    /// Show a folder and what is mounted in it at a second place
    #[arg(short = 'R', long)]
    rbind: bool,
    /// Move a mounted file system to another place
    #[arg(short = 'M', long = "move")]
    move_mount: bool,
    #[command(flatten)]
    spread: Spread,
    /// Device and folder, or one of them when /etc/fstab has the other
    #[arg(num_args = 0..=2)]
    names: Vec<OsString>,
}

/// How mounts below a folder spread to its other places.
#[derive(clap::Args)]
struct Spread {
    /// To all
    #[arg(long)]
    make_shared: bool,
    /// From the first one only
    #[arg(long)]
    make_slave: bool,
    /// To none
    #[arg(long)]
    make_private: bool,
    /// To none, and it cannot be bound
    #[arg(long)]
    make_unbindable: bool,
    /// To all, here and below
    #[arg(long)]
    make_rshared: bool,
    /// From the first one only, here and below
    #[arg(long)]
    make_rslave: bool,
    /// To none, here and below
    #[arg(long)]
    make_rprivate: bool,
    /// To none, and none can be bound, here and below
    #[arg(long)]
    make_runbindable: bool,
}

impl Arguments {
    /// What the arguments ask for, as a list for `-o`.
    fn list(&self) -> String {
        let spread = &self.spread;
        let words = [
            (self.read_only, "ro"),
            (self.read_write, "rw"),
            (self.bind, "bind"),
            (self.rbind, "rbind"),
            (self.move_mount, "move"),
            (spread.make_shared, "shared"),
            (spread.make_slave, "slave"),
            (spread.make_private, "private"),
            (spread.make_unbindable, "unbindable"),
            (spread.make_rshared, "rshared"),
            (spread.make_rslave, "rslave"),
            (spread.make_rprivate, "rprivate"),
            (spread.make_runbindable, "runbindable"),
        ];
        let words = words.into_iter().filter(|(given, _)| *given).map(|(_, word)| word);
        self.options.iter().map(String::as_str).chain(words).collect::<Vec<_>>().join(",")
    }
}

/// The applet: status 1 for wrong arguments, 32 when a mount failed.
pub fn mount(args: Args) -> Result<u8> {
    let arguments: Arguments = parse(&args)?;
    if arguments.all {
        return mount_all(&arguments);
    }
    let list = arguments.list();
    let mut wanted = Options::default();
    wanted.add(&list);
    let entry = match &arguments.names[..] {
        [] if list.is_empty() => return show(arguments.types.as_deref()),
        [] => bail!("what is to be mounted? name a device, a folder or both"),
        [source, target] => Entry {
            source: source.clone(),
            target: target.clone(),
            fstype: arguments.types.clone().unwrap_or_else(|| "auto".into()),
            options: list,
        },
        [name, ..] if wanted.propagation.is_some() && !wanted.has(MsFlags::MS_BIND) => Entry {
            source: "none".into(),
            target: name.clone(),
            fstype: "none".into(),
            options: list,
        },
        [name, ..] => {
            let mut entry = find(name, wanted.has(MsFlags::MS_REMOUNT))?;
            entry.options = format!("{},{list}", entry.options);
            if let Some(fstype) = &arguments.types {
                entry.fstype.clone_from(fstype);
            }
            entry
        }
    };
    Ok(attach(&entry, &arguments))
}

/// Prints what is mounted.
fn show(types: Option<&str>) -> Result<u8> {
    for entry in table::read(MOUNTS).context(MOUNTS)? {
        if is_of_type(&entry.fstype, types) {
            println!(
                "{} on {} type {} ({})",
                entry.source.display(),
                entry.target.display(),
                entry.fstype,
                entry.options
            );
        }
    }
    Ok(0)
}

/// The line for a name that may be a device or a folder. The last one wins, as it hides the others.
fn find(name: &OsStr, remount: bool) -> Result<Entry> {
    let path = table::canonical(name);
    let named = |entry: &Entry| {
        [&entry.source, &entry.target].into_iter().any(|field| field == name || *field == path)
    };
    if remount {
        // What the mount has now is kept, whatever the table would give it.
        if let Some(mut entry) = table::read(MOUNTS).context(MOUNTS)?.into_iter().rfind(named) {
            entry.options = kept(&entry.options);
            return Ok(entry);
        }
    }
    let fstab = table::read(FSTAB).context(FSTAB)?;
    match fstab.into_iter().find(named) {
        Some(entry) => Ok(entry),
        None => bail!("{}: not found in {FSTAB}", name.display()),
    }
}

/// The options of a mounted file system that are flags: its own data it knows.
fn kept(options: &str) -> String {
    let mut kept = Vec::new();
    for option in options.split(',') {
        let mut one = Options::default();
        one.add(option);
        if one.data.is_empty() {
            kept.push(option);
        }
    }
    kept.join(",")
}

fn mount_all(arguments: &Arguments) -> Result<u8> {
    let fstab = table::read(FSTAB).context(FSTAB)?;
    let mounted = table::read(MOUNTS).unwrap_or_default();
    let mut status = 0;
    for mut entry in fstab {
        let tested = |list: &String| {
            list.split(',').all(|option| match option.strip_prefix("no") {
                Some(other) => !entry.has_option(other),
                None => entry.has_option(option),
            })
        };
        if matches!(&*entry.fstype, "swap" | "ignore")
            || entry.target == "none"
            || entry.has_option("noauto")
            || !is_of_type(&entry.fstype, arguments.types.as_deref())
            || !arguments.test_opts.as_ref().is_none_or(tested)
        {
            continue;
        }
        let target = table::canonical(&entry.target);
        let there = mounted.iter().any(|other| {
            other.target == target && (other.fstype == entry.fstype || entry.fstype == "auto")
        });
        if there {
            continue;
        }
        entry.options = format!("{},{}", entry.options, arguments.list());
        status = status.max(attach(&entry, arguments));
    }
    Ok(status)
}

/// Mounts one line. Messages are printed.
fn attach(entry: &Entry, arguments: &Arguments) -> u8 {
    let mut options = Options::default();
    options.add(&entry.options);
    let result = prepare(entry, &mut options, arguments.fake).and_then(|source| {
        if arguments.verbose {
            println!("{} on {} ({})", source.display(), entry.target.display(), entry.options);
        }
        if arguments.fake { Ok(()) } else { call(&source, entry, &options, arguments) }
    });
    match result {
        Ok(()) => 0,
        Err(_) if options.no_fail => 0,
        Err(error) => {
            complain("mount", format_args!("{error:#}"));
            32
        }
    }
}

/// The device behind the name, with a loop device for a file.
fn prepare(entry: &Entry, options: &mut Options, fake: bool) -> Result<PathBuf> {
    let source = blkid::resolve(&entry.source)?;
    let other = MsFlags::MS_BIND | MsFlags::MS_MOVE | MsFlags::MS_REMOUNT;
    if options.flags.0.intersects(other) || fake {
        return Ok(source);
    }
    let named = options.loop_device.take();
    let is_image = source.is_file();
    let without_device = nodev_types().contains(&entry.fstype);
    let device = match named {
        Some(device) => device,
        None if is_image && !without_device => None,
        None => return Ok(source),
    };
    let wanted = Wanted {
        file: &source,
        offset: options.offset,
        size_limit: options.size_limit,
        read_only: options.has(MsFlags::MS_RDONLY),
        flags: AUTOCLEAR,
    };
    loops::attach(&wanted, device.as_deref().map(Path::new))
}

fn call(source: &Path, entry: &Entry, options: &Options, arguments: &Arguments) -> Result<()> {
    let only_spread = options.propagation.is_some() && entry.fstype == "none";
    let mut flags = options.flags.0;
    if !only_spread || flags.contains(MsFlags::MS_BIND) {
        // Bind mounts take no other flags; those come with a second call.
        let attributes = flags - MsFlags::MS_BIND - MsFlags::MS_REC;
        let rebind = flags.contains(MsFlags::MS_BIND)
            && !flags.contains(MsFlags::MS_REMOUNT)
            && !attributes.is_empty();
        if rebind {
            flags -= attributes;
        }
        mount_some_type(source, entry, flags, options, arguments)?;
        if rebind {
            let again = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | attributes;
            mount_call(source, &entry.target, None, again, "")
                .map_err(|errno| failure(source, &entry.target, errno))?;
        }
    }
    match options.propagation {
        Some(spread) => mount_call(Path::new("none"), &entry.target, None, spread, "")
            .map_err(|errno| failure(Path::new("none"), &entry.target, errno)),
        None => Ok(()),
    }
}

fn mount_some_type(
    source: &Path,
    entry: &Entry,
    flags: MsFlags,
    options: &Options,
    arguments: &Arguments,
) -> Result<()> {
    let target = &entry.target;
    let no_type = MsFlags::MS_BIND | MsFlags::MS_MOVE | MsFlags::MS_REMOUNT;
    let types = if flags.intersects(no_type) {
        vec![None]
    } else if entry.fstype == "auto" || entry.fstype.contains(',') {
        candidates(source, &entry.fstype).into_iter().map(Some).collect()
    } else {
        vec![Some(entry.fstype.clone())]
    };
    let mut last = Errno::ENODEV;
    for fstype in &types {
        if let Some(fstype) = fstype
            && !arguments.internal_only
            && let Some(status) = helper(fstype, source, entry)
        {
            return if status { Ok(()) } else { bail!("/sbin/mount.{fstype} failed") };
        }
        let once = |flags| mount_call(source, target, fstype.as_deref(), flags, &options.data);
        let mut result = once(flags);
        if matches!(result, Err(Errno::EACCES | Errno::EROFS))
            && !flags.intersects(no_type | MsFlags::MS_RDONLY)
        {
            result = once(flags | MsFlags::MS_RDONLY);
            if result.is_ok() {
                let source = source.display();
                complain("mount", format_args!("{source} is write-protected, mounting read-only"));
            }
        }
        match result {
            Ok(()) => return Ok(()),
            // Another kind may fit better; a device that holds none is told of at the end.
            Err(errno) => last = errno,
        }
    }
    Err(failure(source, target, last))
}

fn mount_call(
    source: &Path,
    target: &OsStr,
    fstype: Option<&str>,
    flags: MsFlags,
    data: &str,
) -> Result<(), Errno> {
    let data = Some(data).filter(|data| !data.is_empty());
    nix::mount::mount(Some(source), target, fstype, flags, data)
}

fn failure(source: &Path, target: &OsStr, errno: Errno) -> anyhow::Error {
    let (source, target) = (source.display(), target.display());
    anyhow::anyhow!("mounting {source} on {target} failed: {}", errno.desc())
}

/// Kinds to try: what the device says, or all that the kernel has for devices.
fn candidates(source: &Path, list: &str) -> Vec<String> {
    if list != "auto" {
        return list.split(',').map(str::to_owned).collect();
    }
    if let Some(found) =
        std::fs::File::open(source).ok().and_then(|mut file| probe::probe(&mut file))
    {
        return vec![found.fstype.to_owned()];
    }
    let text = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix('\t')).map(str::to_owned).collect()
}

/// Kinds that need no device.
fn nodev_types() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("nodev\t")).map(str::to_owned).collect()
}

/// Runs the program for this kind of file system, if there is one. True: it mounted.
fn helper(fstype: &str, source: &Path, entry: &Entry) -> Option<bool> {
    let program = PathBuf::from(format!("/sbin/mount.{fstype}"));
    if fstype.contains('/') || !program.is_file() {
        return None;
    }
    let status = std::process::Command::new(program)
        .arg(source)
        .arg(&entry.target)
        .args(["-o", &entry.options])
        .status();
    Some(status.is_ok_and(|status| status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remount_keeps_flags_but_no_data() {
        assert_eq!(kept("rw,nosuid,size=10k,relatime"), "rw,nosuid,relatime");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `unshare` and `nsenter`: commands with a view of the system of their own, or with that of a process.
//!
//! A new or entered PID namespace has effect on children only, so a process is started for the command.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use nix::mount::MsFlags;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Gid, Uid, getgid, getuid, setgid, setgroups, setuid};
use ochre_applet::{Args, parse};

use crate::command::{become_command, run_to_end};
use crate::sys::Before;

/// Which kinds of namespaces.
#[derive(clap::Args)]
struct Kinds {
    /// Mounts
    #[arg(short, long)]
    mount: bool,
    /// The names of host and domain
    #[arg(short, long)]
    uts: bool,
    /// Message queues, semaphores, shared memory
    #[arg(short, long)]
    ipc: bool,
    /// Network
    #[arg(short, long)]
    net: bool,
    /// Process IDs
    #[arg(short, long)]
    pid: bool,
    /// Users
    #[arg(short = 'U', long)]
    user: bool,
    /// Control groups
    #[arg(short = 'C', long)]
    cgroup: bool,
}

impl Kinds {
    /// Flag and name in /proc/PID/ns of each kind that was given. Users come first: they give the rights
    /// for the others.
    fn chosen(&self) -> Vec<(CloneFlags, &'static str)> {
        [
            (self.user, CloneFlags::CLONE_NEWUSER, "user"),
            (self.cgroup, CloneFlags::CLONE_NEWCGROUP, "cgroup"),
            (self.ipc, CloneFlags::CLONE_NEWIPC, "ipc"),
            (self.uts, CloneFlags::CLONE_NEWUTS, "uts"),
            (self.net, CloneFlags::CLONE_NEWNET, "net"),
            (self.pid, CloneFlags::CLONE_NEWPID, "pid"),
            (self.mount, CloneFlags::CLONE_NEWNS, "mnt"),
        ]
        .into_iter()
        .filter(|(given, ..)| *given)
        .map(|(_, flag, name)| (flag, name))
        .collect()
    }
}

fn or_shell(command: Vec<OsString>) -> Vec<OsString> {
    if !command.is_empty() {
        return command;
    }
    vec![std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or("/bin/sh".into())]
}

/// Runs a command with namespaces of its own; the shell without one.
#[derive(clap::Parser)]
#[command(name = "unshare", disable_version_flag = true)]
struct UnshareOptions {
    #[command(flatten)]
    kinds: Kinds,
    /// Start a process for the command
    #[arg(short, long)]
    fork: bool,
    /// Be root in the new namespace of users
    #[arg(short = 'r', long)]
    map_root_user: bool,
    /// Mount a /proc of the new process IDs
    #[arg(long)]
    mount_proc: bool,
    /// How mounts spread: private, slave, shared or unchanged
    #[arg(long, default_value = "private", value_parser = ["private", "slave", "shared", "unchanged"])]
    propagation: String,
    /// The command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The applet.
pub fn unshare(args: Args) -> Result<u8> {
    let mut options: UnshareOptions = parse(&args)?;
    options.kinds.user |= options.map_root_user;
    options.kinds.mount |= options.mount_proc;
    let flags = options.kinds.chosen().into_iter().map(|(flag, _)| flag).collect();
    let (uid, gid) = (getuid(), getgid());
    nix::sched::unshare(flags)
        .map_err(|errno| anyhow::anyhow!("unshare failed: {}", errno.desc()))?;
    if options.map_root_user {
        // Without this, groups could be given up that keep rights from somebody.
        fs::write("/proc/self/setgroups", "deny").context("/proc/self/setgroups")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1")).context("/proc/self/uid_map")?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1")).context("/proc/self/gid_map")?;
    }
    let spread = match &*options.propagation {
        "private" => Some(MsFlags::MS_PRIVATE),
        "slave" => Some(MsFlags::MS_SLAVE),
        "shared" => Some(MsFlags::MS_SHARED),
        _ => None,
    };
    if let Some(spread) = spread.filter(|_| options.kinds.mount) {
        let none: Option<&str> = None;
        nix::mount::mount(Some("none"), "/", none, spread | MsFlags::MS_REC, none)
            .context("cannot change how mounts spread")?;
    }
    let command = or_shell(options.command);
    if options.fork || options.mount_proc {
        return run_to_end(&command, Before { proc: options.mount_proc, ..Before::default() });
    }
    Err(become_command(&command))
}

/// Runs a command in the namespaces of a process; the shell without one.
#[derive(clap::Parser)]
#[command(name = "nsenter", disable_version_flag = true)]
struct EnterOptions {
    #[command(flatten)]
    kinds: Kinds,
    /// The process
    #[arg(short, long)]
    target: u32,
    /// All namespaces that are not ours already
    #[arg(short, long)]
    all: bool,
    /// Be this user there
    #[arg(short = 'S', long)]
    setuid: Option<u32>,
    /// Be of this group there
    #[arg(short = 'G', long)]
    setgid: Option<u32>,
    /// Take its root folder, too
    #[arg(short, long)]
    root: bool,
    /// Take its working folder, too
    #[arg(short, long)]
    wd: bool,
    /// Start no process for the command
    #[arg(short = 'F', long)]
    no_fork: bool,
    /// The command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The applet.
pub fn nsenter(args: Args) -> Result<u8> {
    let options: EnterOptions = parse(&args)?;
    let process = PathBuf::from(format!("/proc/{}", options.target));
    if !process.is_dir() {
        bail!("{}: no such process", options.target);
    }
    let kinds = Kinds {
        mount: options.kinds.mount || options.all,
        uts: options.kinds.uts || options.all,
        ipc: options.kinds.ipc || options.all,
        net: options.kinds.net || options.all,
        pid: options.kinds.pid || options.all,
        user: options.kinds.user || options.all,
        cgroup: options.kinds.cgroup || options.all,
    };
    // All are opened before the first is entered: afterwards /proc may be another.
    let mut files = Vec::new();
    for (flag, name) in kinds.chosen() {
        let path = process.join("ns").join(name);
        let own = fs::read_link(format!("/proc/self/ns/{name}"));
        // Entering the own namespace of users is an error.
        if options.all && own.is_ok_and(|own| fs::read_link(&path).is_ok_and(|other| other == own))
        {
            continue;
        }
        files.push((flag, File::open(&path).with_context(|| path.display().to_string())?));
    }
    let open = |wanted: bool, name: &str| {
        let path = process.join(name);
        wanted.then(|| File::open(&path).with_context(|| path.display().to_string())).transpose()
    };
    let (root, folder) = (open(options.root, "root")?, open(options.wd, "cwd")?);
    for (flag, file) in &files {
        setns(file, *flag).map_err(|errno| {
            anyhow::anyhow!("reassociate to namespace failed: {}", errno.desc())
        })?;
    }
    if let Some(root) = root {
        nix::unistd::fchdir(&root).context("cannot enter the root folder")?;
        nix::unistd::chroot(".").context("cannot change the root")?;
    }
    if let Some(folder) = folder {
        nix::unistd::fchdir(&folder).context("cannot enter the working folder")?;
    }
    if let Some(gid) = options.setgid {
        setgroups(&[]).context("cannot leave the groups")?;
        setgid(Gid::from_raw(gid)).context("cannot set the group")?;
    }
    if let Some(uid) = options.setuid {
        setuid(Uid::from_raw(uid)).context("cannot set the user")?;
    }
    let command = or_shell(options.command);
    if kinds.pid && !options.no_fork {
        return run_to_end(&command, Before::default());
    }
    Err(become_command(&command))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `flock`: runs a command while a file is locked, or locks a descriptor of the shell.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use ochre_applet::{Args, Failure, parse_or};

use crate::command::{become_command, run_to_end};
use crate::sys::Before;

/// How often a lock is tried when the wait for it has an end.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Runs a command while a file is locked: `flock FILE COMMAND…`, `flock FILE -c 'COMMAND'`, or `flock N`
/// for the open descriptor N of the shell.
#[derive(clap::Parser)]
#[command(name = "flock", disable_version_flag = true)]
struct Options {
    /// Others may share the lock
    #[arg(short, long)]
    shared: bool,
    /// Nobody else may have it: this is usual
    #[arg(short = 'x', long, visible_short_alias = 'e')]
    exclusive: bool,
    /// Give it back
    #[arg(short, long)]
    unlock: bool,
    /// Fail when somebody has it
    #[arg(short, long, visible_alias = "nb")]
    nonblock: bool,
    /// Wait for so many seconds only
    #[arg(short = 'w', long, visible_alias = "wait")]
    timeout: Option<f64>,
    /// The status for a lock that was not got
    #[arg(short = 'E', long, default_value_t = 1)]
    conflict_exit_code: u8,
    /// Do not give the lock to the command's children
    #[arg(short = 'o', long)]
    close: bool,
    /// Start no process for the command
    #[arg(short = 'F', long)]
    no_fork: bool,
    /// File or folder, or the number of a descriptor; then the command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// The applet: the command's status, or 1 for a lock that was not got.
pub fn flock(args: Args) -> Result<u8> {
    let options: Options = parse_or(&args, 64)?;
    let (name, command) = options.words.split_first().context("no file named")?;
    let command = match command {
        [dash, script] if dash == "-c" || dash == "--command" => {
            vec![OsString::from("/bin/sh"), "-c".into(), script.clone()]
        }
        [dash, ..] if dash == "-c" || dash == "--command" => {
            return Err(Failure::new(64, "-c requires exactly one command argument").into());
        }
        words => words.to_vec(),
    };
    let file = if command.is_empty() { descriptor(name)? } else { open(name)? };
    if options.unlock {
        // What is locked is the open file, which the shell's descriptor shares with ours.
        crate::sys::unlock(&file).context("cannot unlock")?;
    } else if options.shared {
        lock(file, FlockArg::LockShared, &options)?;
    } else {
        lock(file, FlockArg::LockExclusive, &options)?;
    }
    if command.is_empty() {
        Ok(0)
    } else if options.no_fork {
        Err(become_command(&command))
    } else {
        run_to_end(&command, Before::default())
    }
}

fn descriptor(name: &OsStr) -> Result<File> {
    let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
        bail!("{}: not a descriptor; a file needs a command", name.display());
    };
    // Opening it anew would give an open file of its own, whose lock ends with it.
    crate::sys::copy_descriptor(number).with_context(|| number.to_string())
}

fn open(name: &OsStr) -> Result<File> {
    let path = PathBuf::from(name);
    let read = OpenOptions::new().read(true).custom_flags(libc::O_NOCTTY).open(&path);
    read.or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o666)
            .open(&path),
        _ => Err(error),
    })
    .map_err(|error| {
        let text =
            format!("cannot open lock file {}: {}", path.display(), ochre_applet::reason(&error));
        Failure::new(66, text).into()
    })
}

/// Takes the lock. It stays until the last copy of the descriptor is closed.
fn lock(mut file: File, kind: FlockArg, options: &Options) -> Result<()> {
    let at_once = match kind {
        FlockArg::LockShared => FlockArg::LockSharedNonblock,
        FlockArg::LockExclusive => FlockArg::LockExclusiveNonblock,
        other => other,
    };
    let limit =
        options.timeout.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.max(0.0)));
    let waits = !options.nonblock && limit.is_none();

    loop {
        match Flock::lock(file, if waits { kind } else { at_once }) {
            Ok(locked) => {
                // Dropping the guard would unlock it; the end of the process or of the shell's
                // descriptor does.
                if !options.close {
                    inherit(&*locked)?;
                }
                std::mem::forget(locked);
                return Ok(());
            }
            Err((again, Errno::EINTR)) => file = again,
            Err((again, Errno::EWOULDBLOCK)) => {
                if limit.is_none_or(|limit| Instant::now() >= limit) {
                    return Err(Failure::silent(options.conflict_exit_code).into());
                }
                std::thread::sleep(POLL_INTERVAL);
                file = again;
            }
            Err((_, errno)) => bail!("cannot lock: {}", errno.desc()),
        }
    }
}

/// Lets the command have the descriptor, so that what it leaves running keeps the lock.
fn inherit(file: &impl AsFd) -> Result<()> {
    nix::fcntl::fcntl(file.as_fd(), nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()))
        .context("cannot pass the lock on")?;
    Ok(())
}

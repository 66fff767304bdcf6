// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interactive machine: a shell on the console, started again whenever it ends.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;
use nix::unistd::Pid;

use crate::{children, report, shutdown, sys};

const SHELL: &str = "/bin/sh";
const HOME: &str = "/root";
/// Where programs are looked for.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// A shell that ends sooner than this did not serve anybody.
const SHORT_LIFE: Duration = Duration::from_secs(1);
/// The pause before a shell that ended too soon is started again, so that a broken one does not spin.
const RESPAWN_PAUSE: Duration = Duration::from_secs(1);

/// Keeps a shell running on the console until somebody asks for the end of the machine.
pub fn serve(signals: &SigSet) -> ! {
    greet();
    loop {
        let started = Instant::now();
        if let Some(shell) = start_shell() {
            while children::reap(Some(shell)).ending.is_none() {
                shutdown::wait_for_signal(signals, None);
            }
        }
        if started.elapsed() < SHORT_LIFE {
            pause(signals, RESPAWN_PAUSE);
        }
    }
}

/// Waits, and still answers signals and reaps.
fn pause(signals: &SigSet, duration: Duration) {
    let deadline = Instant::now() + duration;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        shutdown::wait_for_signal(signals, Some(left));
        children::reap(None);
    }
}

fn greet() {
    if let (Ok(text), Some(mut tty)) = (fs::read("/etc/motd"), open_terminal()) {
        // A greeting that cannot be shown is not worth a word.
        let _ = std::io::Write::write_all(&mut tty, &text);
    }
}

fn start_shell() -> Option<Pid> {
    let Some(tty) = open_terminal() else {
        report("cannot start a shell", "no console; is CONFIG_HVC_OCHRE on and console= right?");
        return None;
    };
    if let Err(errno) = sys::replace_standard_files(tty.as_fd()) {
        report("cannot use the console", errno);
    }
    drop(tty);
    let mut command = Command::new(SHELL);
    command
        .arg0("-sh")
        .env_clear()
        .env("HOME", HOME)
        .env("USER", "root")
        .env("LOGNAME", "root")
        .env("SHELL", SHELL)
        .env("PATH", PATH)
        .env("TERM", terminal_type());
    if fs::metadata(HOME).is_ok_and(|home| home.is_dir()) {
        command.current_dir(HOME);
    }
    sys::lead_session(&mut command, true);
    match command.spawn() {
        Ok(child) => Some(Pid::from_raw(child.id() as i32)),
        Err(error) => {
            report(&format!("cannot start {SHELL}"), error);
            None
        }
    }
}

/// The kernel passes `TERM=…` of its command line on to us, and `linux` by default.
fn terminal_type() -> OsString {
    std::env::var_os("TERM").unwrap_or_else(|| OsStr::new("linux").to_owned())
}

/// Opens the terminal behind /dev/console: a session cannot be led from /dev/console itself.
fn open_terminal() -> Option<File> {
    let active = fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let named = active.split_whitespace().next_back().map(|name| PathBuf::from("/dev").join(name));
    named.into_iter().chain([PathBuf::from("/dev/hvc0"), PathBuf::from("/dev/console")]).find_map(
        |path| {
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path).ok()
        },
    )
}

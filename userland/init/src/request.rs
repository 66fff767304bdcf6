// SPDX-License-Identifier: MIT OR Apache-2.0
//! `init` as a command of the running machine: hands a runlevel on to PID 1, as sysvinit's `telinit` does.
//!
//! Talks to PID 1 by the signals of `services` and `shutdown`.

use std::process::ExitCode;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const USAGE: &str = "\
usage: init LEVEL
PID 1 of the machine. As a command, it asks the one that runs:

  0     to power the machine off
  6     to start it again
  q, Q  to read /etc/inittab again
  u, U  to become the program of inittab's line of action restart

The kernel's command line may say login: then who wants the console's shell
of /etc/inittab has to log in first.
";

/// What a level is for PID 1.
fn signal_of(level: &str) -> Option<Signal> {
    match level {
        "0" => Some(Signal::SIGUSR2),
        "6" => Some(Signal::SIGTERM),
        "q" | "Q" => Some(Signal::SIGHUP),
        "u" | "U" => Some(Signal::SIGQUIT),
        _ => None,
    }
}

/// Does what the first argument asks for.
pub fn send() -> ExitCode {
    let level = std::env::args_os().nth(1).unwrap_or_default();
    let level = level.to_string_lossy();
    if level == "--help" {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(signal) = signal_of(&level) else {
        crate::report("it runs as PID 1 already", "levels to ask it for are 0, 6, q and u");
        return ExitCode::FAILURE;
    };
    match kill(Pid::from_raw(1), signal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(errno) => {
            crate::report("cannot signal PID 1", errno);
            ExitCode::FAILURE
        }
    }
}

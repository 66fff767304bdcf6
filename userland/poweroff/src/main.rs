// SPDX-License-Identifier: MIT OR Apache-2.0
//! `poweroff`, `reboot` and `halt`: one program, which of them by its name.
//!
//! Talks to init by the signals of its `shutdown` module; with `-f` to the kernel directly. What it is
//! called as decides even when the name has a path or is a link.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, sync};

struct Action {
    name: &'static str,
    signal: Signal,
    mode: RebootMode,
}

const ACTIONS: [Action; 3] = [
    Action { name: "poweroff", signal: Signal::SIGUSR2, mode: RebootMode::RB_POWER_OFF },
    Action { name: "reboot", signal: Signal::SIGTERM, mode: RebootMode::RB_AUTOBOOT },
    Action { name: "halt", signal: Signal::SIGUSR1, mode: RebootMode::RB_HALT_SYSTEM },
];

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let called = args.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    let action = ACTIONS.iter().find(|action| name == action.name).unwrap_or(&ACTIONS[0]);
    let mut force = false;
    let mut write_out = true;
    for arg in args {
        match arg.to_str() {
            Some("-f" | "--force") => force = true,
            Some("-n" | "--no-sync") => write_out = false,
            Some("-h" | "--help") => {
                println!(
                    "usage: {} [-f] [-n]\n  -f  at once, without ending processes\n  -n  do not write data out first",
                    action.name
                );
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("{}: unknown option {}; see --help", action.name, arg.display());
                return ExitCode::from(2);
            }
        }
    }
    let result = if force {
        end_now(action, write_out).map(|never| match never {})
    } else {
        kill(Pid::from_raw(1), action.signal)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(errno) => {
            eprintln!("{}: {}", action.name, errno.desc());
            ExitCode::FAILURE
        }
    }
}

fn end_now(action: &Action, write_out: bool) -> Result<Infallible, Errno> {
    if write_out {
        sync();
    }
    reboot(action.mode)
}

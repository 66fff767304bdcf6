// SPDX-License-Identifier: MIT OR Apache-2.0
//! PID 1: sets the machine up, keeps one program running and shuts the machine down.
//!
//! ```text
//! kernel ──▶ mounts ──▶ /.ochre/argv there? ──no──▶ console: shell, respawned for ever
//!                                            └yes─▶ exec: one command, its status, power off
//! ```
//!
//! /etc/inittab describes what runs (`inittab`, `services`): a shell on the console, in the image as it is.
//! As another process than PID 1, it asks that one for something (`request`).
//!
//! Talks to the kernel through nix; to `poweroff`, `reboot` and `halt` by signals (`shutdown`); to the
//! runner by the files in `/dev/host` (`exec`).
//!
//! Invariants: one thread; no signal handler (signals are blocked and taken with `sigtimedwait`, so
//! that nothing ever interrupts a step half done); never returns, for a PID 1 that ends is a panic;
//! a step of the setup that fails is reported and skipped, because a machine that half works can be
//! looked into and a panicked one cannot.

#![deny(unsafe_code)]

mod children;
mod console;
mod exec;
mod inittab;
mod mounts;
mod network;
mod request;
mod services;
mod shutdown;
mod sys;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    services::ask_first();
    if std::process::id() != 1 {
        return request::send();
    }
    let signals = shutdown::block_signals();
    mounts::mount_all();
    mounts::set_hostname();
    network::bring_up_loopback();
    match exec::Request::read() {
        Some(request) => exec::serve(&request, &signals),
        None => services::Services::read().serve(&signals),
    }
}

/// Says on the console what went wrong. There is nobody to return an error to.
fn report(what: &str, why: impl Display) {
    // A console that cannot be written to must not end PID 1 as `eprintln!` would.
    let _ = writeln!(std::io::stderr(), "init: {what}: {why}");
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Control of the system and of how commands run: `dmesg`, `sysctl`, `getopt`, `flock`, `taskset`,
//! `unshare`, `start-stop-daemon` and their family.
//!
//! Options and output follow util-linux and Debian's tools; what BusyBox names otherwise is understood, too.
//!
//! Talks to the kernel; `sys` has the calls that are unsafe in Rust.

#![deny(unsafe_code)]

mod command;
mod daemon;
mod getopt;
mod kernel;
mod lock;
mod namespaces;
mod run_parts;
mod schedule;
mod sys;
mod terminal;

pub use command::{linux32, linux64, setarch, setsid, time, usleep};
pub use daemon::start_stop_daemon;
pub use getopt::getopt;
pub use kernel::{dmesg, sysctl};
pub use lock::flock;
pub use namespaces::{nsenter, unshare};
pub use run_parts::run_parts;
pub use schedule::{chrt, ionice, renice, taskset};
pub use terminal::{clear, mesg, reset, resize, ttysize};

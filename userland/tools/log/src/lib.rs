// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system's log: `syslogd` keeps it, `klogd` brings the kernel's messages, `logger` those of scripts, and
//! `logread` shows what is kept in memory.
//!
//! Messages come as syslog(3) sends them, to the socket /dev/log: `priority` has their numbers, `message`
//! their parts. `ring` is the buffer that `syslogd -C` and `logread` share.

#![forbid(unsafe_code)]

mod config;
mod klogd;
mod logger;
mod logread;
mod message;
mod priority;
mod ring;
mod sinks;
mod syslogd;

pub use klogd::klogd;
pub use logger::logger;
pub use logread::logread;
pub use syslogd::syslogd;

/// Where messages are sent.
const SOCKET: &str = "/dev/log";

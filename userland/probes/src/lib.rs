// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the probes share: one tiny program per guest behaviour under test.
//!
//! A probe prints a transcript to standard output that is the same on every Linux, so that a test
//! compares the guest's with the host's. What differs from run to run (times, addresses) goes to
//! standard error. Probes that are to die print `about to …` first, and nothing after it.
//!
//! Talks to the kernel through the C library, for the calls are what is under test; hence the unsafe
//! code here and there, with the reason at each use.

pub mod random;

use std::fmt::Display;
use std::io::{self, Write};

/// Prints one line of the transcript at once: a probe that dies must not take lines with it.
pub fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Prints what `call` returned: `name: result`, or the name of the error.
pub fn outcome(name: &str, result: i64) {
    match check(result) {
        Ok(value) => say(format_args!("{name}: {value}")),
        Err(error) => say(format_args!("{name}: {}", errno_name(error))),
    }
}

/// Prints whether `call` succeeded, for results that differ from run to run.
pub fn success(name: &str, result: i64) {
    match check(result) {
        Ok(_) => say(format_args!("{name}: ok")),
        Err(error) => say(format_args!("{name}: {}", errno_name(error))),
    }
}

/// The C library's convention: -1 means that errno tells.
fn check(result: i64) -> Result<i64, i32> {
    if result == -1 {
        Err(io::Error::last_os_error().raw_os_error().unwrap_or_default())
    } else {
        Ok(result)
    }
}

/// The name of an error number, where a probe may meet it.
pub fn errno_name(errno: i32) -> String {
    let name = match errno {
        libc::EPERM => "EPERM",
        libc::ENOENT => "ENOENT",
        libc::EINTR => "EINTR",
        libc::EBADF => "EBADF",
        libc::ECHILD => "ECHILD",
        libc::EAGAIN => "EAGAIN",
        libc::ENOMEM => "ENOMEM",
        libc::EACCES => "EACCES",
        libc::EFAULT => "EFAULT",
        libc::EEXIST => "EEXIST",
        libc::ENODEV => "ENODEV",
        libc::EINVAL => "EINVAL",
        libc::ENOTTY => "ENOTTY",
        libc::EPIPE => "EPIPE",
        libc::ENOSYS => "ENOSYS",
        libc::ETIMEDOUT => "ETIMEDOUT",
        libc::ESRCH => "ESRCH",
        libc::ENOSPC => "ENOSPC",
        libc::EOPNOTSUPP => "EOPNOTSUPP",
        _ => return format!("errno {errno}"),
    };
    name.to_owned()
}

/// Nanoseconds of the monotonic clock.
pub fn now_ns() -> u64 {
    // SAFETY: all zeroes is a valid timespec, which lives until the call returns.
    let time = unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time);
        time
    };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

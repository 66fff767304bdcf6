// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random system calls, to find what a hostile program can do to the machine:
//! `fuzz-syscalls CALLS SEED [WORKERS]`.
//!
//! - [`calls`]: which system calls there are, and what their arguments are;
//! - [`arguments`]: values for them, good and bad;
//! - [`files`]: descriptors of many kinds;
//! - [`victim`]: the process that makes the calls, and may die of them;
//! - [`supervisor`]: starts one victim after the other, ends those that hang, counts.
//!
//! Seven of eight victims are an ordinary user's, the others are root's in namespaces of their own and
//! leave out what would only do what it is made for (reboot, kill everybody): see [`calls::is_left_out`].
//!
//! Each victim has a seed, told on standard error when it is started with `verbose` as the last argument,
//! so that it can be brought back: `fuzz-syscalls victim SEED CALLS UID`.

mod arguments;
mod calls;
mod files;
mod supervisor;
mod victim;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
    match arguments.first().map(String::as_str) {
        Some("victim") => match (number(1), number(2), number(3)) {
            (Some(seed), Some(calls), Some(uid)) => victim::run(seed, calls as u32, uid as u32),
            _ => usage(),
        },
        Some("supervise") => match (number(1), number(2), number(3)) {
            (Some(calls), Some(seed), Some(index)) => {
                supervisor::run(calls, seed, index as u32, arguments.len() > 4)
            }
            _ => usage(),
        },
        _ => match (number(0), number(1)) {
            (Some(calls), Some(seed)) => {
                let verbose = arguments.last().is_some_and(|word| word == "verbose");
                supervisor::run_all(calls, seed, number(2).unwrap_or(1), verbose)
            }
            _ => usage(),
        },
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: fuzz-syscalls CALLS SEED [WORKERS] [verbose]");
    ExitCode::from(2)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What independent programs on this host say: the tools of the host's own system, and the probes
//! built for the host.

use crate::machine::{Limited, Output};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longest run of a program on the host.
const LIMIT: Duration = Duration::from_secs(60);

/// Is there a program of this name?
pub fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match found {
        Ok(mut child) => {
            // Only its existence matters.
            let _ = child.kill();
            let _ = child.wait();
            true
        }
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Do the tests run as root?
///
/// # Panics
/// When `id` cannot be run.
pub fn is_root() -> bool {
    run("id", &["-u"], b"").success().text() == "0\n"
}

/// Runs a program of the host in the C locale.
///
/// # Panics
/// When it cannot be started or takes too long.
pub fn run(program: &str, args: &[impl AsRef<OsStr>], stdin: &[u8]) -> Output {
    let mut command = Command::new(program);
    command.args(args).env("LC_ALL", "C").env("TZ", "UTC");
    Limited::start(command, stdin.to_vec(), LIMIT).finish()
}

/// Runs a shell script on the host.
///
/// # Panics
/// As [`run`].
pub fn shell(script: &str, stdin: &[u8]) -> Output {
    run("bash", &["-c", script], stdin)
}

/// The path of a probe that was built for the host, by its name. For tests in `tests/` only.
#[macro_export]
macro_rules! host_probe {
    ($name:literal) => {
        env!(concat!("CARGO_BIN_EXE_", $name))
    };
}

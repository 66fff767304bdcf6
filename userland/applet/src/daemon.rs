// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services that go to the background by themselves.
//!
//! Without `fork`, a service is executed anew, with a mark as its first argument. Whoever started it waits
//! until the new process says that it serves, or has ended: so the next command may use the service.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::Args;

/// Tells the process in the background what it is.
const MARK: &str = "--in-background";

/// Where a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the process that was started.
    Foreground,
    /// In a process of its own.
    Background,
}

impl Place {
    /// Takes the mark out of the arguments, if it is there.
    pub fn of(args: &mut Args) -> Self {
        if args.get(1).is_some_and(|word| word == MARK) {
            args.remove(1);
            return Self::Background;
        }
        Self::Foreground
    }

    /// Says that the service serves. In the background, its files lead nowhere from now on, and it has a
    /// session of its own.
    ///
    /// # Errors
    /// When /dev/null cannot be opened.
    pub fn ready(self) -> anyhow::Result<()> {
        if self == Self::Foreground {
            return Ok(());
        }
        // It leads a session already when who started it made one.
        let _ = nix::unistd::setsid();
        let mut out = std::io::stdout();
        // Whoever waits for it may have been killed.
        let _ = out.write_all(b"\n").and_then(|()| out.flush());
        let null =
            std::fs::OpenOptions::new().write(true).open("/dev/null").context("/dev/null")?;
        nix::unistd::dup2_stdout(&null)?;
        nix::unistd::dup2_stderr(&null)?;
        Ok(())
    }
}

/// Starts the service of these arguments in the background. Gives the status for the caller: 0 once it
/// serves, its own when it has ended instead.
///
/// # Errors
/// When no process can be started.
pub fn start(args: &Args) -> anyhow::Result<u8> {
    let (name, rest) = args.split_first().context("no name to be called by")?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0(name).arg(MARK).args(rest).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start a process in the background")?;
    let mut said = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_end(&mut said).context("the process in the background")?;
    }
    if !said.is_empty() {
        return Ok(0);
    }
    // It has said on the error output why it ends.
    let status = child.wait().context("the process in the background")?;
    Ok(status.code().map_or(1, |code| code.clamp(0, 255) as u8))
}

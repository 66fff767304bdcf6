// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host streams of `ochre exec`: standard input, output and error, and the status line.
#![forbid(unsafe_code)]

use crate::queue::{InputQueue, OutputQueue};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How the command of `ochre exec` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandStatus {
    /// With this status.
    Exit(u8),
    /// By this signal.
    Signal(u8),
}

/// Longest status line; more is no status.
const STATUS_BYTES: usize = 64;

/// All of them.
#[derive(Default)]
pub struct Streams {
    /// Guest reads.
    pub stdin: InputQueue,
    /// Guest writes.
    pub stdout: OutputQueue,
    /// Guest writes.
    pub stderr: OutputQueue,
    status: Mutex<Vec<u8>>,
    stdin_wanted: AtomicBool,
}

impl Streams {
    /// Notes that the guest reads its input; `true` for the first time. Until then the runner must
    /// not take anything from its own standard input.
    pub fn want_stdin(&self) -> bool {
        !self.stdin_wanted.load(Ordering::Relaxed)
            && !self.stdin_wanted.swap(true, Ordering::SeqCst)
    }

    /// Takes a part of the status line.
    pub fn write_status(&self, bytes: &[u8]) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let room = STATUS_BYTES.saturating_sub(status.len());
        status.extend(&bytes[..room.min(bytes.len())]);
    }

    /// The command's status, once the guest has written a whole line that says one.
    pub fn status(&self) -> Option<CommandStatus> {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        parse_status(&status)
    }
}

fn parse_status(text: &[u8]) -> Option<CommandStatus> {
    let (line, _) = std::str::from_utf8(text).ok()?.split_once('\n')?;
    let (word, number) = line.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "exit" => Some(CommandStatus::Exit(number)),
        "signal" => Some(CommandStatus::Signal(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CommandStatus, parse_status};

    #[test]
    fn status_lines() {
        assert_eq!(parse_status(b"exit 42\n"), Some(CommandStatus::Exit(42)));
        assert_eq!(parse_status(b"signal 9\nmore"), Some(CommandStatus::Signal(9)));
        assert_eq!(parse_status(b"exit 42"), None);
        assert_eq!(parse_status(b"exit 256\n"), None);
        assert_eq!(parse_status(b"quit 1\n"), None);
        assert_eq!(parse_status(b"\xff\n"), None);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `case-runner` is told and what it tells: a plan of commands in, one line of JSON for each out.
//!
//! `cargo xtask compare` writes plans and reads results; the same program runs them in the guest, with our
//! programs or with BusyBox's, and on the host.
//!
//! Invariant: a result says what was seen, and judges nothing.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Commands to run, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Made before anything is run.
    pub links: Vec<Links>,
    /// The commands.
    pub jobs: Vec<Job>,
}

/// A folder of links to programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Links {
    /// The folder; made if it is not there.
    pub folder: String,
    /// Folders with the programs that are linked to. What is in the folder already stays.
    pub to: Vec<String>,
}

/// A command, and all that it finds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Job {
    /// Who asks; comes back with the result.
    pub id: String,
    /// The command and its arguments.
    pub argv: Vec<String>,
    /// Added to the environment.
    pub env: BTreeMap<String, String>,
    /// Its folder; without one, an empty one that is made for it and removed after it.
    pub folder: Option<String>,
    /// Files that are put into the folder: name and text.
    pub files: BTreeMap<String, String>,
    /// Names in the folder that are removed first.
    pub remove: Vec<String>,
    /// Standard input.
    pub stdin: String,
    /// It gets so long.
    pub limit_ms: u64,
    /// Run so often, each time in a folder of its own; the times are all reported, the rest is the last one's.
    pub turns: u32,
    /// A program without which it is not run.
    pub needs: Option<String>,
    /// Files of the folder whose names end so are told with their text, and then removed.
    pub collect: Option<String>,
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The job's.
    pub id: String,
    /// Whether the program that it needs is not there, and nothing was run.
    pub missing: bool,
    /// Whether its time was up.
    pub timed_out: bool,
    /// As a shell gives it: the exit status, or 128 and the signal.
    pub status: i32,
    /// Standard output, as [`text`] shows it.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Files with their text, folders as `NAME/` with none, links as `-> TARGET`.
    pub files: BTreeMap<String, String>,
    /// Time from start to end of each turn, in microseconds.
    pub elapsed_us: Vec<u64>,
    /// Most resident memory of it and its children, in KiB; 0 where the kernel does not tell.
    pub max_resident_kib: u64,
}

/// Bytes as text: as they are if they are UTF-8, with escapes and a mark in front if not.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("(bytes) {}", bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn bytes_that_are_no_text_stay_apart() {
        assert_eq!(text("ü\n".as_bytes()), "ü\n");
        assert_ne!(text(b"\xff"), text(b"\xfe"));
        assert_eq!(text(b"a\xff"), "(bytes) a\\xff");
    }
}

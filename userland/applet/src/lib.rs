// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every applet of the toolbox shares.
//!
//! An applet is a function from its arguments, its own name first, to its exit status:
//!
//! ```
//! fn nothing(_args: Vec<std::ffi::OsString>) -> anyhow::Result<u8> {
//!     Ok(0)
//! }
//! ```
//!
//! An error that it returns is printed as `NAME: message` and ends it with status 1, or with the one
//! that a [`Failure`] asks for. Arguments are read with clap ([`parse`]), so each applet has `--help`.
//!
//! Talks to nobody; the toolbox (`../toolbox`) calls [`finish`].

pub mod clock;
pub mod daemon;
pub mod strftime;
mod sys;

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Write};

/// Arguments of an applet, the name that it was called by first.
pub type Args = Vec<OsString>;
/// An applet's function: its exit status, or what went wrong.
pub type Run = fn(Args) -> anyhow::Result<u8>;

/// How an applet ends when something other than status 1 and a message is wanted.
#[derive(Debug)]
pub struct Failure {
    /// The exit status.
    pub status: u8,
    /// What is printed after `NAME: `; nothing is when it is empty, as for messages already printed.
    pub message: String,
}

impl Failure {
    /// An error with a status of its own.
    pub fn new(status: u8, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// An ending with all messages printed already.
    pub fn silent(status: u8) -> Self {
        Self::new(status, "")
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Reads the arguments with clap; wrong ones end the applet with status 1, as GNU's and BusyBox's do.
///
/// # Errors
/// A silent [`Failure`] after clap's own message, with status 0 for `--help` and `--version`.
pub fn parse<Arguments: clap::Parser>(args: &[OsString]) -> anyhow::Result<Arguments> {
    parse_or(args, 1)
}

/// [`parse`] with the status that wrong arguments give, for the applets whose manual says another.
///
/// # Errors
/// As [`parse`].
pub fn parse_or<Arguments: clap::Parser>(
    args: &[OsString],
    wrong: u8,
) -> anyhow::Result<Arguments> {
    Arguments::try_parse_from(args).map_err(|error| {
        let status = if error.use_stderr() { wrong } else { 0 };
        // Nobody is left to hear of a message that cannot be printed.
        let _ = error.print();
        Failure::silent(status).into()
    })
}

/// The last part of the path that a program was called by, without a login shell's `-`.
pub fn called_name(path: &OsStr) -> String {
    let name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix('-').unwrap_or(&name).to_owned()
}

/// Prints `NAME: message` for something that does not end the applet.
pub fn complain(name: &str, message: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{name}: {message}");
}

/// What an error of the system says, without the number that std puts behind it.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Runs an applet and gives the status for the process, messages printed and output flushed.
///
/// A closed pipe ends the process as the signal does elsewhere: std ignores SIGPIPE, Unix tools do not.
pub fn finish(name: &str, run: Run, args: Args) -> u8 {
    sys::restore_sigpipe();
    let result = run(args);
    let flushed = std::io::stdout().flush();
    match result {
        Ok(status) => match flushed {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                complain(name, format_args!("cannot write the output: {error}"));
                status.max(1)
            }
            _ => status,
        },
        Err(error) => match error.downcast_ref::<Failure>() {
            Some(failure) => {
                if !failure.message.is_empty() {
                    complain(name, &failure.message);
                }
                failure.status
            }
            None => {
                complain(name, format_args!("{error:#}"));
                1
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_dashes() {
        assert_eq!(called_name(OsStr::new("/usr/bin/which")), "which");
        assert_eq!(called_name(OsStr::new("-sh")), "sh");
        assert_eq!(called_name(OsStr::new("")), "");
    }

    #[test]
    fn failures_choose_the_status() {
        assert_eq!(finish("x", |_| Err(Failure::silent(7).into()), Vec::new()), 7);
        assert_eq!(finish("x", |_| Ok(3), Vec::new()), 3);
        assert_eq!(finish("x", |_| anyhow::bail!("no"), Vec::new()), 1);
    }
}

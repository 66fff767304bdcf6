// SPDX-License-Identifier: MIT OR Apache-2.0
//! `logger`: a message for the system's log, as syslog(3) sends it to /dev/log.

use std::io::BufRead;
use std::os::unix::net::UnixDatagram;

use anyhow::{Context as _, Result, bail};
use ochre_applet::{Args, clock, parse};

use crate::{SOCKET, priority};

/// Sends a message to the system's log; lines of standard input without one.
#[derive(clap::Parser)]
#[command(name = "logger", disable_version_flag = true)]
struct Options {
    /// FACILITY.LEVEL
    #[arg(short, long, default_value = "user.notice")]
    priority: String,
    /// What it starts with; the user's name without
    #[arg(short, long)]
    tag: Option<String>,
    /// Print it, too
    #[arg(short, long)]
    stderr: bool,
    /// With the number of the process
    #[arg(short)]
    id: bool,
    /// The message
    #[arg(trailing_var_arg = true)]
    words: Vec<String>,
}

/// The number of `facility.level`.
fn number(text: &str) -> Result<usize> {
    let (facility, level) = text.split_once('.').unwrap_or(("user", text));
    let Some(facility) = priority::facility(facility) else {
        bail!("unknown facility name: {facility}")
    };
    let Some(level) = priority::level(level) else { bail!("unknown priority name: {level}") };
    Ok(facility << 3 | level)
}

/// The applet.
pub fn logger(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let priority = number(&options.priority)?;
    let user = || std::env::var("USER").unwrap_or_else(|_| "root".into());
    let mut tag = options.tag.clone().unwrap_or_else(user);
    if options.id {
        tag = format!("{tag}[{}]", std::process::id());
    }
    let send = |text: &str| -> Result<()> {
        if options.stderr {
            eprintln!("{tag}: {text}");
        }
        let stamp = clock::local(clock::now()).log_stamp();
        let socket = UnixDatagram::unbound().context("cannot make a socket")?;
        let message = format!("<{priority}>{stamp} {tag}: {text}");
        // Nobody listens when no log is kept: printing it was all there is to do then.
        match socket.send_to(message.as_bytes(), SOCKET) {
            Err(error) if !options.stderr => Err(error).context("/dev/log: is syslogd running?"),
            _ => Ok(()),
        }
    };
    if options.words.is_empty() {
        for line in std::io::stdin().lock().lines() {
            send(&line.context("standard input")?)?;
        }
    } else {
        send(&options.words.join(" "))?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_facility_and_level() {
        assert_eq!(number("user.notice").ok(), Some(13));
        assert_eq!(number("warn").ok(), Some(12));
        assert_eq!(number("local7.debug").ok(), Some(191));
        assert!(number("nobody.notice").is_err() && number("user.loud").is_err());
    }
}

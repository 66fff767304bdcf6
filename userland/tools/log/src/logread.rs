// SPDX-License-Identifier: MIT OR Apache-2.0
//! `logread`: prints the log that `syslogd -C` keeps in memory.

use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ochre_applet::{Args, Failure, parse};

use crate::ring::{self, Ring};

/// How often -f looks for more.
const INTERVAL: Duration = Duration::from_millis(500);

/// Prints the log that syslogd -C keeps in memory.
#[derive(clap::Parser)]
#[command(name = "logread", disable_version_flag = true)]
struct Options {
    /// Wait for more, and print it as it comes
    #[arg(short = 'f')]
    follow: bool,
    /// Do not print what is there already: only what comes
    #[arg(short = 'F')]
    only_new: bool,
}

/// The applet.
pub fn logread(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let mut ring = Ring::open(Path::new(ring::PATH)).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "; is `syslogd -C` running?",
            _ => "",
        };
        let reason = ochre_applet::reason(&error);
        Failure::new(1, format!("cannot open the log {}: {reason}{hint}", ring::PATH))
    })?;
    let mut out = std::io::stdout();
    let mut is_shown = !options.only_new;
    loop {
        let bytes = ring.read().context(ring::PATH)?;
        if is_shown {
            out.write_all(&bytes)?;
            out.flush()?;
        }
        is_shown = true;
        if !options.follow && !options.only_new {
            return Ok(0);
        }
        thread::sleep(INTERVAL);
    }
}

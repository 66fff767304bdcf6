// SPDX-License-Identifier: MIT OR Apache-2.0
//! `klogd`: hands the kernel's messages on to syslogd.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ochre_applet::daemon::{self, Place};
use ochre_applet::{Args, clock, parse};

use crate::{SOCKET, priority};

/// Each reader of it takes the messages away; one that waits for them sleeps.
const KERNEL_LOG: &str = "/proc/kmsg";
const CONSOLE_LEVEL: &str = "/proc/sys/kernel/printk";
/// How long syslogd may take to come, in steps.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(250));

/// Hands the kernel's messages on to the system's log.
#[derive(clap::Parser)]
#[command(name = "klogd", disable_version_flag = true)]
struct Options {
    /// Stay in the foreground
    #[arg(short = 'n')]
    foreground: bool,
    /// What the console shows: messages more urgent than this, 1 to 8
    #[arg(short = 'c', value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    console: Option<u8>,
}

/// The applet; serves until a signal ends it.
pub fn klogd(mut args: Args) -> Result<u8> {
    let place = Place::of(&mut args);
    let options: Options = parse(&args)?;
    if !options.foreground && place == Place::Foreground {
        return daemon::start(&args);
    }
    if let Some(level) = options.console {
        // Of its four numbers, the first is the console's; what is not written stays.
        std::fs::write(CONSOLE_LEVEL, format!("{level}\n")).context(CONSOLE_LEVEL)?;
    }
    let log = File::open(KERNEL_LOG).context(KERNEL_LOG)?;
    place.ready()?;
    let socket = UnixDatagram::unbound().context("cannot make a socket")?;
    for line in BufReader::new(log).split(b'\n') {
        let line = line.context(KERNEL_LOG)?;
        let text = String::from_utf8_lossy(&line);
        let (priority, text) = priority_of(&text);
        if text.is_empty() {
            continue;
        }
        let stamp = clock::local(clock::now()).log_stamp();
        let message = format!("<{priority}>{stamp} kernel: {text}");
        // syslogd may come after it, or be started again; what nobody takes for long is lost.
        for _ in 0..PATIENCE.0 {
            if socket.send_to(message.as_bytes(), SOCKET).is_ok() {
                break;
            }
            thread::sleep(PATIENCE.1);
        }
    }
    Ok(0)
}

/// The number in `<…>`, facility × 8 + level, and the text behind it.
///
/// What the kernel says has facility kern, 0; what a program writes to /dev/kmsg has its own, user unless it
/// says another (Linux, kernel/printk/printk.c: `devkmsg_write`). syslog(3) has no facilities from 24 on,
/// while the kernel lets programs name them: such a line is a program's, too.
fn priority_of(line: &str) -> (usize, &str) {
    let parts = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match parts.and_then(|(number, text)| Some((number.parse::<usize>().ok()?, text))) {
        Some((number, text)) if number >> 3 < priority::FACILITY_COUNT => (number, text),
        Some((number, text)) => (priority::USER | number & 7, text),
        None => (priority::KERNEL_INFO, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_levels() {
        assert_eq!(priority_of("<4>[    0.1] x > y"), (4, "[    0.1] x > y"));
        assert_eq!(priority_of("rest of a line"), (6, "rest of a line"));
    }

    #[test]
    fn facilities_of_programs_stay() {
        // user.notice; daemon.err; a facility that syslog(3) has not.
        assert_eq!(priority_of("<13>x"), (13, "x"));
        assert_eq!(priority_of("<27>x"), (27, "x"));
        assert_eq!(priority_of("<802>x"), (8 | 2, "x"));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names and numbers of signals.

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// The number of a signal: `15`, `TERM`, `SIGTERM`, in either case; 0 asks whether a process is there.
///
/// # Errors
/// When there is no such signal.
pub fn parse(text: &str) -> anyhow::Result<i32> {
    if let Ok(number) = text.parse::<i32>() {
        anyhow::ensure!((0..=64).contains(&number), "{text}: no such signal; see kill -l");
        return Ok(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let signal: Signal = format!("SIG{name}")
        .parse()
        .ok()
        .with_context(|| format!("{text}: no such signal; see kill -l"))?;
    Ok(signal as i32)
}

/// Takes the signal out of the arguments, where it stands as `-TERM` or `-9`, which clap cannot read.
pub fn take(args: &mut Vec<std::ffi::OsString>) -> Option<i32> {
    for index in 1..args.len() {
        let text = args[index].to_string_lossy().into_owned();
        if text == "--" {
            return None;
        }
        let Some(name) = text.strip_prefix('-').filter(|name| name.len() > 1 || is_digit(name))
        else {
            continue;
        };
        if name.starts_with('-') || name.chars().any(|c| c.is_ascii_lowercase()) {
            continue;
        }
        if let Ok(signal) = parse(name) {
            args.remove(index);
            return Some(signal);
        }
    }
    None
}

fn is_digit(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// All names, in the order of their numbers.
pub fn list() -> String {
    let names: Vec<&str> =
        Signal::iterator().map(|signal| signal.as_str().trim_start_matches("SIG")).collect();
    names.join(" ")
}

/// Sends a signal by its number, real-time ones too.
///
/// # Errors
/// As kill(2).
pub fn send(pid: i32, signal: i32) -> Result<(), Errno> {
    if signal == 0 {
        return nix::sys::signal::kill(Pid::from_raw(pid), None);
    }
    match Signal::try_from(signal) {
        Ok(signal) => nix::sys::signal::kill(Pid::from_raw(pid), signal),
        // nix names no real-time signal.
        Err(_) => Err(Errno::EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        assert_eq!(parse("KILL").unwrap(), 9);
        assert_eq!(parse("sigterm").unwrap(), 15);
        assert_eq!(parse("0").unwrap(), 0);
        assert!(parse("NONE").is_err());
    }

    #[test]
    fn the_signal_is_found_among_the_arguments() {
        let mut args: Vec<std::ffi::OsString> =
            ["pkill", "-f", "-HUP", "x"].iter().map(Into::into).collect();
        assert_eq!(take(&mut args), Some(1));
        assert_eq!(args, ["pkill", "-f", "x"]);
        assert_eq!(take(&mut args), None);
    }
}

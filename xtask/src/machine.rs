// SPDX-License-Identifier: MIT OR Apache-2.0
//! `run` and `exec`: everything built, then the runner in xtask's place, with the same arguments, less
//! `--userland`, which names one of the images.

use crate::context::Context;
use crate::steps::{self, busybox};
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// What the machine's programs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Programs {
    Ours,
    Busybox,
}

/// Builds what is not current and becomes the runner.
pub fn start(context: &Context, verb: &str, arguments: &[OsString]) -> Result<ExitCode> {
    let (programs, arguments) = split(arguments)?;
    let results = &context.workspace.results;
    let mut runner = Command::new(results.join("ochre"));
    runner.arg(verb);
    match programs {
        Programs::Ours => steps::build_all(context)?,
        Programs::Busybox => {
            steps::build_all_and(context, &["busybox"])?;
            runner.arg("--initramfs").arg(results.join(busybox::IMAGE));
            runner.arg("--precompiled").arg(results.join(busybox::PRECOMPILED));
        }
    }
    context.stamps.save();
    let error = runner.args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", runner.get_program().display()))
}

/// Takes `--userland` out of the options; what follows `--` belongs to the guest.
fn split(arguments: &[OsString]) -> Result<(Programs, Vec<OsString>)> {
    let (mut programs, mut rest) = (Programs::Ours, Vec::new());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let value = match text.strip_prefix("--userland") {
            Some("") => words.next().map(|value| value.to_string_lossy().into_owned()),
            Some(value) if value.starts_with('=') => Some(value[1..].to_owned()),
            _ if text == "--" => {
                rest.push(word.clone());
                rest.extend(words.cloned());
                break;
            }
            _ => {
                rest.push(word.clone());
                continue;
            }
        };
        programs = match value.as_deref() {
            Some("ochre") => Programs::Ours,
            Some("busybox") => Programs::Busybox,
            Some(other) => bail!("no userland `{other}`: there are ochre and busybox"),
            None => bail!("--userland takes a name: ochre or busybox"),
        };
    }
    Ok((programs, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_userland_is_an_option_of_ours_before_the_command() {
        for (line, programs, rest) in [
            ("--cpus 2 -- ls --userland x", Programs::Ours, "--cpus 2 -- ls --userland x"),
            ("--userland busybox --cpus 2", Programs::Busybox, "--cpus 2"),
            ("--cpus 2 --userland=busybox -- sh", Programs::Busybox, "--cpus 2 -- sh"),
            ("--userland ochre", Programs::Ours, ""),
        ] {
            assert_eq!(split(&words(line)).unwrap(), (programs, words(rest)), "{line}");
        }
        for line in ["--userland", "--userland toybox"] {
            assert!(split(&words(line)).unwrap_err().to_string().contains("ochre"), "{line}");
        }
    }
}

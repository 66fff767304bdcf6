// SPDX-License-Identifier: MIT OR Apache-2.0
//! `run-parts`: runs the programs of a folder in the order of their names, as Debian's does.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::unistd::{AccessFlags, access};
use ochre_applet::{Args, complain, parse, reason};

use crate::command::status_of;

/// Runs the programs of a folder. Names are of letters, digits, `_` and `-` only, so that copies of
/// editors and package managers are left out.
#[derive(clap::Parser)]
#[command(name = "run-parts", disable_version_flag = true)]
struct Options {
    /// An argument for each of them; may be given more than once
    #[arg(short, long = "arg")]
    args: Vec<OsString>,
    /// Their umask
    #[arg(short, long, default_value = "022", value_parser = octal)]
    umask: u32,
    /// Print what would be run
    #[arg(long)]
    test: bool,
    /// Print all files with such names, programs or not
    #[arg(long)]
    list: bool,
    /// In the opposite order
    #[arg(long)]
    reverse: bool,
    /// End when one fails
    #[arg(long)]
    exit_on_error: bool,
    /// Print each name before it is run
    #[arg(short, long)]
    verbose: bool,
    /// The folder
    folder: PathBuf,
}

fn octal(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8).map_err(|_| format!("no octal number: {text}"))
}

fn is_wanted(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The applet: status 1 when one of them failed.
pub fn run_parts(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let folder = &options.folder;
    let entries = std::fs::read_dir(folder).map_err(|error| {
        anyhow::anyhow!("failed to open directory {}: {}", folder.display(), reason(&error))
    })?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| is_wanted(&entry.file_name()))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    if options.reverse {
        paths.reverse();
    }
    let mask = nix::sys::stat::Mode::from_bits_truncate(options.umask as _);
    nix::sys::stat::umask(mask);
    let mut status = 0;
    for path in paths {
        let program = access(&path, AccessFlags::X_OK).is_ok();
        if options.list || (options.test && program) {
            println!("{}", path.display());
        } else if program && !options.test {
            if options.verbose {
                eprintln!("run-parts: executing {}", path.display());
            }
            let ended = run(&path, &options.args)?;
            if ended != 0 {
                let path = path.display();
                complain("run-parts", format_args!("{path} exited with return code {ended}"));
                status = 1;
                if options.exit_on_error {
                    return Ok(ended);
                }
            }
        }
    }
    Ok(status)
}

fn run(path: &Path, args: &[OsString]) -> Result<u8> {
    let status = Command::new(path).args(args).status();
    Ok(status_of(status.with_context(|| format!("cannot run {}", path.display()))?))
}

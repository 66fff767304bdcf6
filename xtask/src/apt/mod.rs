// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that talks to Debian's package tools. Invariant: the system's own lists, configuration
//! and cache are only changed by `apt-get update` and `apt-get install` as root, never otherwise.

pub mod fetch;
pub mod packages;
mod private;

use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// Wait so long for another package manager at work, in seconds.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// `apt-get`, never asking and always in English.
fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8");
    command.args(["-q", "-y", "-o", LOCK_TIMEOUT, "-o", "Acquire::Retries=3"]);
    command
}

/// Whether this is root, who may install.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Whether a program is in the PATH.
pub fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// One clear message where there is no apt.
fn check_system() -> Result<()> {
    if has_program("apt-get") && has_program("dpkg-query") && Path::new("/etc/apt").is_dir() {
        return Ok(());
    }
    bail!(
        "this system has no apt. Ochre is built from Debian packages (clang 22, lld 22, llvm 22, \
         Debian's rustc-web 1.96 with its source, linux-source-6.12; sources.toml has the list): \
         build it on Debian 12, for example in a container of the image debian:12"
    );
}

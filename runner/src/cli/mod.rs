// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arguments and subcommands.
#![forbid(unsafe_code)]

mod add;
mod machine;
mod precompile;
mod sdk;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The machine could not be set up, or failed.
pub const FAILED: u8 = 125;

/// Linux on WebAssembly.
#[derive(Debug, Parser)]
#[command(name = "ochre", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Boot a machine; its console is this terminal (Ctrl-A h for the keys)
    Run(MachineArgs),
    /// Boot a machine, run one command in it, exit with its status
    Exec {
        #[command(flatten)]
        machine: MachineArgs,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<std::ffi::OsString>,
    },
    /// Compile a kernel and programs ahead
    Precompile {
        /// Kernels and programs; what is no wasm module is passed over
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Folder for the compiled code
        #[arg(long, visible_alias = "output")]
        out: PathBuf,
    },
    /// Print the environment in which cargo builds a project for the guest, for `eval` in a shell
    Sdk {
        /// Print it as JSON: variables to set, variables to unset, folders for the front of PATH
        #[arg(long)]
        json: bool,
        /// Name the crates in a project's lock file that the guest needs in another version; status 1
        /// if there are any
        #[arg(long, value_name = "CARGO.LOCK", conflicts_with = "json")]
        check: Option<PathBuf>,
    },
}

/// Options of a machine.
#[derive(Debug, Args)]
pub struct MachineArgs {
    /// Number of vCPUs
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    /// Memory of the kernel, and limit for all programs together: bytes, or with K, M or G
    #[arg(long, default_value = "512M", value_parser = size)]
    memory: u64,
    /// Text to append to the kernel's command line
    #[arg(long, default_value = "")]
    append: String,
    /// Kernel image [default: vmlinux.wasm beside this program]
    #[arg(long)]
    kernel: Option<PathBuf>,
    /// Initramfs [default: initramfs.cpio beside this program]
    #[arg(long)]
    initramfs: Option<PathBuf>,
    /// Folder of compiled code [default: precompiled beside this program]
    #[arg(long)]
    precompiled: Option<PathBuf>,
    /// Put a file or folder of the host into the guest; may be given several times. Without a path,
    /// a file goes to /usr/local/bin and a folder to /root
    #[arg(long, value_name = "FILE[:GUEST-PATH]", value_parser = add::Addition::parse)]
    add: Vec<add::Addition>,
    /// Stop the machine after so many seconds
    #[arg(long, value_parser = seconds)]
    timeout: Option<f64>,
    /// Print when the phases of the boot were reached
    #[arg(long)]
    timing: bool,
    /// Sample the stacks of kernel and programs, and write them for flame graph tools
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Print how often each host call was made
    #[arg(long)]
    host_calls: bool,
    /// Copy the console's text to a file
    #[arg(long)]
    log: Option<PathBuf>,
}

impl Cli {
    /// Runs the subcommand; gives the exit status.
    pub fn run(self) -> anyhow::Result<u8> {
        match self.command {
            Command::Run(machine) => machine::run(machine, None),
            Command::Exec { machine, command } => machine::run(machine, Some(command)),
            Command::Precompile { files, out } => precompile::precompile(&files, &out),
            Command::Sdk { json, check } => sdk::run(json, check.as_deref()),
        }
    }
}

/// Parses a size.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'm' | 'M')) => (&text[..at], 20),
        Some((at, 'g' | 'G')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| "expected a number, like 512M".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is too much".to_owned())
}

/// Parses a number of seconds.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=1e9).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, size};
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("4g"), Ok(4 << 30));
        assert_eq!(size("65536"), Ok(65536));
        assert!(size("M").is_err());
        assert!(size("99999999999G").is_err());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `ochre`: boots a machine in the terminal (`run`), runs one command in a machine
//! (`exec`), compiles images ahead (`precompile`), or prints what building for the guest takes (`sdk`).
//!
//! | exit status | meaning                                                       |
//! |-------------|---------------------------------------------------------------|
//! | 0           | `run`: the guest powered off or halted                        |
//! | any         | `exec`: the command's status; 128 + n when signal n killed it |
//! | 2           | bad arguments                                                 |
//! | 122         | the guest asked for a reboot                                  |
//! | 123         | the kernel panicked                                           |
//! | 124         | the time of `--timeout` was up                                |
//! | 125         | the machine could not be set up, or failed                    |
#![forbid(unsafe_code)]

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("ochre: {error:#}");
            ExitCode::from(cli::FAILED)
        }
    }
}

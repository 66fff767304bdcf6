// SPDX-License-Identifier: MIT OR Apache-2.0
//! Errors of the library, and the ways in which a machine ends.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use thiserror::Error;

/// Why a machine could not be set up.
#[derive(Debug, Error)]
pub enum Error {
    /// The kernel file cannot be read.
    #[error("cannot read the kernel {path}: {source}; build it with `cargo xtask build kernel`")]
    ReadKernel {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The kernel file is not a kernel for this runner.
    #[error("{path} is not a kernel for this runner: {reason}")]
    BadKernel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The initramfs cannot be read.
    #[error("cannot read the initramfs {path}: {source}; build it with `cargo xtask build image`")]
    ReadInitramfs {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The initramfs is no archive.
    #[error("{path} is not an initramfs: {reason}")]
    BadInitramfs {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The memory size makes no sense.
    #[error("{0}")]
    BadMemorySize(String),
    /// The command line does not fit.
    #[error("the kernel command line has {len} bytes, the kernel takes {max}; shorten --append")]
    CommandLineTooLong {
        /// Its length.
        len: usize,
        /// The longest possible.
        max: usize,
    },
    /// The compiled-code cache cannot be used.
    #[error("cannot use the code cache {path}: {source}")]
    Cache {
        /// Folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// wasmtime refused something that should work on any host.
    #[error("the host cannot run the machine: {0:#}")]
    Host(wasmtime::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Self::Host(error)
    }
}

/// How a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest powered off.
    Poweroff,
    /// The guest halted.
    Halt,
    /// The guest asked for a reboot.
    Reboot,
    /// The kernel panicked by itself.
    Panic,
    /// Kernel code trapped or broke the contract; what and where.
    KernelFault(String),
    /// The runner failed.
    Failed(String),
    /// The time was up.
    Timeout,
    /// The user left with the escape key.
    Quit,
    /// A signal ended the machine before the guest did.
    Signal(i32),
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `diff`, `cmp` and `patch`, as POSIX says and GNU has them.
//!
//! diff: `options` reads the command line, `folders` finds the pairs of files, `compare` finds the
//! changes of two, `show` prints them.
//! patch: `hunks` reads a patch, `apply` fits its hunks into a file, `patch` finds the files.

#![forbid(unsafe_code)]

mod apply;
mod cmp;
mod compare;
mod folders;
mod hunks;
mod options;
mod patch;
mod show;

pub use cmp::cmp;
pub use folders::diff;
pub use patch::patch;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `diff` and `cmp`, as POSIX says and GNU has them.
//!
//! diff: `options` reads the command line, `folders` finds the pairs of files, `compare` finds the
//! changes of two, `show` prints them.

#![forbid(unsafe_code)]

mod cmp;
mod compare;
mod folders;
mod options;
mod show;

pub use cmp::cmp;
pub use folders::diff;

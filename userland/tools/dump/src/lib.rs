// SPDX-License-Identifier: MIT OR Apache-2.0
//! `xxd`, `hexdump`, `hd` and `strings`: what is in files that are no text.
//!
//! hexdump: `format` reads the descriptions of -e, which the other options are short for, and
//! `hexdump` runs them over the input. The others have a file each.

#![forbid(unsafe_code)]

mod format;
mod hexdump;
mod number;
mod strings;
mod xxd;

pub use hexdump::{hd, hexdump};
pub use strings::strings;
pub use xxd::xxd;

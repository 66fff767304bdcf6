// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts in other forms: `uuencode` and `uudecode`, `sha3sum`, `rev`, `dos2unix` and `unix2dos`, and the
//! calendar, `cal`.
//!
//! Talks to: files, standard input and output. What is read is bytes, and never taken for UTF-8.

#![forbid(unsafe_code)]

mod cal;
mod lines;
mod sums;
mod uu;

pub use cal::cal;
pub use lines::{dos2unix, rev, unix2dos};
pub use sums::sha3sum;
pub use uu::{uudecode, uuencode};

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};

use ochre_applet::{Failure, reason};

/// A file's bytes, or those of standard input for `-`.
fn read(name: &OsStr) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let result = if name == "-" {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        File::open(name).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match result {
        Ok(_) => Ok(bytes),
        Err(error) => {
            Err(Failure::new(1, format!("{}: {}", name.display(), reason(&error))).into())
        }
    }
}

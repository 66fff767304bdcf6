// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small tools for text, a file for each family; they share nothing but how files are opened.

#![forbid(unsafe_code)]

mod cal;
mod checksum;
mod lines;
mod tree;
mod uu;

pub use cal::cal;
pub use checksum::{crc32, sha3sum};
pub use lines::{ascii, dos2unix, rev, ts, unix2dos};
pub use tree::tree;
pub use uu::{uudecode, uuencode};

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ochre_applet::{complain, reason};

/// Opens each file, or the standard input for none of them and for `-`, and does something with it.
/// Gives status 1 when one could not be read.
fn each_file(
    name: &str,
    files: &[std::path::PathBuf],
    mut run: impl FnMut(&Path, &mut dyn Read) -> std::io::Result<()>,
) -> u8 {
    let dash = [std::path::PathBuf::from("-")];
    let files = if files.is_empty() { &dash } else { files };
    let mut status = 0;
    for path in files {
        let result = if path == Path::new("-") {
            run(path, &mut std::io::stdin().lock())
        } else {
            File::open(path).and_then(|mut file| run(path, &mut file))
        };
        if let Err(error) = result {
            complain(name, format_args!("{}: {}", path.display(), reason(&error)));
            status = 1;
        }
    }
    status
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the other process of a measure does.

use super::CHUNK_BYTES;
use std::io::{self, Read, Write};

/// Takes on the role of that name until standard input ends.
pub fn play(role: &str) -> io::Result<()> {
    let (mut input, mut output) = (io::stdin(), io::stdout());
    match role {
        // Sends each byte back.
        "echo" => {
            let mut byte = [0];
            while input.read(&mut byte)? == 1 {
                output.write_all(&byte)?;
                output.flush()?;
            }
            Ok(())
        }
        // Swallows all, and says so at the end.
        "sink" => {
            let mut chunk = vec![0; CHUNK_BYTES];
            while input.read(&mut chunk)? > 0 {}
            output.write_all(b".")?;
            output.flush()
        }
        _ => Err(io::Error::other(format!("no role {role:?}"))),
    }
}

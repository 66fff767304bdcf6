// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text that looks like text, the same on every machine: input for whole programs.

use crate::Numbers;
use std::io::{self, BufWriter, Read, Write};

const SYLLABLES: [&str; 24] = [
    "ka", "ro", "mi", "te", "lun", "dar", "sel", "po", "vin", "ach", "er", "ost", "na", "gri",
    "be", "tal", "u", "men", "ing", "so", "ly", "fer", "qua", "i",
];

/// Writes so many MiB: lines of words, some of them often, some with numbers.
///
/// # Errors
/// When it cannot be written.
pub fn write(to: impl Write, mib: u64) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(64 << 10, to);
    let mut numbers = Numbers::new(11);
    let (mut written, wanted) = (0, mib << 20);
    let mut line = String::new();
    while written < wanted {
        line.clear();
        for _ in 0..3 + numbers.below(10) {
            match numbers.below(12) {
                0 => line.push_str("the"),
                1 => line.push_str(&numbers.below(100_000).to_string()),
                _ => {
                    // Few syllables mean few different words: some come again and again.
                    for _ in 0..1 + numbers.below(3) {
                        line.push_str(SYLLABLES[numbers.below(24) as usize]);
                    }
                }
            }
            line.push(' ');
        }
        line.pop();
        line.push('\n');
        let left = usize::try_from(wanted - written).unwrap_or(usize::MAX);
        let bytes = &line.as_bytes()[..line.len().min(left)];
        to.write_all(bytes)?;
        written += bytes.len() as u64;
    }
    to.flush()
}

/// A sum over all bytes, for telling whether two files are the same (FNV-1a).
///
/// # Errors
/// When they cannot be read.
pub fn sum(mut from: impl Read) -> io::Result<u32> {
    let (mut sum, mut chunk) = (0x811c_9dc5, vec![0; 64 << 10]);
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            return Ok(sum);
        }
        for byte in &chunk[..count] {
            sum = (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

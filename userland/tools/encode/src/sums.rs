// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sha3sum`: SHA-3 sums of files, and their check. Options and the usual width are those of BusyBox.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use anyhow::Result;
use ochre_applet::{Args, Failure, complain, parse};
use sha3::{Digest, Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use crate::read;

/// Prints or checks SHA-3 sums.
#[derive(clap::Parser)]
#[command(name = "sha3sum", disable_version_flag = true)]
struct Options {
    /// Bits of a sum: 224, 256, 384 or 512
    #[arg(short, value_name = "BITS", default_value_t = 224)]
    algorithm: usize,
    /// Check the sums that stand in the files
    #[arg(short, long)]
    check: bool,
    /// Say nothing: the status tells
    #[arg(short, long)]
    status: bool,
    /// Warn of lines that are no sums
    #[arg(short, long)]
    warn: bool,
    /// Read binary (as is always done)
    #[arg(short, long)]
    binary: bool,
    /// Read text (there is no difference)
    #[arg(short, long)]
    text: bool,
    /// The files, standard input if none
    files: Vec<OsString>,
}

/// The applet: status 1 if a file cannot be read or has another sum.
pub fn sha3sum(args: Args) -> Result<u8> {
    let mut options: Options = parse(&args)?;
    if sum(options.algorithm, b"").is_none() {
        let message = format!("no sums of {} bits: 224, 256, 384, 512", options.algorithm);
        return Err(Failure::new(1, message).into());
    }
    if options.files.is_empty() {
        options.files.push("-".into());
    }
    let mut status = 0;
    for file in &options.files {
        let result = if options.check { check(&options, file) } else { print(&options, file) };
        match result {
            Ok(true) => {}
            Ok(false) => status = 1,
            Err(error) => {
                complain("sha3sum", error);
                status = 1;
            }
        }
    }
    Ok(status)
}

fn print(options: &Options, file: &OsStr) -> Result<bool> {
    let sum = sum(options.algorithm, &read(file)?).unwrap_or_default();
    let mut out = io::stdout().lock();
    out.write_all(format!("{sum}  ").as_bytes())?;
    out.write_all(file.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(true)
}

fn check(options: &Options, list: &OsStr) -> Result<bool> {
    let text = read(list)?;
    let (mut lines, mut failed) = (0, 0);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let Some((wanted, file)) = entry(line, options.algorithm / 4) else {
            if options.warn {
                complain(
                    "sha3sum",
                    format_args!("{}: line {} is no sum", list.display(), index + 1),
                );
            }
            continue;
        };
        lines += 1;
        let fits = match read(file) {
            Ok(bytes) => {
                sum(options.algorithm, &bytes).is_some_and(|sum| sum.eq_ignore_ascii_case(wanted))
            }
            Err(error) => {
                complain("sha3sum", error);
                false
            }
        };
        failed += usize::from(!fits);
        if !options.status {
            let mut out = io::stdout().lock();
            out.write_all(file.as_bytes())?;
            out.write_all(if fits { b": OK\n" } else { b": FAILED\n" })?;
        }
    }
    if lines == 0 {
        let message = format!("{}: no line is a sum of {} bits", list.display(), options.algorithm);
        return Err(Failure::new(1, message).into());
    }
    if failed > 0 && !options.status {
        complain(
            "sha3sum",
            format_args!("WARNING: {failed} of {lines} computed checksums did NOT match"),
        );
    }
    Ok(failed == 0)
}

/// Sum and name: two blanks between them, or a blank and a star.
fn entry(line: &[u8], digits: usize) -> Option<(&str, &OsStr)> {
    let (sum, rest) = line.split_at_checked(digits)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let sum = std::str::from_utf8(sum).ok()?;
    sum.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| (sum, OsStr::from_bytes(name)))
}

fn sum(bits: usize, bytes: &[u8]) -> Option<String> {
    let sum = match bits {
        224 => Sha3_224::digest(bytes).to_vec(),
        256 => Sha3_256::digest(bytes).to_vec(),
        384 => Sha3_384::digest(bytes).to_vec(),
        512 => Sha3_512::digest(bytes).to_vec(),
        _ => return None,
    };
    Some(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_fips_202() {
        let nothing = "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7";
        assert_eq!(sum(224, b"").as_deref(), Some(nothing));
        let abc = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";
        assert_eq!(sum(256, b"abc").as_deref(), Some(abc));
        assert_eq!(sum(160, b""), None);
        let line = format!("{nothing} *a b");
        assert_eq!(entry(line.as_bytes(), 56), Some((nothing, OsStr::new("a b"))));
        assert_eq!(entry(b"x", 56), None);
    }
}

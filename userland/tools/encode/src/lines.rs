// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rev`, `dos2unix` and `unix2dos`: files line by line.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};

use anyhow::{Context as _, Result};
use ochre_applet::{Args, complain, parse};

use crate::read;

/// Writes each line backwards.
#[derive(clap::Parser)]
#[command(name = "rev", disable_version_flag = true)]
struct RevOptions {
    /// The files, standard input if none
    files: Vec<OsString>,
}

/// The applet `rev`.
pub fn rev(args: Args) -> Result<u8> {
    let mut options: RevOptions = parse(&args)?;
    if options.files.is_empty() {
        options.files.push("-".into());
    }
    let mut status = 0;
    for file in &options.files {
        match read(file) {
            Ok(bytes) => {
                let mut text = Vec::with_capacity(bytes.len());
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    reverse(line, &mut text);
                }
                io::stdout().lock().write_all(&text)?;
            }
            Err(error) => {
                complain("rev", error);
                status = 1;
            }
        }
    }
    Ok(status)
}

/// Turns a line around, characters of UTF-8 as they are; the line's end stays where it is.
fn reverse(line: &[u8], text: &mut Vec<u8>) {
    let (line, end) = match line.split_last() {
        Some((b'\n', line)) => (line, &b"\n"[..]),
        _ => (line, &b""[..]),
    };
    let mut letters: Vec<&[u8]> = Vec::new();
    for chunk in line.utf8_chunks() {
        letters.extend(chunk.valid().split("").filter(|one| !one.is_empty()).map(str::as_bytes));
        letters.extend(chunk.invalid().chunks(1));
    }
    for letter in letters.iter().rev() {
        text.extend(*letter);
    }
    text.extend(end);
}

/// Changes the ends of lines from CR LF to LF.
#[derive(clap::Parser)]
#[command(disable_version_flag = true)]
struct EndsOptions {
    /// To the ends that Unix has
    #[arg(short = 'u')]
    unix: bool,
    /// To those that DOS has
    #[arg(short = 'd', conflicts_with = "unix")]
    dos: bool,
    /// The file to change; without one, from standard input to standard output
    file: Option<OsString>,
}

/// The applet `dos2unix`.
pub fn dos2unix(args: Args) -> Result<u8> {
    ends(&args, false)
}

/// The applet `unix2dos`.
pub fn unix2dos(args: Args) -> Result<u8> {
    ends(&args, true)
}

fn ends(args: &Args, usually_dos: bool) -> Result<u8> {
    let options: EndsOptions = parse(args)?;
    let dos = options.dos || usually_dos && !options.unix;
    let input = options.file.as_deref().unwrap_or_else(|| OsStr::new("-"));
    let bytes = read(input)?;
    let mut text = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                text.extend(line.strip_suffix(b"\r").unwrap_or(line));
                text.extend(if dos { &b"\r\n"[..] } else { b"\n" });
            }
            None => text.extend(line),
        }
    }
    match &options.file {
        Some(name) => fs::write(name, text).with_context(|| name.display().to_string())?,
        None => io::stdout().lock().write_all(&text)?,
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_whole() {
        let mut text = Vec::new();
        for line in ["abü\n".as_bytes(), b"\n", b"a\xffb"] {
            reverse(line, &mut text);
        }
        assert_eq!(text, ["üba\n\n".as_bytes(), b"b\xffa"].concat());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cmp`: the first byte in which two files differ, or all of them.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufReader, Read, Write};

use anyhow::Result;
use ochre_applet::{Args, Failure, parse_or, reason};

/// Compares two files byte by byte.
#[derive(clap::Parser)]
#[command(name = "cmp")]
struct Options {
    /// Print the numbers and values of all bytes that differ
    #[arg(short = 'l', long)]
    verbose: bool,
    /// Print nothing
    #[arg(short = 's', long, visible_aliases = ["quiet", "silent"])]
    silent: bool,
    /// Print the bytes that differ
    #[arg(short = 'b', long)]
    print_bytes: bool,
    /// Compare so many bytes at most
    #[arg(short = 'n', long)]
    bytes: Option<u64>,
    /// Skip so many bytes of both files, or FIRST:SECOND
    #[arg(short = 'i', long)]
    ignore_initial: Option<String>,
    /// Two files, - for standard input, and how many bytes of each to skip
    #[arg(required = true, num_args = 1..=4)]
    words: Vec<OsString>,
}

/// The applet: status 1 when the files differ, 2 when they cannot be read.
pub fn cmp(args: Args) -> Result<u8> {
    let options: Options = parse_or(&args, 2)?;
    let first_name = &options.words[0];
    let dash = OsString::from("-");
    let second_name = options.words.get(1).unwrap_or(&dash);
    let mut skips = [0, 0];
    if let Some(text) = &options.ignore_initial {
        let (first, second) = text.split_once(':').unwrap_or((text, text));
        skips = [number(first)?, number(second)?];
    }
    for (skip, word) in skips.iter_mut().zip(options.words.iter().skip(2)) {
        *skip = number(&word.to_string_lossy())?;
    }
    let mut first = open(first_name, skips[0], &options)?;
    let mut second = open(second_name, skips[1], &options)?;
    let mut out = std::io::stdout().lock();
    let limit = options.bytes.unwrap_or(u64::MAX);
    // The numbers of -l are as wide as the last one can be.
    let most = size(first_name).min(size(second_name)).min(limit);
    let width = most.to_string().len();
    let (mut at, mut line, mut status, mut begins) = (0, 1, 0, true);
    while at < limit {
        let (left, right) = (next(&mut first)?, next(&mut second)?);
        let (left, right) = match (left, right) {
            (None, None) => break,
            (Some(left), Some(right)) => (left, right),
            (ended, _) => {
                if !options.silent {
                    let name = if ended.is_none() { first_name } else { second_name }.display();
                    let place = match (at, options.verbose, begins) {
                        (0, ..) => " which is empty".to_owned(),
                        (_, true, _) => format!(" after byte {at}"),
                        (_, _, true) => format!(" after byte {at}, line {}", line - 1),
                        _ => format!(" after byte {at}, in line {line}"),
                    };
                    out.flush()?;
                    ochre_applet::complain("cmp", format_args!("EOF on {name}{place}"));
                }
                return Ok(1);
            }
        };
        at += 1;
        if left != right {
            status = 1;
            if options.silent {
                break;
            }
            if options.verbose {
                if options.print_bytes {
                    writeln!(
                        out,
                        "{at:width$} {left:3o} {:4} {right:3o} {}",
                        shown(left),
                        shown(right)
                    )?;
                } else {
                    writeln!(out, "{at:width$} {left:3o} {right:3o}")?;
                }
            } else {
                let (one, two) = (first_name.display(), second_name.display());
                let unit = if options.print_bytes { "byte" } else { "char" };
                write!(out, "{one} {two} differ: {unit} {at}, line {line}")?;
                if options.print_bytes {
                    write!(out, " is {left:3o} {} {right:3o} {}", shown(left), shown(right))?;
                }
                writeln!(out)?;
                break;
            }
        }
        begins = left == b'\n';
        line += u64::from(begins);
    }
    Ok(status)
}

/// How many bytes a file has, as far as is known.
fn size(name: &OsStr) -> u64 {
    match std::fs::metadata(name) {
        Ok(meta) if name != "-" && meta.is_file() => meta.len(),
        _ => i64::MAX as u64,
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Failure::new(2, format!("invalid number of bytes '{text}'")).into())
}

fn shown(byte: u8) -> String {
    let (prefix, byte) = if byte >= 0x80 { ("M-", byte & 0x7f) } else { ("", byte) };
    match byte {
        0..32 => format!("{prefix}^{}", char::from(byte + 64)),
        127 => format!("{prefix}^?"),
        _ => format!("{prefix}{}", char::from(byte)),
    }
}

fn open(name: &OsStr, skip: u64, options: &Options) -> Result<BufReader<Box<dyn Read>>> {
    let mut input: Box<dyn Read> = if name == "-" {
        Box::new(std::io::stdin())
    } else {
        match File::open(name) {
            Ok(file) => Box::new(file),
            Err(_) if options.silent => return Err(Failure::silent(2).into()),
            Err(error) => {
                let text = format!("{}: {}", name.display(), reason(&error));
                return Err(Failure::new(2, text).into());
            }
        }
    };
    std::io::copy(&mut input.by_ref().take(skip), &mut std::io::sink())?;
    Ok(BufReader::new(input))
}

fn next(input: &mut BufReader<Box<dyn Read>>) -> Result<Option<u8>> {
    use std::io::BufRead;
    let byte = input.fill_buf().map_err(|error| Failure::new(2, reason(&error)))?.first().copied();
    input.consume(usize::from(byte.is_some()));
    Ok(byte)
}

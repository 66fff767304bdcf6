// SPDX-License-Identifier: MIT OR Apache-2.0
//! `strings`: what can be read in a file that is no text.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{Args, Failure, complain, parse, reason};

/// Prints the strings of printable characters in files, or in the standard input.
///
/// A file is always read as a whole: sections of programs are not told apart.
#[derive(clap::Parser)]
#[command(name = "strings", disable_version_flag = true)]
struct Options {
    /// Read the whole file (as is always done)
    #[arg(short = 'a', long, visible_alias = "data", visible_short_alias = 'd')]
    all: bool,
    /// Print the file's name before each string
    #[arg(short = 'f', long)]
    print_file_name: bool,
    /// So many characters at least make a string
    #[arg(short = 'n', long, value_name = "N", default_value_t = 4)]
    bytes: usize,
    /// Print where each string begins, in octal, decimal or hexadecimal
    #[arg(short = 't', long, value_name = "o|d|x")]
    radix: Option<Radix>,
    /// Print where each string begins, in octal
    #[arg(short = 'o')]
    octal: bool,
    /// White space of all kinds belongs to strings
    #[arg(short = 'w', long)]
    include_all_whitespace: bool,
    /// What the characters are: s 7 bits, S 8 bits, b l 16 bits, B L 32 bits, big or little end first
    #[arg(short = 'e', long, value_name = "ENCODING", default_value = "s")]
    encoding: Encoding,
    /// What ends each string, instead of the line's end
    #[arg(short = 's', long, value_name = "TEXT", default_value = "\n", hide_default_value = true)]
    output_separator: String,
    /// The files
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Radix {
    O,
    D,
    X,
}

#[derive(Clone, Copy)]
struct Encoding {
    width: usize,
    little: bool,
    eight_bits: bool,
}

impl std::str::FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of = |width, little, eight_bits| Ok(Self { width, little, eight_bits });
        match text {
            "s" => of(1, false, false),
            "S" => of(1, false, true),
            "b" => of(2, false, false),
            "l" => of(2, true, false),
            "B" => of(4, false, false),
            "L" => of(4, true, false),
            _ => Err("the encoding is one of s, S, b, l, B, L".to_owned()),
        }
    }
}

/// The applet.
pub fn strings(args: Args) -> Result<u8> {
    let args = args.into_iter().map(|arg| match arg.to_str() {
        // The old way to write -n 8.
        Some(text) if text.len() > 1 && text[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            text.strip_prefix('-').map_or(arg.clone(), |count| format!("-n{count}").into())
        }
        _ => arg,
    });
    let options: Options = parse(&args.collect::<Vec<_>>())?;
    if options.bytes == 0 {
        return Err(Failure::new(1, "a string has one character at least; give -n another").into());
    }
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut status = 0;
    if options.files.is_empty() {
        scan(std::io::stdin().lock(), Path::new("{standard input}"), &options, &mut output)?;
    }
    for path in &options.files {
        let file = File::open(path);
        let is_folder = file.as_ref().is_ok_and(|file| file.metadata().is_ok_and(|m| m.is_dir()));
        if is_folder {
            complain("strings", format_args!("{}: Is a directory", path.display()));
            status = 1;
            continue;
        }
        match file {
            Ok(file) => scan(BufReader::new(file), path, &options, &mut output)?,
            Err(error) => {
                complain("strings", format_args!("'{}': {}", path.display(), reason(&error)));
                status = 1;
            }
        }
    }
    output.flush()?;
    Ok(status)
}

fn scan(
    mut input: impl BufRead,
    name: &Path,
    options: &Options,
    out: &mut dyn Write,
) -> Result<()> {
    let Encoding { width, little, eight_bits } = options.encoding;
    let mut text: Vec<u8> = Vec::new();
    let mut begin = 0_u64;
    let mut at = 0_u64;
    let mut unit = [0_u8; 4];
    let mut have = 0;
    let mut byte = [0_u8];
    loop {
        let more = input.read(&mut byte)? == 1;
        if more {
            unit[have] = byte[0];
            have += 1;
            at += 1;
        }
        let value = if have == width {
            let bytes = &unit[..width];
            let join = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
            Some(if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
        } else {
            None
        };
        if let Some(value) = value.filter(|value| is_part(*value, eight_bits, options)) {
            if text.is_empty() {
                begin = at - width as u64;
            }
            text.push(value as u8);
            have = 0;
            continue;
        }
        if value.is_some() || !more {
            if text.len() >= options.bytes {
                print(&text, begin, name, options, out)?;
            }
            // Wide characters may begin at any byte.
            if !text.is_empty() || width == 1 {
                have = 0;
            } else if value.is_some() {
                unit.copy_within(1.., 0);
                have = width - 1;
            }
            text.clear();
        }
        if !more {
            return Ok(());
        }
    }
}

fn is_part(value: u32, eight_bits: bool, options: &Options) -> bool {
    match value {
        0x20..=0x7e | 0x09 => true,
        0x0a..=0x0d => options.include_all_whitespace,
        0x80..=0xff => eight_bits,
        _ => false,
    }
}

fn print(
    text: &[u8],
    begin: u64,
    name: &Path,
    options: &Options,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if options.print_file_name {
        write!(out, "{}: ", name.display())?;
    }
    match options.radix {
        Some(Radix::D) => write!(out, "{begin:7} ")?,
        Some(Radix::X) => write!(out, "{begin:7x} ")?,
        Some(Radix::O) => write!(out, "{begin:7o} ")?,
        None if options.octal => write!(out, "{begin:7o} ")?,
        None => {}
    }
    out.write_all(text)?;
    out.write_all(options.output_separator.as_bytes())
}

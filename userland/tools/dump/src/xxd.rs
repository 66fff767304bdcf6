// SPDX-License-Identifier: MIT OR Apache-2.0
//! `xxd`: a file as hexadecimal digits, and the way back.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ochre_applet::{Args, Failure, parse, reason};

use crate::number::{number, signed};

/// Shows a file as hexadecimal digits and letters, or makes the file of them again (-r).
///
/// Numbers may be written as 16, 0x10 or 1k.
#[derive(clap::Parser)]
#[command(name = "xxd", disable_version_flag = true)]
struct Options {
    /// Print one * for lines of nothing but zeroes
    #[arg(short = 'a', long)]
    autoskip: bool,
    /// Print bits
    #[arg(short = 'b', long)]
    bits: bool,
    /// Names of -i are upper case
    #[arg(short = 'C', long)]
    capitalize: bool,
    /// How many bytes stand on a line: 16, with -i 12, with -p 30, with -b 6
    #[arg(short = 'c', long, value_parser = number)]
    cols: Option<u64>,
    /// Offsets are decimal
    #[arg(short = 'd')]
    decimal: bool,
    /// Groups have their little end first
    #[arg(short = 'e')]
    little_endian: bool,
    /// How many bytes make a group: 2, with -e 4, with -b 1
    #[arg(short = 'g', long, value_parser = number)]
    groupsize: Option<u64>,
    /// Print an array of C
    #[arg(short = 'i', long)]
    include: bool,
    /// Stop after so many bytes
    #[arg(short = 'l', long, value_parser = number)]
    len: Option<u64>,
    /// The array's name
    #[arg(short = 'n', long)]
    name: Option<String>,
    /// Add this to offsets
    #[arg(short = 'o', long, value_parser = signed, allow_hyphen_values = true, default_value_t = 0)]
    offset: i64,
    /// Print digits only (-ps, -plain)
    #[arg(short = 'p', long, alias = "ps", alias = "postscript")]
    plain: bool,
    /// Make the file of its dump
    #[arg(short = 'r', long)]
    revert: bool,
    /// Begin here; from the end if it is negative. With -r it is added to the dump's offsets
    #[arg(short = 's', long, allow_hyphen_values = true)]
    seek: Option<String>,
    /// Digits are upper case
    #[arg(short = 'u', long)]
    uppercase: bool,
    /// The file to read; - is the standard input
    input: Option<PathBuf>,
    /// The file to write
    output: Option<PathBuf>,
}

/// Long names with one dash, as xxd has them.
const LONG: [&str; 16] = [
    "ps",
    "plain",
    "postscript",
    "autoskip",
    "bits",
    "capitalize",
    "cols",
    "groupsize",
    "include",
    "len",
    "name",
    "offset",
    "revert",
    "seek",
    "uppercase",
    "help",
];

/// The applet.
pub fn xxd(args: Args) -> Result<u8> {
    let args: Vec<OsString> = args
        .into_iter()
        .map(|arg| match arg.to_str().and_then(|text| text.strip_prefix('-')) {
            Some(name) if LONG.contains(&name) => format!("--{name}").into(),
            _ => arg,
        })
        .collect();
    let options: Options = parse(&args)?;
    let named = options.input.as_deref().filter(|path| *path != Path::new("-"));
    let begin;
    let mut input: Box<dyn Read> = match named {
        Some(path) => {
            let (file, place) = open(path, &options)?;
            begin = place;
            Box::new(file)
        }
        None => {
            let mut input = std::io::stdin().lock();
            let skip = if options.revert { 0 } else { seek(&options)?.max(0) as u64 };
            begin = std::io::copy(&mut (&mut input).take(skip), &mut std::io::sink())?;
            Box::new(input)
        }
    };
    let mut output: Box<dyn Target> = match &options.output {
        Some(path) if path != Path::new("-") => {
            let file =
                OpenOptions::new().write(true).create(true).truncate(!options.revert).open(path);
            Box::new(file.map_err(|error| {
                Failure::new(3, format!("{}: {}", path.display(), reason(&error)))
            })?)
        }
        _ => Box::new(Stream(BufWriter::new(std::io::stdout()), 0)),
    };
    if options.revert {
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        if options.plain {
            plain_back(&text, &mut *output)?
        } else {
            back(&text, &options, &mut *output)?
        }
        output.flush()?;
        return Ok(0);
    }
    let mut input = BufReader::new(input).take(options.len.unwrap_or(u64::MAX));
    let mut output = BufWriter::new(output);
    if options.include {
        include(&mut input, named.map(Path::as_os_str), &options, &mut output)?;
    } else if options.plain {
        plain(&mut input, &options, &mut output)?;
    } else {
        dump(&mut input, begin, &options, &mut output)?;
    }
    output.flush()?;
    Ok(0)
}

fn seek(options: &Options) -> Result<i64> {
    let Some(text) = &options.seek else { return Ok(0) };
    Ok(signed(text.strip_prefix('+').unwrap_or(text)).map_err(|what| Failure::new(1, what))?)
}

/// The file, and where in it the dump begins.
fn open(path: &Path, options: &Options) -> Result<(File, u64)> {
    let mut file = File::open(path)
        .map_err(|error| Failure::new(2, format!("{}: {}", path.display(), reason(&error))))?;
    let place = seek(options)?;
    if !options.revert && place != 0 {
        let from = if place < 0 { SeekFrom::End(place) } else { SeekFrom::Start(place as u64) };
        let begin = file.seek(from).map_err(|_| Failure::new(4, "Sorry, cannot seek."))?;
        return Ok((file, begin));
    }
    Ok((file, 0))
}

/// What -r writes to: a file in which one can go anywhere, or a stream.
trait Target: Write {
    fn go(&mut self, place: u64) -> Result<()>;
}

impl Target for File {
    fn go(&mut self, place: u64) -> Result<()> {
        self.seek(SeekFrom::Start(place)).context("cannot seek in the output")?;
        Ok(())
    }
}

/// The standard output, and how much went there.
struct Stream<Output: Write>(Output, u64);

impl<Output: Write> Write for Stream<Output> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.0.write(bytes)?;
        self.1 += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl<Output: Write> Target for Stream<Output> {
    fn go(&mut self, place: u64) -> Result<()> {
        let Some(gap) = place.checked_sub(self.1) else {
            return Err(Failure::new(5, "Sorry, cannot seek backwards.").into());
        };
        std::io::copy(&mut std::io::repeat(0).take(gap), self)?;
        Ok(())
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match input.read(&mut buffer[have..])? {
            0 => break,
            count => have += count,
        }
    }
    Ok(have)
}

fn columns(options: &Options, usual: u64) -> Result<usize> {
    match options.cols.filter(|cols| *cols != 0).unwrap_or(usual) {
        cols @ 1..=256 => Ok(cols as usize),
        _ => Err(Failure::new(1, "invalid number of columns (max. 256).").into()),
    }
}

fn dump(input: &mut dyn Read, begin: u64, options: &Options, output: &mut dyn Write) -> Result<()> {
    let usual_group = if options.bits {
        1
    } else if options.little_endian {
        4
    } else {
        2
    };
    let cols = columns(options, if options.bits { 6 } else { 16 })?;
    let group = match options.groupsize.unwrap_or(usual_group) as usize {
        0 => cols,
        group => group.min(cols),
    };
    if options.little_endian && !group.is_power_of_two() {
        return Err(
            Failure::new(1, "number of octets per group must be a power of 2 with -e.").into()
        );
    }
    let digits = if options.bits { 8 } else { 2 };
    let place = |at: usize| (digits * group + 1) * at / group;
    let letters = ((digits * group + 1) * cols - 1) / group + 2;
    let mut offset = begin.wrapping_add_signed(options.offset);
    let mut buffer = vec![0; cols];
    let mut held: Option<Vec<u8>> = None;
    let mut zeroes = 0;
    loop {
        let have = fill(input, &mut buffer)?;
        if have == 0 {
            break;
        }
        let mut line = vec![b' '; letters + have];
        for (at, byte) in buffer[..have].iter().enumerate() {
            let shown = if options.bits {
                format!("{byte:08b}")
            } else if options.uppercase {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            };
            let start = place(if options.little_endian { at ^ (group - 1) } else { at });
            if line.len() < start + digits {
                line.resize(start + digits, b' ');
            }
            line[start..start + digits].copy_from_slice(shown.as_bytes());
            line[letters + at] = if (0x20..0x7f).contains(byte) { *byte } else { b'.' };
        }
        let mut text =
            if options.decimal { format!("{offset:08}: ") } else { format!("{offset:08x}: ") }
                .into_bytes();
        text.extend(line);
        text.push(b'\n');
        offset += have as u64;
        if options.autoskip && buffer[..have].iter().all(|byte| *byte == 0) {
            zeroes += 1;
            match zeroes {
                1 => output.write_all(&text)?,
                _ => {
                    if zeroes == 3 {
                        output.write_all(b"*\n")?;
                    }
                    held = Some(text);
                }
            }
            continue;
        }
        if zeroes == 2 {
            output.write_all(&held.take().unwrap_or_default())?;
        }
        (held, zeroes) = (None, 0);
        output.write_all(&text)?;
    }
    // The last line says how long the file is.
    output.write_all(&held.unwrap_or_default())?;
    Ok(())
}

fn plain(input: &mut dyn Read, options: &Options, output: &mut dyn Write) -> Result<()> {
    let mut buffer = match options.cols {
        Some(0) => vec![0; 4096],
        _ => vec![0; columns(options, 30)?],
    };
    let endless = options.cols == Some(0);
    let mut any = false;
    loop {
        let have = fill(input, &mut buffer)?;
        if have == 0 {
            break;
        }
        any = true;
        for byte in &buffer[..have] {
            if options.uppercase {
                write!(output, "{byte:02X}")?;
            } else {
                write!(output, "{byte:02x}")?;
            }
        }
        if !endless {
            output.write_all(b"\n")?;
        }
    }
    if endless && any {
        output.write_all(b"\n")?;
    }
    Ok(())
}

fn include(
    input: &mut dyn Read,
    file: Option<&OsStr>,
    options: &Options,
    output: &mut dyn Write,
) -> Result<()> {
    let cols = columns(options, 12)?;
    let name = options.name.as_ref().map(|name| name.as_bytes()).or(file.map(OsStr::as_bytes));
    let name = name.map(|name| {
        let lead = if name.first().is_some_and(u8::is_ascii_digit) { "__" } else { "" };
        let sign = |byte: &u8| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '_' };
        let name: String = lead.chars().chain(name.iter().map(sign)).collect();
        if options.capitalize { name.to_uppercase() } else { name }
    });
    if let Some(name) = &name {
        writeln!(output, "unsigned char {name}[] = {{")?;
    }
    let mut count = 0_usize;
    for byte in BufReader::new(input).bytes() {
        let before = match count {
            0 => "  ",
            _ if count.is_multiple_of(cols) => ",\n  ",
            _ => ", ",
        };
        let byte = byte?;
        if options.uppercase {
            write!(output, "{before}0X{byte:02X}")?;
        } else {
            write!(output, "{before}0x{byte:02x}")?;
        }
        count += 1;
    }
    if count > 0 {
        output.write_all(b"\n")?;
    }
    if let Some(name) = name {
        let len = if options.capitalize { "LEN" } else { "len" };
        writeln!(output, "}};\nunsigned int {name}_{len} = {count};")?;
    }
    Ok(())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn plain_back(text: &[u8], output: &mut dyn Target) -> Result<()> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for line in text.split(|byte| *byte == b'\n') {
        let mut high = None;
        for digit in line.iter().filter(|byte| !byte.is_ascii_whitespace()).map_while(|b| digit(*b))
        {
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
        }
    }
    output.write_all(&bytes)?;
    Ok(())
}

fn back(text: &[u8], options: &Options, output: &mut dyn Target) -> Result<()> {
    let cols = columns(options, if options.bits { 6 } else { 16 })?;
    let shift = seek(options)?;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_start();
        let end = line.iter().position(|byte| digit(*byte).is_none()).unwrap_or(line.len());
        let (offset, rest) = line.split_at(end);
        let radix = if options.decimal { 10 } else { 16 };
        let offset =
            std::str::from_utf8(offset).ok().and_then(|t| i64::from_str_radix(t, radix).ok());
        let (Some(offset), Some(rest)) =
            (offset, rest.strip_prefix(b":").or(rest.strip_prefix(b" ")))
        else {
            continue;
        };
        let place = u64::try_from(offset + shift)
            .map_err(|_| Failure::new(5, "Sorry, cannot seek backwards."))?;
        output.go(place)?;
        output.write_all(&line_bytes(rest, cols, options.bits))?;
    }
    Ok(())
}

/// The bytes of a line of digits: up to two spaces, or as many as a line has.
fn line_bytes(text: &[u8], cols: usize, bits: bool) -> Vec<u8> {
    let (base, each) = if bits { (2, 8) } else { (16, 2) };
    let mut bytes = Vec::new();
    let (mut value, mut have, mut spaces) = (0_u8, 0, 0);
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    for byte in &text[start..] {
        match char::from(*byte).to_digit(base) {
            Some(digit) => {
                spaces = 0;
                value = (u32::from(value) * base + digit) as u8;
                have += 1;
                if have == each {
                    bytes.push(value);
                    (value, have) = (0, 0);
                }
            }
            None => spaces += 1,
        }
        if bytes.len() == cols || spaces == 2 {
            break;
        }
    }
    bytes
}

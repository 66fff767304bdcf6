// SPDX-License-Identifier: MIT OR Apache-2.0
//! `hexdump` and `hd`: bytes as numbers, in a form that the user describes.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use ochre_applet::{Args, Failure, complain, parse, reason};

use crate::format::{Kind, Line, Piece, Unit, Value};
use crate::number::number;

/// Shows files, or the standard input, as numbers.
///
/// A format of -e is units like 16/1 "%02x " "\n": how often, how many bytes each time, and what is
/// printed. It has printf's d i o u x X e f g c s, and %_a[dox] the offset, %_A[dox] the offset once at
/// the end, %_c a byte as C writes it, %_p as a letter or a full stop, %_u by its name.
#[derive(clap::Parser)]
#[command(name = "hexdump", disable_version_flag = true)]
struct Options {
    /// Bytes in octal
    #[arg(short = 'b', long)]
    one_byte_octal: bool,
    /// Bytes as characters
    #[arg(short = 'c', long)]
    one_byte_char: bool,
    /// Bytes in hexadecimal, with their characters
    #[arg(short = 'C', long)]
    canonical: bool,
    /// Pairs of bytes in decimal
    #[arg(short = 'd', long)]
    two_bytes_decimal: bool,
    /// Pairs of bytes in octal
    #[arg(short = 'o', long)]
    two_bytes_octal: bool,
    /// Pairs of bytes in hexadecimal
    #[arg(short = 'x', long)]
    two_bytes_hex: bool,
    /// The form
    #[arg(short = 'e', long)]
    format: Vec<String>,
    /// A file with a form on each line
    #[arg(short = 'f', long)]
    format_file: Vec<PathBuf>,
    /// Stop after so many bytes
    #[arg(short = 'n', long, value_parser = number)]
    length: Option<u64>,
    /// Begin there
    #[arg(short = 's', long, value_parser = number, default_value_t = 0)]
    skip: u64,
    /// Print lines like the one before, too, not one * for them
    #[arg(short = 'v', long)]
    no_squeezing: bool,
    /// The files
    files: Vec<PathBuf>,
}

/// The applet.
pub fn hexdump(args: Args) -> Result<u8> {
    run(parse(&args)?)
}

/// The applet: `hexdump -C`.
pub fn hd(args: Args) -> Result<u8> {
    let mut options: Options = parse(&args)?;
    options.canonical = true;
    run(options)
}

fn run(options: Options) -> Result<u8> {
    let mut formats = Vec::new();
    for (wanted, texts) in [
        (options.one_byte_octal, &["\"%07.7_Ax\n\"", "\"%07.7_ax \" 16/1 \"%03o \" \"\\n\""][..]),
        (options.one_byte_char, &["\"%07.7_Ax\n\"", "\"%07.7_ax \" 16/1 \"%3_c \" \"\\n\""]),
        (
            options.canonical,
            &[
                "\"%08.8_Ax\n\"",
                "\"%08.8_ax  \" 8/1 \"%02x \" \"  \" 8/1 \"%02x \"",
                // A description of its own, as it starts over in the block.
                "\"  |\" 16/1 \"%_p\" \"|\\n\"",
            ],
        ),
        (options.two_bytes_decimal, &["\"%07.7_Ax\n\"", "\"%07.7_ax \" 8/2 \"  %05u \" \"\\n\""]),
        (options.two_bytes_octal, &["\"%07.7_Ax\n\"", "\"%07.7_ax \" 8/2 \" %06o \" \"\\n\""]),
        (options.two_bytes_hex, &["\"%07.7_Ax\n\"", "\"%07.7_ax \" 8/2 \"   %04x \" \"\\n\""]),
    ] {
        if wanted {
            formats.extend(texts.iter().map(|text| (*text).to_owned()));
        }
    }
    formats.extend(options.format);
    for path in &options.format_file {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        formats.extend(lines.map(str::to_owned));
    }
    if formats.is_empty() {
        let usual = ["\"%07.7_Ax\n\"", "\"%07.7_ax \" 8/2 \"%04x \" \"\\n\""];
        formats.extend(usual.map(str::to_owned));
    }
    let mut lines = Vec::new();
    for format in &formats {
        lines.push(Line::parse(format).map_err(|what| Failure::new(1, what))?);
    }
    let block = lines.iter().map(Line::size).max().unwrap_or(0);
    for line in &mut lines {
        line.widen(block);
    }
    let (mut input, status) = open(&options.files)?;
    let skipped = std::io::copy(&mut (&mut input).take(options.skip), &mut std::io::sink())?;
    let mut input = input.take(options.length.unwrap_or(u64::MAX));
    let mut output = BufWriter::new(std::io::stdout().lock());
    let end = blocks(&mut input, &lines, block, skipped, options.no_squeezing, &mut output)?;
    if end > skipped || end > 0 {
        let mut units = lines.iter().flat_map(|line| &line.units);
        if let Some(unit) = units.rfind(|unit| is_end(unit)) {
            print(unit, &[], 0, end, true, &mut output)?;
        }
    }
    output.flush()?;
    Ok(status)
}

/// All files, one after another. Those that cannot be opened make the status 1.
fn open(files: &[PathBuf]) -> Result<(Box<dyn Read>, u8)> {
    if files.is_empty() {
        return Ok((Box::new(std::io::stdin().lock()), 0));
    }
    let mut all: Box<dyn Read> = Box::new(std::io::empty());
    let mut good = 0;
    for path in files {
        match File::open(path) {
            Ok(file) => {
                good += 1;
                all = Box::new(all.chain(BufReader::new(file)));
            }
            Err(error) => {
                complain("hexdump", format_args!("{}: {}", path.display(), reason(&error)))
            }
        }
    }
    if good == 0 {
        return Err(Failure::new(1, "all input file arguments failed").into());
    }
    Ok((all, u8::from(good < files.len())))
}

/// Prints all blocks; gives the offset of the end.
fn blocks(
    input: &mut dyn Read,
    lines: &[Line],
    block: usize,
    mut offset: u64,
    all: bool,
    output: &mut dyn Write,
) -> Result<u64> {
    if block == 0 {
        return Ok(offset);
    }
    let mut buffer = vec![0; block];
    let mut last: Option<Vec<u8>> = None;
    let mut starred = false;
    loop {
        let mut have = 0;
        while have < block {
            match input.read(&mut buffer[have..])? {
                0 => break,
                count => have += count,
            }
        }
        if have == 0 {
            return Ok(offset);
        }
        if have == block && !all && last.as_ref() == Some(&buffer) {
            if !starred {
                output.write_all(b"*\n")?;
            }
            starred = true;
        } else {
            buffer[have..].fill(0);
            for line in lines {
                let mut at = 0;
                for unit in &line.units {
                    for time in 0..unit.times {
                        let is_last = unit.times > 1 && time + 1 == unit.times;
                        let bytes = &buffer[at.min(block)..block.min(at + unit.size)];
                        print_bytes(unit, bytes, at, have, offset, is_last, output)?;
                        at += unit.size;
                    }
                }
            }
            starred = false;
            last = Some(buffer.clone());
        }
        offset += have as u64;
        if have < block {
            return Ok(offset);
        }
    }
}

/// Is it printed at the end only?
fn is_end(unit: &Unit) -> bool {
    let is_end = |piece: &Piece| matches!(piece, Piece::Value(Value { kind: Kind::End(_), .. }));
    unit.pieces.iter().any(is_end)
}

/// One time of a unit on bytes at a place of the block, of which so many are there.
fn print_bytes(
    unit: &Unit,
    bytes: &[u8],
    at: usize,
    have: usize,
    offset: u64,
    is_last: bool,
    output: &mut dyn Write,
) -> Result<()> {
    if is_end(unit) {
        return Ok(());
    }
    let there = if unit.size == 0 { usize::MAX } else { have.saturating_sub(at) };
    print(unit, bytes, there, offset + at as u64, is_last, output)
}

/// A unit on bytes, of which so many are there.
fn print(
    unit: &Unit,
    bytes: &[u8],
    there: usize,
    offset: u64,
    is_last: bool,
    output: &mut dyn Write,
) -> Result<()> {
    let mut at = 0;
    let count = unit.pieces.len();
    for (index, piece) in unit.pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                let blank = is_last && index + 1 == count && text.trim_ascii_end().is_empty();
                if !(blank && unit.times > 1) {
                    output.write_all(text)?;
                }
            }
            Piece::Value(value) => {
                let own = &bytes[at.min(bytes.len())..bytes.len().min(at + value.size)];
                let is_offset = matches!(value.kind, Kind::Offset(_) | Kind::End(_));
                let text = if !is_offset && at >= there {
                    Vec::new()
                } else {
                    shown(value, own, offset + at as u64)
                };
                output.write_all(&padded(value, text))?;
                at += value.size;
            }
        }
    }
    Ok(())
}

fn padded(value: &Value, text: Vec<u8>) -> Vec<u8> {
    let gap = vec![b' '; value.width.saturating_sub(text.len())];
    if value.flags.contains('-') { [text, gap].concat() } else { [gap, text].concat() }
}

fn shown(value: &Value, bytes: &[u8], offset: u64) -> Vec<u8> {
    let unsigned = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    match value.kind {
        Kind::Unsigned(base) => numeral(value, based(unsigned, base, value), ""),
        Kind::Offset(base) | Kind::End(base) => numeral(value, based(offset, base, value), ""),
        Kind::Signed => {
            let shift = 64 - 8 * value.size as u32;
            let signed = (unsigned << shift) as i64 >> shift;
            let sign = match signed {
                ..0 => "-",
                _ if value.flags.contains('+') => "+",
                _ if value.flags.contains(' ') => " ",
                _ => "",
            };
            numeral(value, signed.unsigned_abs().to_string(), sign)
        }
        Kind::Float(letter) => float(value, letter, unsigned),
        Kind::Byte => bytes.to_vec(),
        Kind::Text => {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes[..end].to_vec()
        }
        Kind::Printable => match bytes.first() {
            Some(byte @ 0x20..=0x7e) => vec![*byte],
            _ => vec![b'.'],
        },
        Kind::Escaped => escaped(unsigned as u8),
        Kind::Named => named(unsigned as u8),
    }
}

fn based(number: u64, base: u8, value: &Value) -> String {
    let sharp = value.flags.contains('#') && number != 0;
    match base {
        b'o' => format!("{}{number:o}", if sharp { "0" } else { "" }),
        b'x' => format!("{}{number:x}", if sharp { "0x" } else { "" }),
        b'X' => format!("{}{number:X}", if sharp { "0X" } else { "" }),
        _ => number.to_string(),
    }
}

/// Zeroes before a number, as its width and precision say.
fn numeral(value: &Value, digits: String, sign: &str) -> Vec<u8> {
    let zero = value.flags.contains('0') && !value.flags.contains('-') && value.precision.is_none();
    let least =
        if zero { value.width.saturating_sub(sign.len()) } else { value.precision.unwrap_or(0) };
    let split = if digits.starts_with("0x") || digits.starts_with("0X") { 2 } else { 0 };
    let (mark, digits) = digits.split_at(split);
    let least = if zero { least.saturating_sub(split) } else { least };
    format!("{sign}{mark}{digits:0>least$}").into_bytes()
}

fn float(value: &Value, letter: u8, bits: u64) -> Vec<u8> {
    let number =
        if value.size == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) };
    let digits = value.precision.unwrap_or(6);
    let exponent = |digits: usize| {
        let text = format!("{number:.digits$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        (mantissa.to_owned(), exponent)
    };
    let joined = |mantissa: &str, exponent: i32| {
        format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    };
    let text = match letter {
        _ if !number.is_finite() => format!("{number}").to_lowercase(),
        b'f' => format!("{number:.digits$}"),
        b'e' | b'E' => {
            let (mantissa, exponent) = exponent(digits);
            joined(&mantissa, exponent)
        }
        _ => {
            let digits = digits.max(1);
            let (mantissa, exponent) = exponent(digits - 1);
            let short = |text: &str| match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text.to_owned(),
            };
            if exponent < -4 || exponent >= digits as i32 {
                joined(&short(&mantissa), exponent)
            } else {
                let places = (digits as i32 - 1 - exponent) as usize;
                short(&format!("{number:.places$}"))
            }
        }
    };
    if letter.is_ascii_uppercase() { text.to_uppercase() } else { text }.into_bytes()
}

fn escaped(byte: u8) -> Vec<u8> {
    match byte {
        0 => b"\\0".to_vec(),
        7 => b"\\a".to_vec(),
        8 => b"\\b".to_vec(),
        9 => b"\\t".to_vec(),
        10 => b"\\n".to_vec(),
        11 => b"\\v".to_vec(),
        12 => b"\\f".to_vec(),
        13 => b"\\r".to_vec(),
        0x20..=0x7e => vec![byte],
        _ => format!("{byte:03o}").into_bytes(),
    }
}

/// What %_u prints; its names of ASCII are those of hexdump's manual.
fn named(byte: u8) -> Vec<u8> {
    const NAMES: [&str; 32] = [
        "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "lf", "vt", "ff", "cr",
        "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub",
        "esc", "fs", "gs", "rs", "us",
    ];
    match byte {
        0..=31 => NAMES[usize::from(byte)].as_bytes().to_vec(),
        0x20..=0x7e => vec![byte],
        0x7f => b"del".to_vec(),
        _ => format!("{byte:02x}").into_bytes(),
    }
}

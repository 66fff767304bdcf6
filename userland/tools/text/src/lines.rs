// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rev`, `ts`, `dos2unix`, `unix2dos`, `ascii`: line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use ochre_applet::strftime::strftime;
use ochre_applet::{Args, parse};

use crate::each_file;

/// Prints lines with their characters in reverse.
#[derive(clap::Parser)]
#[command(name = "rev", disable_version_flag = true)]
struct RevOptions {
    /// The files
    files: Vec<PathBuf>,
}

/// The applet.
pub fn rev(args: Args) -> Result<u8> {
    let options: RevOptions = parse(&args)?;
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let status = each_file("rev", &options.files, |_, file| {
        let mut input = BufReader::new(file);
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            let ended = line.pop_if(|byte| *byte == b'\n').is_some();
            let mut turned = Vec::with_capacity(line.len() + 1);
            // What is no UTF-8 is turned byte by byte.
            for chunk in line.utf8_chunks().collect::<Vec<_>>().into_iter().rev() {
                turned.extend(chunk.invalid().iter().rev());
                turned.extend(chunk.valid().chars().rev().collect::<String>().into_bytes());
            }
            if ended {
                turned.push(b'\n');
            }
            output.write_all(&turned)?;
            line.clear();
        }
        Ok(())
    });
    output.flush()?;
    Ok(status)
}

/// Puts the time before each line of the standard input.
#[derive(clap::Parser)]
#[command(name = "ts", disable_version_flag = true)]
struct TsOptions {
    /// The time since the line before
    #[arg(short = 'i')]
    since_last: bool,
    /// The time since the start
    #[arg(short = 's')]
    since_start: bool,
    /// As for date; %.S %.s %.T have parts of seconds
    format: Option<String>,
}

/// The applet.
pub fn ts(args: Args) -> Result<u8> {
    let options: TsOptions = parse(&args)?;
    let relative = options.since_last || options.since_start;
    let usual = if relative { "%H:%M:%S" } else { "%b %d %H:%M:%S" };
    let format = options.format.as_deref().unwrap_or(usual);
    let mut base = SystemTime::now();
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let now = SystemTime::now();
        let shown = if relative {
            now.duration_since(base).unwrap_or_default()
        } else {
            now.duration_since(UNIX_EPOCH).unwrap_or_default()
        };
        if options.since_last {
            base = now;
        }
        let mut output = std::io::stdout().lock();
        output.write_all(&stamp(format, shown, relative))?;
        output.write_all(b" ")?;
        output.write_all(&line)?;
        // Who reads it wants it at once.
        output.flush()?;
        line.clear();
    }
    Ok(0)
}

fn stamp(format: &str, time: Duration, relative: bool) -> Vec<u8> {
    let parts = format!(".{:06}", time.subsec_micros());
    let mut format = format.to_owned();
    for letter in ["S", "s", "T"] {
        format = format.replace(&format!("%.{letter}"), &format!("%{letter}{parts}"));
    }
    strftime(format.as_bytes(), time.as_secs() as i64, relative)
}

/// Turns the line ends of DOS into those of Unix (-u) or the other way (-d).
///
/// Files are changed in place; without any, it is from the standard input to the standard output.
#[derive(clap::Parser)]
#[command(name = "dos2unix", disable_version_flag = true)]
struct DosOptions {
    /// To the line ends of Unix
    #[arg(short = 'u', overrides_with = "dos")]
    unix: bool,
    /// To the line ends of DOS
    #[arg(short = 'd', overrides_with = "unix")]
    dos: bool,
    /// The files
    files: Vec<PathBuf>,
}

/// The applet.
pub fn dos2unix(args: Args) -> Result<u8> {
    let options: DosOptions = parse(&args)?;
    convert(&options, options.dos)
}

/// The applet.
pub fn unix2dos(args: Args) -> Result<u8> {
    let options: DosOptions = parse(&args)?;
    convert(&options, !options.unix)
}

fn convert(options: &DosOptions, to_dos: bool) -> Result<u8> {
    if options.files.is_empty() {
        let mut text = Vec::new();
        std::io::stdin().read_to_end(&mut text)?;
        std::io::stdout().write_all(&converted(&text, to_dos))?;
    }
    for path in &options.files {
        convert_file(path, to_dos).with_context(|| path.display().to_string())?;
    }
    Ok(0)
}

fn convert_file(path: &Path, to_dos: bool) -> Result<()> {
    let text = std::fs::read(path)?;
    // Another file first, so that nothing is lost when the disk is full.
    let real = std::fs::canonicalize(path)?;
    let mut other = real.clone().into_os_string();
    other.push(format!(".{}", std::process::id()));
    let result = std::fs::write(&other, converted(&text, to_dos))
        .and_then(|()| std::fs::set_permissions(&other, std::fs::metadata(&real)?.permissions()))
        .and_then(|()| std::fs::rename(&other, &real));
    if result.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&other);
    }
    Ok(result?)
}

fn converted(text: &[u8], to_dos: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter().filter(|byte| **byte != b'\r') {
        if to_dos && *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// Prints the characters of ASCII with their numbers.
#[derive(clap::Parser)]
#[command(name = "ascii", disable_version_flag = true)]
struct AsciiOptions {}

const CONTROLS: [&str; 32] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "NL", "VT", "FF", "CR",
    "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC",
    "FS", "GS", "RS", "US",
];

/// The applet.
pub fn ascii(args: Args) -> Result<u8> {
    let _: AsciiOptions = parse(&args)?;
    let mut out = String::from(
        "Dec Hex    Dec Hex    Dec Hex  Dec Hex  Dec Hex  Dec Hex   Dec Hex   Dec Hex\n",
    );
    for row in 0..16_u8 {
        for column in 0..8_u8 {
            let code = column * 16 + row;
            let width = if column < 6 { 3 } else { 4 };
            let gap = if column == 0 { "" } else { " " };
            let shown = match code {
                0..32 => format!("{:<3}", CONTROLS[usize::from(code)]),
                127 => "DEL".to_owned(),
                _ => char::from(code).to_string(),
            };
            out += &format!("{gap}{code:width$} {code:02x} {shown}");
        }
        out.push('\n');
    }
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(0)
}

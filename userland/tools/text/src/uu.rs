// SPDX-License-Identifier: MIT OR Apache-2.0
//! `uuencode` and `uudecode`: files as letters, for mail.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ochre_applet::{Args, parse};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes a file as letters.
#[derive(clap::Parser)]
#[command(name = "uuencode", disable_version_flag = true)]
struct EncodeOptions {
    /// In base 64
    #[arg(short = 'm', long)]
    base64: bool,
    /// A file, if not the standard input, and the name that uudecode shall give it
    #[arg(required = true, num_args = 1..=2)]
    names: Vec<PathBuf>,
}

/// The applet.
pub fn uuencode(args: Args) -> Result<u8> {
    let options: EncodeOptions = parse(&args)?;
    let mut data = Vec::new();
    let mode = match &options.names[..] {
        [file, _] if file != Path::new("-") => {
            let context = || file.display().to_string();
            let mut file = File::open(file).with_context(context)?;
            file.read_to_end(&mut data).with_context(context)?;
            file.metadata()?.permissions().mode() & 0o777
        }
        _ => {
            std::io::stdin().read_to_end(&mut data)?;
            0o666 & !mask()
        }
    };
    let name = options.names[options.names.len() - 1].display();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let kind = if options.base64 { "begin-base64" } else { "begin" };
    writeln!(out, "{kind} {mode:o} {name}")?;
    for line in data.chunks(45) {
        let mut text = Vec::new();
        if !options.base64 {
            text.push(letter(line.len() as u8));
        }
        for three in line.chunks(3) {
            let at = |index: usize| three.get(index).copied().unwrap_or(0);
            let bits = u32::from_be_bytes([0, at(0), at(1), at(2)]);
            for index in 0..4 {
                let six = (bits >> (18 - 6 * index)) as u8 & 63;
                text.push(match options.base64 {
                    true if index > three.len() => b'=',
                    true => BASE64[usize::from(six)],
                    false => letter(six),
                });
            }
        }
        text.push(b'\n');
        out.write_all(&text)?;
    }
    out.write_all(if options.base64 { b"====\n" } else { b"`\nend\n" })?;
    out.flush()?;
    Ok(0)
}

/// Which permissions new files do not get.
fn mask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

fn letter(six: u8) -> u8 {
    if six == 0 { b'`' } else { six + 32 }
}

/// Makes the files again that uuencode wrote as letters.
#[derive(clap::Parser)]
#[command(name = "uudecode", disable_version_flag = true)]
struct DecodeOptions {
    /// Write to this file; - is the standard output
    #[arg(short = 'o', long)]
    output: Option<PathBuf>,
    /// What was encoded; otherwise the standard input
    file: Option<PathBuf>,
}

/// The applet.
pub fn uudecode(args: Args) -> Result<u8> {
    let options: DecodeOptions = parse(&args)?;
    let mut input: Box<dyn BufRead> = match options.file.as_deref() {
        Some(path) if path != Path::new("-") => {
            Box::new(BufReader::new(File::open(path).with_context(|| path.display().to_string())?))
        }
        _ => Box::new(std::io::stdin().lock()),
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            bail!("no 'begin' line; is this the output of uuencode?");
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        let text = text.trim_end();
        let parts = |rest: &str| {
            let (mode, name) = rest.split_once(' ')?;
            Some((u32::from_str_radix(mode, 8).ok()?, PathBuf::from(name)))
        };
        let base64 = text.strip_prefix("begin-base64 ").and_then(parts);
        let is_base64 = base64.is_some();
        let Some((mode, name)) = base64.or_else(|| text.strip_prefix("begin ").and_then(parts))
        else {
            continue;
        };
        let target = options.output.clone().unwrap_or(name);
        let data = if is_base64 { base64_lines(&mut *input)? } else { lines(&mut *input)? };
        if target == Path::new("-") || target == Path::new("/dev/stdout") {
            std::io::stdout().write_all(&data)?;
        } else {
            let context = || target.display().to_string();
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(mode)
                .open(&target)
                .with_context(context)?;
            file.write_all(&data).with_context(context)?;
            file.set_permissions(PermissionsExt::from_mode(mode)).with_context(context)?;
        }
        return Ok(0);
    }
}

fn lines(input: &mut dyn BufRead) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    for line in input.split(b'\n') {
        let line = line?;
        let line = line.trim_ascii_end();
        if line == b"end" {
            return Ok(data);
        }
        let Some((count, letters)) = line.split_first() else { continue };
        let count = usize::from(count.wrapping_sub(32) & 63);
        let six = |byte: &u8| u32::from(byte.wrapping_sub(32) & 63);
        let mut bytes = Vec::new();
        for four in letters.chunks(4) {
            let bits = (0..4).fold(0, |bits, at| bits << 6 | four.get(at).map_or(0, six));
            bytes.extend(&bits.to_be_bytes()[1..]);
        }
        if bytes.len() < count {
            bail!("a line is shorter than it says; the text was cut");
        }
        data.extend(&bytes[..count]);
    }
    bail!("no 'end' line; the text was cut")
}

fn base64_lines(input: &mut dyn BufRead) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let (mut bits, mut have) = (0_u32, 0);
    for line in input.split(b'\n') {
        let line = line?;
        if line.starts_with(b"====") {
            return Ok(data);
        }
        for byte in line.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=') {
            let Some(six) = BASE64.iter().position(|letter| letter == byte) else {
                bail!("'{}' is no letter of base 64", byte.escape_ascii());
            };
            bits = bits << 6 | six as u32;
            have += 6;
            if have >= 8 {
                have -= 8;
                data.push((bits >> have) as u8);
            }
        }
        // What is left behind = fills up only.
        if line.ends_with(b"=") {
            (bits, have) = (0, 0);
        }
    }
    bail!("no '====' line; the text was cut")
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `uuencode` and `uudecode`, as POSIX describes them: bytes as lines of printable characters, with the
//! name and the mode of a file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::stat::{Mode, umask};
use ochre_applet::{Args, Failure, parse};

use crate::read;

/// Bytes of a line.
const LINE: usize = 45;
/// What a file may do at most, whatever the head says.
const MODES: u32 = 0o777;

/// Writes a file as lines of printable characters.
#[derive(clap::Parser)]
#[command(name = "uuencode", disable_version_flag = true)]
struct EncodeOptions {
    /// Use base64
    #[arg(short = 'm')]
    base64: bool,
    /// The file, standard input if only the name is given
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    words: Vec<OsString>,
}

/// The applet `uuencode`.
pub fn uuencode(args: Args) -> Result<u8> {
    let options: EncodeOptions = parse(&args)?;
    let (bytes, mode) = match options.words.as_slice() {
        [file, _] => {
            let bytes = read(file)?;
            (bytes, fs::metadata(file).map_or(0o644, |meta| meta.permissions().mode() & MODES))
        }
        _ => {
            let bytes = read(OsStr::new("-"))?;
            // What a file would get that is made here; the call tells and sets at once.
            let mask = umask(Mode::empty());
            umask(mask);
            (bytes, 0o666 & !mask.bits())
        }
    };
    let name = options.words.last().context("no name")?;
    let mut text = format!("begin{} {mode:03o} ", if options.base64 { "-base64" } else { "" });
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(name.as_bytes())?;
    text.clear();
    text.push('\n');
    for line in bytes.chunks(LINE) {
        match options.base64 {
            true => text += &STANDARD.encode(line),
            false => encode_line(line, &mut text),
        }
        text.push('\n');
    }
    text += if options.base64 { "====\n" } else { "`\nend\n" };
    out.write_all(text.as_bytes())?;
    Ok(0)
}

/// A line of the old form: how many bytes it has, then three of them in four characters.
fn encode_line(line: &[u8], text: &mut String) {
    // Zero is a backquote: blanks at a line's end get lost on the way.
    let letter = |value: u8| match value & 0x3f {
        0 => '`',
        value => char::from(value + b' '),
    };
    text.push(letter(line.len() as u8));
    for three in line.chunks(3) {
        let at = |index: usize| three.get(index).copied().unwrap_or_default();
        text.push(letter(at(0) >> 2));
        text.push(letter(at(0) << 4 | at(1) >> 4));
        text.push(letter(at(1) << 2 | at(2) >> 6));
        text.push(letter(at(2)));
    }
}

fn decode_line(line: &[u8]) -> Option<Vec<u8>> {
    let value = |letter: u8| (b' '..=b'`').contains(&letter).then(|| (letter - b' ') & 0x3f);
    let (first, rest) = line.split_first()?;
    let length = usize::from(value(*first)?);
    let mut bytes = Vec::with_capacity(length + 2);
    for four in rest.chunks(4) {
        if bytes.len() >= length {
            break;
        }
        // Blanks may have been cut off.
        let at = |index: usize| value(four.get(index).copied().unwrap_or(b' '));
        let (a, b, c, d) = (at(0)?, at(1)?, at(2)?, at(3)?);
        bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    if bytes.len() < length {
        return None;
    }
    bytes.truncate(length);
    Some(bytes)
}

/// Makes the files that uuencode has written as lines.
#[derive(clap::Parser)]
#[command(name = "uudecode", disable_version_flag = true)]
struct DecodeOptions {
    /// The file to make, instead of the one that the head names; - is standard output
    #[arg(short, value_name = "FILE")]
    output: Option<OsString>,
    /// The file with the lines, standard input if none
    file: Option<OsString>,
}

/// The applet `uudecode`.
pub fn uudecode(args: Args) -> Result<u8> {
    let options: DecodeOptions = parse(&args)?;
    let input = options.file.unwrap_or_else(|| "-".into());
    let text = read(&input)?;
    let wrong = |what: &str| Failure::new(1, format!("{}: {what}", input.display()));
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let head = lines.by_ref().find_map(head).ok_or_else(|| wrong("no 'begin' line"))?;
    let mut bytes = Vec::new();
    let mut ended = false;
    for line in lines {
        ended = if head.base64 { line == b"====" } else { line == b"end" };
        if ended {
            break;
        }
        let part = match head.base64 {
            true => STANDARD.decode(line).ok(),
            // An empty line has lost its blank, which is a zero.
            false if line.is_empty() => Some(Vec::new()),
            false => decode_line(line),
        };
        bytes.extend(part.ok_or_else(|| wrong("a line that uuencode has not written"))?);
    }
    if !ended {
        return Err(wrong("short file").into());
    }
    let name = options.output.unwrap_or_else(|| head.name.to_owned());
    if name == "-" || name == "/dev/stdout" {
        io::stdout().lock().write_all(&bytes)?;
        return Ok(0);
    }
    let mut file = File::create(&name).with_context(|| name.display().to_string())?;
    file.write_all(&bytes).with_context(|| name.display().to_string())?;
    file.set_permissions(Permissions::from_mode(head.mode))
        .with_context(|| name.display().to_string())?;
    Ok(0)
}

struct Head<'a> {
    base64: bool,
    mode: u32,
    name: &'a OsStr,
}

fn head(line: &[u8]) -> Option<Head<'_>> {
    let (rest, base64) = match line.strip_prefix(b"begin-base64 ") {
        Some(rest) => (rest, true),
        None => (line.strip_prefix(b"begin ")?, false),
    };
    let cut = rest.iter().position(|byte| *byte == b' ')?;
    let mode = u32::from_str_radix(std::str::from_utf8(&rest[..cut]).ok()?, 8).ok()? & MODES;
    let name = rest[cut..].trim_ascii_start();
    (!name.is_empty()).then(|| Head { base64, mode, name: OsStr::from_bytes(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_other_encoders() {
        // As Python's binascii.b2a_uu has them with backtick=True.
        for (bytes, line) in
            [(&b"A"[..], "!00``"), (b"AB", "\"04(`"), (b"ABC", "#04)#"), (b"ABCD", "$04)#1```")]
        {
            let mut text = String::new();
            encode_line(bytes, &mut text);
            assert_eq!(text, line);
            assert_eq!(decode_line(line.as_bytes()).as_deref(), Some(bytes));
        }
        let all: Vec<u8> = (0..LINE as u8).map(|byte| byte.wrapping_mul(97)).collect();
        let mut text = String::new();
        encode_line(&all, &mut text);
        assert_eq!(decode_line(text.as_bytes()), Some(all));
    }

    #[test]
    fn damage_is_found() {
        assert_eq!(decode_line(b"&04)#"), None);
        assert_eq!(decode_line(b"#0\x07)#"), None);
        assert!(head(b"begin 644 ").is_none() && head(b"begin 9 x").is_none());
        assert!(head(b"beginning of a letter").is_none());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What find prints about a file: `-printf` and `-ls`, to standard output or to a file.

use std::cell::RefCell;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use anyhow::Result;
use ochre_applet::clock;
use ochre_applet::strftime::strftime;

use crate::tree::{Moment, Stamp};
use crate::walk::Entry;

/// Where something is printed.
#[derive(Clone)]
pub struct Output(Option<Rc<RefCell<std::io::BufWriter<std::fs::File>>>>);

impl Output {
    pub const STANDARD: Self = Self(None);

    pub fn file(file: std::fs::File) -> Self {
        Self(Some(Rc::new(RefCell::new(std::io::BufWriter::new(file)))))
    }

    pub fn write(&self, text: &[u8]) -> Result<()> {
        match &self.0 {
            Some(file) => file.borrow_mut().write_all(text)?,
            None => std::io::stdout().write_all(text)?,
        }
        Ok(())
    }

    pub fn flush(&self) -> Result<()> {
        if let Some(file) = &self.0 {
            file.borrow_mut().flush()?;
        }
        Ok(())
    }
}

/// A part of a format.
enum Part {
    Text(Vec<u8>),
    /// `%`, width with a minus for the left, letter, and for times the letter behind it.
    Field {
        left: bool,
        zero: bool,
        width: usize,
        precision: Option<usize>,
        letter: u8,
        time: u8,
    },
    Stop,
}

/// What `-printf` was given.
pub struct Format(Vec<Part>);

impl Format {
    pub fn new(text: &[u8]) -> Self {
        let mut parts = Vec::new();
        let mut plain = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            at += 1;
            match byte {
                b'\\' => match text.get(at) {
                    Some(b'c') => {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                        parts.push(Part::Stop);
                        return Self(parts);
                    }
                    Some(digit @ b'0'..=b'7') => {
                        let mut value = u32::from(digit - b'0');
                        at += 1;
                        for _ in 0..2 {
                            if let Some(digit @ b'0'..=b'7') = text.get(at) {
                                value = value * 8 + u32::from(digit - b'0');
                                at += 1;
                            }
                        }
                        plain.push(value as u8);
                    }
                    Some(letter) => {
                        at += 1;
                        match b"a\x07b\x08f\x0cn\nr\rt\tv\x0b\\\\"
                            .chunks(2)
                            .find(|pair| pair[0] == *letter)
                        {
                            Some(pair) => plain.push(pair[1]),
                            None => plain.extend([b'\\', *letter]),
                        }
                    }
                    None => plain.push(b'\\'),
                },
                b'%' => match field(&text[at..]) {
                    Some((Part::Field { letter: b'%', .. }, len)) => {
                        plain.push(b'%');
                        at += len;
                    }
                    Some((part, len)) => {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                        parts.push(part);
                        at += len;
                    }
                    None => plain.push(b'%'),
                },
                _ => plain.push(byte),
            }
        }
        parts.push(Part::Text(plain));
        Self(parts)
    }

    /// The text for a file.
    pub fn line(&self, entry: &Entry) -> Vec<u8> {
        let mut line = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => line.extend(text),
                Part::Stop => break,
                Part::Field { left, zero, width, precision, letter, time } => {
                    let mut text = value(entry, *letter, *time);
                    if let Some(precision) = precision {
                        text.truncate(*precision);
                    }
                    let fill = width.saturating_sub(text.len());
                    let filler =
                        if *zero && !left && letter.is_ascii_lowercase() { b'0' } else { b' ' };
                    let filler = vec![filler; fill];
                    if *left {
                        line.extend(text);
                        line.extend(filler);
                    } else {
                        line.extend(filler);
                        line.extend(text);
                    }
                }
            }
        }
        line
    }
}

fn field(text: &[u8]) -> Option<(Part, usize)> {
    let mut at = 0;
    let (mut left, mut zero) = (false, false);
    while let Some(flag @ (b'-' | b'0' | b' ' | b'+' | b'#')) = text.get(at) {
        left |= *flag == b'-';
        zero |= *flag == b'0';
        at += 1;
    }
    let number = |at: &mut usize| {
        let mut value = None;
        while let Some(digit @ b'0'..=b'9') = text.get(*at) {
            value = Some(value.unwrap_or(0usize) * 10 + usize::from(digit - b'0'));
            *at += 1;
        }
        value
    };
    let width = number(&mut at).unwrap_or(0).min(4096);
    let mut precision = None;
    if text.get(at) == Some(&b'.') {
        at += 1;
        precision = Some(number(&mut at).unwrap_or(0));
    }
    let letter = *text.get(at)?;
    at += 1;
    let mut time = 0;
    if b"ACT".contains(&letter) {
        time = *text.get(at)?;
        at += 1;
    }
    Some((Part::Field { left, zero, width, precision, letter, time }, at))
}

fn value(entry: &Entry, letter: u8, time: u8) -> Vec<u8> {
    let path = entry.path_bytes();
    let Some(meta) = entry.meta() else { return Vec::new() };
    let text = match letter {
        b'p' => return path.to_vec(),
        b'P' => {
            let rest = &path[entry.start_len.min(path.len())..];
            return rest.strip_prefix(b"/").unwrap_or(rest).to_vec();
        }
        b'H' => return path[..entry.start_len.min(path.len())].to_vec(),
        b'f' => return entry.name().to_vec(),
        b'h' => {
            let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
            return match path[..end].iter().rposition(|byte| *byte == b'/') {
                Some(at) => path[..at].to_vec(),
                None => b".".to_vec(),
            };
        }
        b'l' if entry.kind() == b'l' => match std::fs::read_link(entry.path()) {
            Ok(target) => return target.as_os_str().as_bytes().to_vec(),
            Err(_) => String::new(),
        },
        b'l' => String::new(),
        b'd' => entry.depth.to_string(),
        b's' => meta.len().to_string(),
        b'b' => meta.blocks().to_string(),
        b'k' => meta.blocks().div_ceil(2).to_string(),
        b'm' => format!("{:o}", meta.mode() & 0o7777),
        b'M' => mode(entry.kind(), meta.mode()),
        b'n' => meta.nlink().to_string(),
        b'i' => meta.ino().to_string(),
        b'D' => meta.dev().to_string(),
        b'U' => meta.uid().to_string(),
        b'G' => meta.gid().to_string(),
        b'u' => user(meta.uid()).unwrap_or_else(|| meta.uid().to_string()),
        b'g' => group(meta.gid()).unwrap_or_else(|| meta.gid().to_string()),
        b'y' => char::from(entry.kind()).to_string(),
        b'Y' => match std::fs::metadata(entry.path()) {
            Ok(meta) => char::from(crate::tree::type_letter(meta.file_type())).to_string(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "N".to_owned(),
            Err(_) => "?".to_owned(),
        },
        b'a' => ctime(Stamp::Access.of(meta)),
        b'c' => ctime(Stamp::Change.of(meta)),
        b't' => ctime(Stamp::Modification.of(meta)),
        b'A' => part_of_time(Stamp::Access.of(meta), time),
        b'C' => part_of_time(Stamp::Change.of(meta), time),
        b'T' => part_of_time(Stamp::Modification.of(meta), time),
        _ => return vec![b'%', letter],
    };
    text.into_bytes()
}

fn ctime((secs, nanos): Moment) -> String {
    let now = clock::local(secs);
    let stamp = now.log_stamp();
    format!("{} {stamp}.{nanos:09}0 {}", clock::DAYS[now.weekday], now.year)
}

/// The parts of times that have fractions of seconds in them; all else is strftime's.
fn part_of_time((secs, nanos): Moment, letter: u8) -> String {
    let plain = |format: &str| {
        String::from_utf8_lossy(&strftime(format.as_bytes(), secs, false)).into_owned()
    };
    match letter {
        b'@' => format!("{secs}.{nanos:09}0"),
        b'S' => plain("%S") + &format!(".{nanos:09}0"),
        b'T' | b'X' => plain("%T") + &format!(".{nanos:09}0"),
        b'r' => plain("%I:%M:%S") + &format!(".{nanos:09}0") + &plain(" %p"),
        b'c' => ctime((secs, nanos)),
        b'+' => plain("%F+%T") + &format!(".{nanos:09}0"),
        _ => plain(&format!("%{}", char::from(letter))),
    }
}

/// The line of `-ls`.
pub fn listed(entry: &Entry) -> Vec<u8> {
    let Some(meta) = entry.meta() else { return Vec::new() };
    let when = clock::local(meta.mtime());
    let month = clock::MONTHS[when.month];
    // As in ls: the time for the last half year, else the year.
    let age = clock::now() - meta.mtime();
    let last = if (0..182 * 86400).contains(&age) {
        format!("{:02}:{:02}", when.hour, when.minute)
    } else {
        format!("{:5}", when.year)
    };
    let size = if matches!(entry.kind(), b'b' | b'c') {
        let device = meta.rdev();
        format!("{}, {}", nix::sys::stat::major(device), nix::sys::stat::minor(device))
    } else {
        meta.len().to_string()
    };
    let mut line = format!(
        "{:9} {:6} {} {:3} {:8} {:8} {size:>8} {month} {:2} {last} ",
        meta.ino(),
        meta.blocks().div_ceil(2),
        mode(entry.kind(), meta.mode()),
        meta.nlink(),
        user(meta.uid()).unwrap_or_else(|| meta.uid().to_string()),
        group(meta.gid()).unwrap_or_else(|| meta.gid().to_string()),
        when.day,
    )
    .into_bytes();
    line.extend(entry.path_bytes());
    if entry.kind() == b'l'
        && let Ok(target) = std::fs::read_link(entry.path())
    {
        line.extend(b" -> ");
        line.extend(target.as_os_str().as_bytes());
    }
    line.push(b'\n');
    line
}

/// A mode as ls prints it.
fn mode(kind: u8, mode: u32) -> String {
    let mut text = String::new();
    text.push(if kind == b'f' { '-' } else { char::from(kind) });
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// The name of a user.
pub fn user(id: u32) -> Option<String> {
    nix::unistd::User::from_uid(id.into()).ok().flatten().map(|user| user.name)
}

/// The name of a group.
pub fn group(id: u32) -> Option<String> {
    nix::unistd::Group::from_gid(id.into()).ok().flatten().map(|group| group.name)
}

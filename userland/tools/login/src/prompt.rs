// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions on the terminal, with answers that are shown or not.
//!
//! Bytes are read one by one: what comes after the answer belongs to the program that is started next.

use std::io::{self, Write};
use std::path::PathBuf;

use rustix::io::read;
use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};

/// Reads a line. Nothing at the end of the input.
pub fn line() -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        match read(stdin(), &mut byte) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if matches!(byte[0], b'\n' | b'\r') => break,
            Ok(_) => bytes.push(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The file of the terminal that standard input is.
pub fn terminal() -> Option<PathBuf> {
    if !isatty(stdin()) {
        return None;
    }
    std::fs::read_link("/proc/self/fd/0").ok()
}

/// Asks, and shows the answer.
pub fn ask(question: &str) -> io::Result<Option<String>> {
    let mut out = io::stdout();
    out.write_all(question.as_bytes())?;
    out.flush()?;
    line()
}

/// Asks, and does not show the answer.
pub fn ask_secret(question: &str) -> io::Result<Option<String>> {
    if !isatty(stdin()) {
        return line();
    }
    let old = tcgetattr(stdin())?;
    let mut silent = old.clone();
    silent.local_modes &= !(LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ECHOK);
    // What was typed before the question is no answer to it.
    tcsetattr(stdin(), OptionalActions::Flush, &silent)?;
    let answer = ask(question);
    tcsetattr(stdin(), OptionalActions::Now, &old)?;
    println!();
    answer
}

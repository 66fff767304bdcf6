// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal as a screen: raw keys, its size, and the way back to what it was.

use std::fs::File;
use std::io::{Read, Write};

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character; Enter is `\r`, Escape `\u{1b}`, Ctrl-A `\u{1}`.
    Char(char),
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Delete,
    Insert,
}

/// The terminal in raw mode. Dropping it restores the settings and the screen.
pub struct Screen {
    tty: File,
    old: Termios,
    /// Keys that were read, but not used yet.
    pending: Vec<u8>,
    /// What the next [`Screen::flush`] writes.
    pub out: String,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> Result<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty");
        let tty = tty.context("there is no terminal; start this on one")?;
        let old = tcgetattr(&tty).context("cannot read the terminal's settings")?;
        let mut raw = old.clone();
        raw.make_raw();
        tcsetattr(&tty, OptionalActions::Now, &raw).context("cannot set the terminal")?;
        Ok(Self { tty, old, pending: Vec::new(), out: "\x1b[?1049h".to_owned() })
    }

    /// Rows and columns, at this moment.
    pub fn size(&self) -> (usize, usize) {
        match tcgetwinsize(&self.tty) {
            Ok(size) if size.ws_row > 1 && size.ws_col > 1 => {
                (usize::from(size.ws_row), usize::from(size.ws_col))
            }
            _ => (24, 80),
        }
    }

    /// Writes what has gathered.
    ///
    /// # Errors
    /// Of the terminal.
    pub fn flush(&mut self) -> Result<()> {
        let written = self.tty.write_all(self.out.as_bytes());
        self.out.clear();
        written.context("cannot write to the terminal")
    }

    /// Waits for a key; `None` when the terminal is gone.
    pub fn key(&mut self) -> Option<Key> {
        let first = self.byte()?;
        if first == 0x1b {
            return Some(self.sequence());
        }
        if first < 0x80 {
            return Some(Key::Char(char::from(first)));
        }
        let more = match first {
            0xc0..0xe0 => 1,
            0xe0..0xf0 => 2,
            _ => 3,
        };
        let mut bytes = vec![first];
        for _ in 0..more {
            bytes.extend(self.byte());
        }
        let letter = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
        Some(Key::Char(letter.unwrap_or('\u{fffd}')))
    }

    fn byte(&mut self) -> Option<u8> {
        if self.pending.is_empty() {
            let mut buffer = [0; 256];
            let count = loop {
                match self.tty.read(&mut buffer) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Ok(count) if count > 0 => break count,
                    _ => return None,
                }
            };
            self.pending.extend(buffer[..count].iter().rev());
        }
        self.pending.pop()
    }

    /// Is something there, or will be soon?
    fn follows(&self) -> bool {
        let wait = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        !self.pending.is_empty()
            || poll(&mut [PollFd::new(&self.tty, PollFlags::IN)], Some(&wait))
                .is_ok_and(|count| count > 0)
    }

    /// What begins with Escape: a key's name, or Escape itself.
    fn sequence(&mut self) -> Key {
        let escape = Key::Char('\u{1b}');
        if !self.follows() {
            return escape;
        }
        match self.byte() {
            Some(b'[' | b'O') => {}
            Some(other) => {
                self.pending.push(other);
                return escape;
            }
            None => return escape,
        }
        let mut number = 0_u32;
        while let Some(byte) = self.byte() {
            return match byte {
                b'0'..=b'9' => {
                    number = number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
                    continue;
                }
                b';' => continue,
                b'A' => Key::Up,
                b'B' => Key::Down,
                b'C' => Key::Right,
                b'D' => Key::Left,
                b'H' => Key::Home,
                b'F' => Key::End,
                b'~' => match number {
                    1 | 7 => Key::Home,
                    2 => Key::Insert,
                    3 => Key::Delete,
                    4 | 8 => Key::End,
                    5 => Key::PageUp,
                    6 => Key::PageDown,
                    _ => escape,
                },
                _ => escape,
            };
        }
        escape
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be done when the terminal is gone.
        let _ = self.tty.write_all(b"\x1b[m\x1b[?25h\x1b[?1049l");
        let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.old);
    }
}

/// A character as a terminal can show it, at a column: tabs are blanks, controls are `^A`.
pub fn shown(letter: char, column: usize) -> String {
    match letter {
        '\t' => " ".repeat(8 - column % 8),
        '\0'..'\u{20}' => format!("^{}", char::from(letter as u8 + 64)),
        '\u{7f}' => "^?".to_owned(),
        '\u{80}'..'\u{a0}' => ".".to_owned(),
        _ => letter.to_string(),
    }
}

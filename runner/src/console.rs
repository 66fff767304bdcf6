// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine's console: what the guest's hvc driver reads and writes.
//!
//! In `ochre run` it is the runner's own terminal, or its standard input and output when those are
//! none. In `ochre exec` it is hidden; its last part is shown when the kernel fails.
#![forbid(unsafe_code)]

use crate::queue::{InputQueue, OutputQueue};
use crate::sys::terminal;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a hidden console that are kept for a failure's report.
const TAIL_BYTES: usize = 16 << 10;

/// The key that commands begin with: Ctrl-A, as in QEMU.
const ESCAPE: u8 = 1;

/// What the help key prints.
const HELP: &str = "\r\nCtrl-A x  quit\r\nCtrl-A h  this help\r\nCtrl-A Ctrl-A  send Ctrl-A\r\n";

/// One console.
#[derive(Default)]
pub struct Console {
    /// Keys for the guest.
    pub input: InputQueue,
    /// Text from the guest.
    pub output: OutputQueue,
    size: AtomicU32,
    tail: Mutex<VecDeque<u8>>,
}

impl Console {
    /// Columns and rows as `host_console_size` gives them.
    pub fn size(&self) -> u32 {
        self.size.load(Ordering::Relaxed)
    }

    /// Asks the terminal for its size; tells whether it has changed.
    pub fn update_size(&self) -> bool {
        let (columns, rows) = terminal::size().unwrap_or((0, 0));
        let size = u32::from(columns) << 16 | u32::from(rows);
        self.size.swap(size, Ordering::Relaxed) != size
    }

    /// Prints kernel text that did not come through the tty.
    pub fn early_print(&self, text: &[u8]) {
        if !terminal::is_raw() {
            return self.output.force(text);
        }
        let mut cooked = Vec::with_capacity(text.len() + 16);
        for byte in text {
            if *byte == b'\n' {
                cooked.push(b'\r');
            }
            cooked.push(*byte);
        }
        self.output.force(&cooked);
    }

    /// The last part of a hidden console's text.
    pub fn tail(&self) -> Vec<u8> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// Where console text goes.
pub struct ConsoleSink<'a> {
    /// The console itself.
    pub console: &'a Console,
    /// Show it on standard output?
    pub visible: bool,
    /// A copy.
    pub log: Option<File>,
}

impl Write for ConsoleSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(log) = &mut self.log {
            log.write_all(bytes)?;
        }
        if self.visible {
            io::stdout().write_all(bytes)?;
        } else {
            let mut tail = self.console.tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.extend(bytes);
            let excess = tail.len().saturating_sub(TAIL_BYTES);
            tail.drain(..excess);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.visible { io::stdout().flush() } else { Ok(()) }
    }
}

/// What typed bytes ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave the machine.
    Quit,
    /// Show the keys.
    Help,
}

/// Finds the runner's own commands in what is typed.
#[derive(Debug, Default)]
pub struct EscapeFilter {
    escaped: bool,
}

impl EscapeFilter {
    /// Appends to `keys` what of `typed` is for the guest; calls `command` for the rest.
    pub fn filter(&mut self, typed: &[u8], keys: &mut Vec<u8>, mut command: impl FnMut(Command)) {
        for byte in typed {
            if !std::mem::take(&mut self.escaped) {
                if *byte == ESCAPE {
                    self.escaped = true;
                } else {
                    keys.push(*byte);
                }
                continue;
            }
            match byte {
                b'x' | b'X' => command(Command::Quit),
                b'h' | b'H' | b'?' => command(Command::Help),
                b'a' | b'A' | &ESCAPE => keys.push(ESCAPE),
                other => keys.push(*other),
            }
        }
    }
}

/// Text of the help command.
pub fn help() -> &'static str {
    HELP
}

#[cfg(test)]
mod tests {
    use super::{Command, EscapeFilter};

    #[test]
    fn the_escape_key_is_found_across_reads() {
        let mut filter = EscapeFilter::default();
        let (mut keys, mut commands) = (Vec::new(), Vec::new());
        filter.filter(b"ab\x01", &mut keys, |command| commands.push(command));
        filter.filter(b"xc\x01\x01\x01h", &mut keys, |command| commands.push(command));
        assert_eq!(keys, b"abc\x01");
        assert_eq!(commands, [Command::Quit, Command::Help]);
    }
}

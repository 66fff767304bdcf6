// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program on a real pseudo terminal, driven by what it prints.
//!
//! Two views of the same bytes: the *text*, what was printed in its order without control sequences,
//! in which [`Session::expect`] looks behind the last match; and the *screen*, what a person would
//! see. The session answers the terminal's cursor report, which line editors ask for.
//!
//! Invariants: every wait has a limit, and the session as a whole too; its failure shows screen and
//! text; the program is killed when the session is dropped.

use crate::machine::{IMAGE, part};
use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use regex::Regex;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Rows and columns that a session starts with.
pub const SIZE: (u16, u16) = (24, 80);
/// Limit of one expectation.
const PATIENCE: Duration = Duration::from_secs(15);
/// Limit of a whole session.
const LIMIT: Duration = Duration::from_secs(180);
/// A prompt stands when nothing has followed it for this long: line editors paint in steps.
const QUIET: Duration = Duration::from_millis(40);
/// What a terminal is asked for its cursor's place with.
const CURSOR_REPORT: &[u8] = b"\x1b[6n";
/// The prompt of the guest's shell.
const PROMPT: &str = r"root@ochre:[^\n]*# $";

/// Takes control sequences out of a stream of bytes.
#[derive(Default)]
enum Stripper {
    #[default]
    Text,
    Escape,
    /// `ESC [`, ends with a letter or the like.
    Control,
    /// `ESC ]`, ends with BEL or `ESC \`.
    Command,
    /// One more byte.
    Charset,
}

impl Stripper {
    /// The byte, if it is text.
    fn take(&mut self, byte: u8) -> Option<u8> {
        *self = match (&self, byte) {
            (Self::Text, 0x1b) | (Self::Command, 0x1b) => Self::Escape,
            (Self::Text, _) => return Some(byte),
            (Self::Escape, b'[') => Self::Control,
            (Self::Escape, b']') => Self::Command,
            (Self::Escape, b'(' | b')') => Self::Charset,
            (Self::Control, 0x20..0x40) => Self::Control,
            (Self::Command, 0x07) => Self::Text,
            (Self::Command, _) => Self::Command,
            _ => Self::Text,
        };
        None
    }
}

/// One program on a terminal.
pub struct Session {
    child: Child,
    pty: Arc<Pty>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    stripper: Stripper,
    /// The last bytes, as far as they may begin a cursor report's question.
    question: usize,
    text: Vec<u8>,
    /// Where the last match in the text has ended.
    mark: usize,
    deadline: Instant,
}

impl Session {
    /// `ochre run` with these options.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn machine(options: &[&str]) -> Self {
        let command = Command::new(part("ochre")).arg("run").arg("--initramfs");
        Self::start(command.arg(part(IMAGE)).args(options))
    }

    /// `ochre run`, until the shell's first prompt.
    ///
    /// # Panics
    /// When there is none.
    pub fn shell() -> Self {
        let mut session = Self::machine(&[]);
        session.prompt();
        session
    }

    /// Starts a program.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: Command) -> Self {
        let (pty, terminal) = pty_process::blocking::open().expect("a pseudo terminal");
        pty.resize(Size::new(SIZE.0, SIZE.1)).expect("a size for the terminal");
        let child = command.env("TERM", "xterm-256color").spawn(terminal).expect("a program");
        let pty = Arc::new(pty);
        let (sender, bytes) = channel();
        let reader = Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a terminal's last user is an error on Linux.
            while let Ok(count) = (&*reader).read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (rows, columns) = cells(SIZE.0, SIZE.1);
        Self {
            child,
            pty,
            bytes,
            screen: vt100::Parser::new(rows, columns, 0),
            stripper: Stripper::default(),
            question: 0,
            text: Vec::new(),
            mark: 0,
            deadline: Instant::now() + LIMIT,
        }
    }

    /// Waits until `pattern` matches behind the last match; gives its groups, the whole first.
    ///
    /// # Panics
    /// When it does not come in time.
    #[track_caller]
    pub fn expect(&mut self, pattern: &str) -> Vec<String> {
        self.expect_within(pattern, PATIENCE)
    }

    /// [`Self::expect`] with a limit of its own.
    ///
    /// # Panics
    /// When it does not come in time.
    #[track_caller]
    pub fn expect_within(&mut self, pattern: &str, limit: Duration) -> Vec<String> {
        let regex = Regex::new(pattern).expect("a pattern");
        let end = (Instant::now() + limit).min(self.deadline);
        loop {
            // Bytes that are no UTF-8 yet are one character, so that places stay what they are.
            let text: String =
                self.text[self.mark..].iter().map(|byte| char::from(*byte)).collect();
            if let Some(found) = regex.captures(&text) {
                let whole = found.get(0).expect("group 0");
                self.mark += text[..whole.end()].chars().count();
                let group = |group: Option<regex::Match<'_>>| {
                    group.map(|text| text.as_str().to_owned()).unwrap_or_default()
                };
                return found.iter().map(group).collect();
            }
            if !self.pump(end) {
                panic!("no {pattern:?} on the terminal\n{}", self.transcript());
            }
        }
    }

    /// Waits for the shell's prompt.
    ///
    /// # Panics
    /// When it does not come in time.
    #[track_caller]
    pub fn prompt(&mut self) {
        loop {
            self.expect(PROMPT);
            if self.settle(QUIET) == 0 {
                return;
            }
        }
    }

    /// Sends a line, waits for the prompt after it, and gives what was printed in between.
    ///
    /// # Panics
    /// When the prompt does not come in time.
    #[track_caller]
    pub fn command(&mut self, line: &str) -> String {
        self.line(line);
        // The line editor paints prompt and line until the line is entered.
        self.expect(r"\r\n");
        let start = self.mark;
        self.prompt();
        let printed = String::from_utf8_lossy(&self.text[start..self.mark]).into_owned();
        let end = Regex::new(PROMPT).expect("a pattern").find(&printed).map_or(0, |m| m.start());
        printed[..end].replace("\r\n", "\n")
    }

    /// Sends keys.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn send(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("a terminal that takes keys");
    }

    /// Sends a line and Enter.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn line(&mut self, line: &str) {
        self.send(line);
        self.send("\r");
    }

    /// Gives the terminal another size.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("a terminal that takes a size");
        let (rows, columns) = cells(rows, columns);
        self.screen.set_size(rows, columns);
    }

    /// Reads until nothing has come for so long; tells how many bytes came.
    pub fn settle(&mut self, quiet: Duration) -> usize {
        let start = self.text.len();
        while self.pump((Instant::now() + quiet).min(self.deadline)) {}
        self.text.len() - start
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// The program's process id on the host.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program's end.
    ///
    /// # Panics
    /// When it does not come in time.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                self.settle(QUIET);
                return status;
            }
            self.pump(Instant::now() + Duration::from_millis(10));
            assert!(Instant::now() < end, "the program does not end\n{}", self.transcript());
        }
    }

    /// Screen and text, for a failure's report.
    pub fn transcript(&self) -> String {
        let text = String::from_utf8_lossy(&self.text[..]);
        let behind = String::from_utf8_lossy(&self.text[self.mark..]);
        format!(
            "--- screen\n{}\n--- text\n{}\n--- behind the last match\n{behind:?}",
            self.screen(),
            text.replace('\r', "")
        )
    }

    /// All text that was printed.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// Takes in what comes next; `false` when nothing came until `end`.
    fn pump(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        match self.bytes.recv_timeout(left) {
            Ok(bytes) => {
                self.take(&bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                // Nothing will come; the child's end is for `end` to see.
                thread::sleep(left.min(Duration::from_millis(10)));
                false
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.screen.process(&[*byte]);
            self.text.extend(self.stripper.take(*byte));
            self.question = match CURSOR_REPORT[self.question] == *byte {
                true => self.question + 1,
                false => usize::from(CURSOR_REPORT[0] == *byte),
            };
            if self.question == CURSOR_REPORT.len() {
                self.question = 0;
                let (row, column) = self.screen.screen().cursor_position();
                let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                // A program that is gone does not wait for it.
                let _ = (&*self.pty).write_all(answer.as_bytes());
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(rows: u16, columns: u16) -> (NonZeroU16, NonZeroU16) {
    let cells = |count| NonZeroU16::new(count).expect("a terminal with at least one cell");
    (cells(rows), cells(columns))
}

#[cfg(test)]
mod tests {
    use super::{Command, Session, Stripper};

    #[test]
    fn control_sequences_are_taken_out_of_text() {
        let mut stripper = Stripper::default();
        let stripped: Vec<u8> = b"a\x1b[1;31mb\x1b]0;title\x07c\x1b]8;;x\x1b\\d\x1b(Be\x1b7f"
            .iter()
            .filter_map(|byte| stripper.take(*byte))
            .collect();
        assert_eq!(String::from_utf8_lossy(&stripped), "abcdef");
    }

    #[test]
    fn a_program_on_the_host_can_be_driven() {
        let mut session = Session::start(
            Command::new("bash").args(["--norc", "--noediting", "-i"]).env("PS1", "ready> "),
        );
        session.expect("ready> ");
        session.line("stty size; printf 'where\\033[6n'; IFS=R read -d R x; echo got $((6*7))");
        assert_eq!(session.expect(r"\n(\d+) (\d+)\r")[1..], ["24", "80"]);
        session.expect("got 42");
        session.expect("ready> ");
        session.resize(30, 100);
        session.line("stty size");
        session.expect(r"\n30 100\r");
        session.line("exit 7");
        assert_eq!(session.end().code(), Some(7));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `telnet`: the terminal of another host (RFC 854 and its options).
//!
//! Options that are known: echo (RFC 857), suppress go-ahead (858), terminal type (1091), window size
//! (1073) and the user's name (1572). What the peer wants else is refused.

use std::io::{self, IsTerminal, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use ochre_applet::{Args, parse};

use crate::connect;

/// Use the terminal of another host.
///
/// Ctrl-] leads to telnet's own commands. When the input ends, telnet goes on until the host closes
/// the connection.
#[derive(clap::Parser)]
#[command(name = "telnet")]
struct Options {
    /// Tell the host the name in $USER
    #[arg(short)]
    auto: bool,
    /// Tell the host this name of a user
    #[arg(short, value_name = "USER")]
    login: Option<String>,
    /// Host
    host: String,
    /// Port
    #[arg(default_value_t = 23)]
    port: u16,
}

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;
const NEW_ENVIRON: u8 = 39;

const IS: u8 = 0;
const SEND: u8 = 1;
const VAR: u8 = 0;
const VALUE: u8 = 1;

/// Ctrl-].
const ESCAPE: u8 = 0x1d;
/// The longest option that is taken; the peer can fill no memory with one.
const LONGEST: usize = 512;

/// The applet.
pub fn telnet(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let user = match options.login {
        Some(user) => Some(user),
        None if options.auto => std::env::var("USER").ok(),
        None => None,
    };
    let stream = connect(&options.host, options.port)?;
    println!("Connected to {}", options.host);
    io::stdout().flush()?;
    let stdin = io::stdin();
    let before = if stdin.is_terminal() { tcgetattr(&stdin).ok() } else { None };
    let terminal = std::env::var("TERM").unwrap_or_default();
    let talk = Talk { terminal, user, size: window_size(), ..Talk::default() };
    let mut session = Session { stream, talk, before, raw: false, input_open: true };
    let result = session.run();
    session.restore();
    result
}

/// Columns and lines of the terminal.
fn window_size() -> (u16, u16) {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

/// What is read between two bytes of the host.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// A carriage return, which a zero may follow.
    Return,
    Command,
    Option(u8),
    /// An option's own words.
    Words,
    WordsCommand,
}

/// The protocol without its sockets: bytes of the host in, text and answers out.
#[derive(Default)]
struct Talk {
    state: State,
    words: Vec<u8>,
    terminal: String,
    user: Option<String>,
    size: (u16, u16),
    /// Options that the host has, and those that are on here: nothing is agreed to twice.
    theirs: Vec<u8>,
    ours: Vec<u8>,
}

impl Talk {
    /// Takes a byte; text goes to `text`, answers to `answers`.
    fn take(&mut self, byte: u8, text: &mut Vec<u8>, answers: &mut Vec<u8>) {
        self.state = match (self.state, byte) {
            (State::Text | State::Return, IAC) => State::Command,
            // A return alone is sent with a zero behind it.
            (State::Return, 0) => State::Text,
            (State::Text | State::Return, byte) => {
                text.push(byte);
                if byte == b'\r' { State::Return } else { State::Text }
            }
            (State::Command, IAC) => {
                text.push(IAC);
                State::Text
            }
            (State::Command, WILL | WONT | DO | DONT) => State::Option(byte),
            (State::Command, SB) => {
                self.words.clear();
                State::Words
            }
            (State::Command, _) => State::Text,
            (State::Option(verb), option) => {
                self.agree(verb, option, answers);
                State::Text
            }
            (State::Words, IAC) => State::WordsCommand,
            (State::Words, byte) => {
                if self.words.len() < LONGEST {
                    self.words.push(byte);
                }
                State::Words
            }
            (State::WordsCommand, SE) => {
                self.answer(answers);
                State::Text
            }
            (State::WordsCommand, byte) => {
                if byte == IAC && self.words.len() < LONGEST {
                    self.words.push(IAC);
                }
                State::Words
            }
        };
    }

    fn agree(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        let (list, known, yes, no) = match verb {
            WILL | WONT => {
                let known = matches!(option, ECHO | SUPPRESS_GO_AHEAD);
                (&mut self.theirs, known, DO, DONT)
            }
            _ => {
                let known = match option {
                    TERMINAL_TYPE => !self.terminal.is_empty(),
                    NEW_ENVIRON => self.user.is_some(),
                    WINDOW_SIZE | SUPPRESS_GO_AHEAD => true,
                    _ => false,
                };
                (&mut self.ours, known, WILL, WONT)
            }
        };
        let place = list.iter().position(|on| *on == option);
        match (verb, place) {
            (WILL | DO, None) if known => {
                list.push(option);
                answers.extend([IAC, yes, option]);
                if verb == DO && option == WINDOW_SIZE {
                    let (columns, lines) = self.size;
                    let mut words = vec![WINDOW_SIZE];
                    words.extend(columns.to_be_bytes());
                    words.extend(lines.to_be_bytes());
                    send_words(&words, answers);
                }
            }
            (WILL | DO, None) => answers.extend([IAC, no, option]),
            (WONT | DONT, Some(place)) => {
                list.remove(place);
                answers.extend([IAC, no, option]);
            }
            // It is as the host says already.
            _ => {}
        }
    }

    fn answer(&self, answers: &mut Vec<u8>) {
        match self.words[..] {
            [TERMINAL_TYPE, SEND, ..] => {
                let mut words = vec![TERMINAL_TYPE, IS];
                words.extend_from_slice(self.terminal.as_bytes());
                send_words(&words, answers);
            }
            [NEW_ENVIRON, SEND, ..] => {
                if let Some(user) = &self.user {
                    let mut words = vec![NEW_ENVIRON, IS, VAR];
                    words.extend_from_slice(b"USER");
                    words.push(VALUE);
                    words.extend_from_slice(user.as_bytes());
                    send_words(&words, answers);
                }
            }
            _ => {}
        }
    }

    /// Whether the host echoes and takes each character as it is typed.
    fn is_by_character(&self) -> bool {
        self.theirs.contains(&ECHO) && self.theirs.contains(&SUPPRESS_GO_AHEAD)
    }
}

fn send_words(words: &[u8], answers: &mut Vec<u8>) {
    answers.extend([IAC, SB]);
    for byte in words {
        answers.push(*byte);
        if *byte == IAC {
            answers.push(IAC);
        }
    }
    answers.extend([IAC, SE]);
}

/// Typed bytes as they are sent: the ends of lines are the network's.
fn typed(bytes: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for byte in bytes {
        match *byte {
            b'\n' => sent.extend(*b"\r\n"),
            b'\r' => sent.extend(*b"\r\0"),
            IAC => sent.extend([IAC, IAC]),
            byte => sent.push(byte),
        }
    }
    sent
}

struct Session {
    stream: TcpStream,
    talk: Talk,
    /// How the terminal was set, if there is one.
    before: Option<Termios>,
    /// Whether it gives each character at once.
    raw: bool,
    input_open: bool,
}

impl Session {
    fn run(&mut self) -> anyhow::Result<u8> {
        let mut buffer = [0; 4096];
        loop {
            let (typed_some, came_some) = self.wait()?;
            if came_some {
                let count = match self.stream.read(&mut buffer) {
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
                    Err(error) => return Err(error).context("can't read from the host"),
                };
                if count == 0 {
                    self.restore();
                    println!("Connection closed by foreign host");
                    return Ok(1);
                }
                self.take(&buffer[..count])?;
            }
            if typed_some {
                // Not through std's buffer, into which poll does not see.
                let count = match nix::unistd::read(io::stdin(), &mut buffer) {
                    Err(Errno::EINTR) => continue,
                    result => result.context("can't read the input")?,
                };
                let bytes = &buffer[..count];
                if count == 0 {
                    self.input_open = false;
                    // The host learns that nothing more will come.
                    let _ = self.stream.shutdown(std::net::Shutdown::Write);
                } else if bytes.contains(&ESCAPE) && self.before.is_some() {
                    if self.command()? {
                        return Ok(0);
                    }
                } else {
                    self.stream.write_all(&typed(bytes)).context("can't write to the host")?;
                }
            }
        }
    }

    /// Waits until something was typed, or came.
    fn wait(&self) -> anyhow::Result<(bool, bool)> {
        let stdin = io::stdin();
        let mut ready = vec![PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
        if self.input_open {
            ready.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut ready, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok((false, false)),
            result => result.context("can't wait")?,
        };
        let is_ready = |at: usize| ready.get(at).and_then(PollFd::any).unwrap_or(false);
        Ok((is_ready(1), is_ready(0)))
    }

    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let (mut text, mut answers) = (Vec::new(), Vec::new());
        for byte in bytes {
            self.talk.take(*byte, &mut text, &mut answers);
        }
        if !answers.is_empty() {
            self.stream.write_all(&answers).context("can't write to the host")?;
        }
        io::stdout().write_all(&text)?;
        io::stdout().flush()?;
        self.set_mode(self.talk.is_by_character());
        Ok(())
    }

    /// Has the terminal give each character at once, or lines.
    fn set_mode(&mut self, raw: bool) {
        if let Some(before) = &self.before
            && raw != self.raw
        {
            let mut settings = before.clone();
            if raw {
                cfmakeraw(&mut settings);
            }
            if tcsetattr(io::stdin(), SetArg::TCSADRAIN, &settings).is_ok() {
                self.raw = raw;
                let kind = if raw { "character" } else { "line" };
                print!("\r\nEntering {kind} mode\r\nEscape character is '^]'.\r\n");
                let _ = io::stdout().flush();
            }
        }
    }

    fn restore(&mut self) {
        if let Some(before) = &self.before {
            // There is no other way to set it if this one fails.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
            self.raw = false;
        }
    }

    /// telnet's own commands; tells whether it was told to end.
    fn command(&mut self) -> anyhow::Result<bool> {
        let was_raw = self.raw;
        self.restore();
        print!(
            "\r\nConsole escape. Commands are:\r\n\n l\tgo to line mode\r\n c\tgo to character mode\r\n \
             z\tsuspend telnet\r\n e\texit telnet\r\n"
        );
        io::stdout().flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        match line.trim().as_bytes() {
            [b'e'] => return Ok(true),
            [b'l'] => return Ok(false),
            [b'c'] => {
                self.set_mode(true);
                return Ok(false);
            }
            [b'z'] => {
                if let Err(error) = raise(Signal::SIGTSTP) {
                    bail!("can't be suspended: {}", error.desc());
                }
            }
            _ => {}
        }
        if was_raw {
            self.set_mode(true);
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut talk = Talk {
            terminal: "vt100".to_owned(),
            user: Some("me".to_owned()),
            size: (80, 24),
            ..Talk::default()
        };
        let (mut text, mut answers) = (Vec::new(), Vec::new());
        for byte in bytes {
            talk.take(*byte, &mut text, &mut answers);
        }
        (text, answers)
    }

    #[test]
    fn options_are_agreed_to_or_refused_once() {
        let asked = b"\xff\xfb\x01\xff\xfb\x01\xff\xfb\x03\xff\xfd\x01\xff\xfb\x2a";
        let answer = b"\xff\xfd\x01\xff\xfd\x03\xff\xfc\x01\xff\xfe\x2a";
        assert_eq!(exchange(asked), (Vec::new(), answer.to_vec()));
        let taken_back = b"\xff\xfb\x01\xff\xfc\x01\xff\xfc\x01";
        assert_eq!(exchange(taken_back).1, b"\xff\xfd\x01\xff\xfe\x01");
    }

    #[test]
    fn terminal_window_and_user_are_told() {
        assert_eq!(
            exchange(b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0").1,
            b"\xff\xfb\x18\xff\xfa\x18\x00vt100\xff\xf0"
        );
        assert_eq!(
            exchange(b"\xff\xfd\x1f").1,
            b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0"
        );
        assert_eq!(
            exchange(b"\xff\xfd\x27\xff\xfa\x27\x01\xff\xf0").1,
            b"\xff\xfb\x27\xff\xfa\x27\x00\x00USER\x01me\xff\xf0"
        );
    }

    #[test]
    fn text_is_freed_of_the_protocol() {
        assert_eq!(exchange(b"a\r\0b\r\nc\xff\xffd\xff\xf9e").0, b"a\rb\r\nc\xffde");
        assert_eq!(typed(b"a\nb\rc\xff"), b"a\r\nb\r\0c\xff\xff");
    }
}

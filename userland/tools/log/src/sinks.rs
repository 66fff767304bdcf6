// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where syslogd puts lines: files that are turned over when they are full, the buffer in memory, the
//! kernel's log, another machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::UdpSocket;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::message::Message;
use crate::ring::Ring;

/// The port of syslog.
const PORT: u16 = 514;

/// A log in a file.
pub struct LogFile {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
    /// Turned over when it is longer than this; 0: never.
    pub limit: u64,
    /// How many old ones are kept.
    pub kept: u32,
}

impl LogFile {
    /// Opens the file, and makes it if need be.
    pub fn open(path: &Path, limit: u64, kept: u32) -> Result<Self> {
        let mut log = Self { path: path.to_owned(), file: None, bytes: 0, limit, kept };
        log.reopen().with_context(|| path.display().to_string())?;
        Ok(log)
    }

    /// Opens it anew, for it may have been moved away.
    pub fn reopen(&mut self) -> io::Result<()> {
        let file = OpenOptions::new().append(true).create(true).mode(0o640).open(&self.path)?;
        let about = file.metadata()?;
        // What is no file has no length that could be limited.
        if !about.is_file() {
            self.limit = 0;
        }
        self.bytes = about.len();
        self.file = Some(file);
        Ok(())
    }

    /// Adds a line.
    pub fn write(&mut self, line: &str) -> io::Result<()> {
        if self.limit > 0 && self.bytes + line.len() as u64 > self.limit && self.bytes > 0 {
            self.turn_over()?;
        }
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes())?;
            self.bytes += line.len() as u64;
        }
        Ok(())
    }

    fn turn_over(&mut self) -> io::Result<()> {
        let old = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        if self.kept == 0 {
            fs::remove_file(&self.path)?;
        } else {
            for number in (1..self.kept).rev() {
                // There is none yet, at first.
                let _ = fs::rename(old(number - 1), old(number));
            }
            fs::rename(&self.path, old(0))?;
        }
        self.reopen()
    }
}

/// A place for lines.
pub enum Sink {
    /// A file.
    File(LogFile),
    /// The buffer of logread.
    Ring(Ring),
    /// The kernel's log.
    Kmsg(File),
    /// Another machine's syslogd, at `HOST:PORT`.
    Remote(UdpSocket, String),
}

impl Sink {
    /// The sink for `HOST` or `HOST:PORT`.
    pub fn remote(host: &str) -> Result<Self> {
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:{PORT}") };
        let socket = UdpSocket::bind("0.0.0.0:0").context("cannot make a socket")?;
        Ok(Self::Remote(socket, address))
    }

    /// Puts a message there; `line` is how files have it.
    pub fn write(&mut self, message: &Message, line: &str) -> io::Result<()> {
        match self {
            Self::File(file) => file.write(line),
            Self::Ring(ring) => ring.write(line.as_bytes()),
            Self::Kmsg(file) => {
                file.write_all(format!("<{}>{}\n", message.priority, message.text).as_bytes())
            }
            Self::Remote(socket, address) => {
                let Message { priority, stamp, text } = message;
                // A log that cannot be reached must not stop the others: it may be there later.
                let _ = socket.send_to(format!("<{priority}>{stamp} {text}").as_bytes(), &*address);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_turned_over() {
        let folder = std::env::temp_dir().join(format!("log-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("messages");
        let mut log = LogFile::open(&path, 10, 2).expect("a file");
        for line in ["one 1\n", "two 2\n", "three\n", "four\n"] {
            log.write(line).expect("room");
        }
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(read("messages"), "four\n");
        assert_eq!((read("messages.0"), read("messages.1")), ("three\n".into(), "two 2\n".into()));
        fs::remove_dir_all(&folder).expect("our own folder");
    }
}

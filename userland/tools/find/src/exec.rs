// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that find runs: one for each file, or one for as many as fit.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use ochre_applet::{complain, reason};

use crate::walk::Entry;

/// Bytes of names for one command.
const BATCH_BYTES: usize = 100 * 1024;

/// A command of the expression.
pub struct Exec {
    pub words: Vec<OsString>,
    /// `{} +`: names are collected.
    pub many: bool,
    /// Run in the file's folder.
    pub there: bool,
    pub ask: bool,
    /// Names that wait, and the folder they are in.
    waiting: RefCell<(PathBuf, Vec<OsString>)>,
    failed: Cell<bool>,
}

impl Exec {
    pub fn new(words: Vec<OsString>, many: bool, there: bool, ask: bool) -> Self {
        let waiting = RefCell::default();
        Self { words, many, there, ask, waiting, failed: Cell::new(false) }
    }

    /// For one file: did the command succeed? Always for one whose names are collected.
    pub fn run(&self, entry: &Entry) -> Result<bool> {
        let (folder, name) = if self.there {
            let name = [b"./", entry.name()].concat();
            let end = entry.path_bytes().len().saturating_sub(entry.name().len());
            let above = Path::new(std::ffi::OsStr::from_bytes(&entry.path_bytes()[..end]));
            let above = if end == 0 { Path::new(".") } else { above };
            (above.to_owned(), OsString::from_vec(name))
        } else {
            (PathBuf::new(), entry.path().as_os_str().to_owned())
        };
        if self.many {
            let full = {
                let waiting = self.waiting.borrow();
                let bytes: usize = waiting.1.iter().map(|name| name.len() + 1).sum();
                waiting.0 != folder || bytes + name.len() > BATCH_BYTES
            };
            if full {
                self.run_waiting()?;
            }
            let mut waiting = self.waiting.borrow_mut();
            waiting.0 = folder;
            waiting.1.push(name);
            return Ok(true);
        }
        let words: Vec<OsString> = self
            .words
            .iter()
            .map(|word| OsString::from_vec(replaced(word.as_bytes(), name.as_bytes())))
            .collect();
        if self.ask {
            let mut error = std::io::stderr();
            std::io::stdout().flush()?;
            write!(error, "< {} ... {} > ? ", words[0].display(), entry.path().display())?;
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            if !line.starts_with(['y', 'Y']) {
                return Ok(false);
            }
        }
        run(&words, &folder)
    }

    /// Runs what still waits; false when one of the commands failed.
    pub fn finish(&self) -> Result<bool> {
        self.run_waiting()?;
        Ok(!self.failed.get())
    }

    fn run_waiting(&self) -> Result<()> {
        let (folder, names) = std::mem::take(&mut *self.waiting.borrow_mut());
        if names.is_empty() {
            return Ok(());
        }
        let mut words = self.words.clone();
        words.extend(names);
        if !run(&words, &folder)? {
            self.failed.set(true);
        }
        Ok(())
    }
}

fn run(words: &[OsString], folder: &Path) -> Result<bool> {
    std::io::stdout().flush()?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    match command.status() {
        Ok(status) => Ok(status.success()),
        Err(error) => {
            complain("find", format_args!("'{}': {}", words[0].display(), reason(&error)));
            Ok(false)
        }
    }
}

fn replaced(word: &[u8], name: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"{}") {
        result.extend(&rest[..at]);
        result.extend(name);
        rest = &rest[at + 2..];
    }
    result.extend(rest);
    result
}

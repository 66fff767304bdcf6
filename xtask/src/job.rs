// SPDX-License-Identifier: MIT OR Apache-2.0
//! One step at work: its output folder, its log file, its progress. Commands of a step run through
//! [`Job::run`], so that all they print is in the log and a failure names it.

use crate::progress::Progress;
use crate::workspace::make_folder;
use anyhow::{Context as _, Result, anyhow, bail};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How much of a failed command's output stands in the error itself: the first lines that speak of an
/// error, for with parallel jobs much may follow them, and the last lines.
const ERROR_LINES: usize = 6;
const TAIL_LINES: usize = 12;

/// A step at work.
pub struct Job {
    /// Where the step puts what it makes; published when the step has succeeded.
    pub out: PathBuf,
    log: RefCell<File>,
    log_path: PathBuf,
    progress: Progress,
    /// The lock of the step. Commands get it as their (empty) standard input: whoever outlives an xtask
    /// that was killed keeps the next one from working in the same folders.
    lock: Option<File>,
}

impl Job {
    /// Starts the step `name`, logging to `log_path`.
    pub fn start(name: &str, out: PathBuf, log_path: PathBuf) -> Result<Self> {
        if let Some(folder) = log_path.parent() {
            make_folder(folder)?;
        }
        let log = File::create(&log_path)
            .with_context(|| format!("cannot write the log {}", log_path.display()))?;
        let progress = Progress::start(name);
        Ok(Self { out, log: RefCell::new(log), log_path, progress, lock: None })
    }

    /// Lets the step's commands hold its lock.
    pub fn with_lock(mut self, lock: File) -> Self {
        self.lock = Some(lock);
        self
    }

    /// Runs a command to its end; its output goes to the log.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        self.capture(command).map(drop)
    }

    /// Like [`Self::run`]; returns the lines of its output that matter.
    pub fn capture(&self, command: &mut Command) -> Result<String> {
        let line = command_line(command);
        self.log_line(&format!("$ {line}"));
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        let stdin = match &self.lock {
            Some(lock) => Stdio::from(lock.try_clone()?),
            None => Stdio::null(),
        };
        let mut child = command
            .stdin(stdin)
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()
            .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        // The command holds the writing ends too; only the child's own may stay open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (mut errors, mut tail) = (Vec::new(), VecDeque::new());
        for raw in BufReader::new(reader).split(b'\n') {
            let raw = raw?;
            let text = String::from_utf8_lossy(&raw);
            self.log_line(&text);
            if !text.trim().is_empty() {
                self.progress.show(text.trim());
                tail.push_back(text.into_owned());
                if tail.len() > TAIL_LINES {
                    let passed = tail.pop_front().unwrap_or_default();
                    if errors.len() < ERROR_LINES && speaks_of_error(&passed) {
                        errors.push(passed);
                    }
                }
            }
        }
        let status = child.wait()?;
        let tail = errors.into_iter().chain(tail).collect::<Vec<_>>().join("\n");
        if status.success() {
            return Ok(tail);
        }
        let hint = if tail.contains("No space left on device") {
            "\nthe disk is full: free some space and run the same command again; it continues"
        } else {
            ""
        };
        Err(anyhow!(
            "`{line}` failed ({status}); the lines that matter:\n{tail}\n\
             the whole log: {}{hint}",
            self.log_path.display()
        ))
    }

    /// Shows and logs what the step is at.
    pub fn say(&self, message: &str) {
        self.log_line(message);
        self.progress.show(message);
    }

    /// Refuses to begin what would only fill the disk up.
    pub fn need_disk(&self, folder: &Path, mib: u64) -> Result<()> {
        let output = Command::new("df").args(["--output=avail", "-B1M"]).arg(folder).output();
        let Ok(output) = output else { return Ok(()) };
        let text = String::from_utf8_lossy(&output.stdout);
        // Without a number (a df of another make), the step itself finds out.
        let Some(free) = text.lines().nth(1).and_then(|line| line.trim().parse::<u64>().ok())
        else {
            return Ok(());
        };
        if free < mib {
            bail!(
                "{} has {free} MiB free and this step needs {mib} MiB: free some space, then run \
                 the same command again; it continues",
                folder.display()
            );
        }
        Ok(())
    }

    /// Ends a step that has succeeded.
    pub fn finish(self) {
        self.progress.finish();
    }

    /// Ends a step that has failed.
    pub fn abandon(&self) {
        self.progress.clear();
    }

    fn log_line(&self, line: &str) {
        // A log that cannot be written must not stop the build; a full disk shows soon enough.
        let _ = writeln!(self.log.borrow_mut(), "{line}");
    }
}

fn speaks_of_error(line: &str) -> bool {
    ["error:", "error[", "Error:", "undefined symbol", "No rule to make", "cannot "]
        .iter()
        .any(|word| line.contains(word))
}

/// A command as one could type it.
fn command_line(command: &Command) -> String {
    let mut words = Vec::new();
    if let Some(folder) = command.get_current_dir() {
        words.push(format!("cd {} &&", quote(folder.as_os_str())));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.display(), quote(value)));
        }
    }
    words.push(quote(command.get_program()));
    words.extend(command.get_args().map(quote));
    words.join(" ")
}

fn quote(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+/.,:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(folder: &Path) -> Job {
        Job::start("test", folder.to_path_buf(), folder.join("test.log")).unwrap()
    }

    #[test]
    fn a_failure_names_command_output_and_log() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        let error = job.run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]));
        let text = error.unwrap_err().to_string();
        for part in ["sh -c 'echo out", "exit status: 3", "out\nerr", "test.log"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let log = std::fs::read_to_string(folder.path().join("test.log")).unwrap();
        assert!(log.ends_with("out\nerr\n"), "{log}");
    }

    #[test]
    fn a_full_disk_gets_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        let result =
            job.run(Command::new("sh").args(["-c", "echo No space left on device; false"]));
        assert!(result.unwrap_err().to_string().contains("free some space"));
        assert!(job.need_disk(folder.path(), 1).is_ok());
        let error = job.need_disk(folder.path(), u64::MAX).unwrap_err().to_string();
        assert!(error.contains("MiB free"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = job(folder.path()).run(&mut Command::new("no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("cannot start `no-such-program`"), "{error:#}");
    }
}

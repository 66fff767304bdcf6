// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is measured against each other: programs that wait for a line on standard input, do what it
//! says and answer with a line. So several can take turns, and what else goes on on the machine meets
//! all of them alike.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program that takes part.
pub struct Participant {
    /// What it is called in tables.
    pub name: String,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Participant {
    /// Starts one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("no pipes to {name}");
        };
        Ok(Self { name: name.to_owned(), child, orders, answers: BufReader::new(answers) })
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line and waits for the answer.
    ///
    /// # Errors
    /// When the program has ended.
    pub fn ask(&mut self, order: &str) -> anyhow::Result<String> {
        let sent = writeln!(self.orders, "{order}").and_then(|()| self.orders.flush());
        sent.with_context(|| format!("{} no longer takes orders, after `{order}`", self.name))?;
        self.answer()
    }

    /// Waits for a further line.
    ///
    /// # Errors
    /// When the program has ended.
    pub fn answer(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let count = self.answers.read_line(&mut line);
        if count.with_context(|| format!("cannot read what {} answers", self.name))? == 0 {
            bail!("{} has ended where an answer was due", self.name);
        }
        Ok(line.trim_end().to_owned())
    }

    /// Lets a program of kernels run one: see `compute`.
    ///
    /// # Errors
    /// When it does not answer as it should.
    pub fn compute(&mut self, kernel: &str, rounds: u32) -> anyhow::Result<Sample> {
        let answer = self.ask(&format!("{kernel} {rounds}"))?;
        let parse = || {
            let mut words = answer.strip_prefix(kernel)?.split_ascii_whitespace();
            let ns = words.next()?.parse().ok()?;
            Some(Sample { ns, result: words.next()?.to_owned() })
        };
        parse().with_context(|| format!("{} answers `{kernel}` with `{answer}`", self.name))
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a kernel went.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Processor time.
    pub ns: u64,
    /// What was computed, the same for every participant.
    pub result: String,
}

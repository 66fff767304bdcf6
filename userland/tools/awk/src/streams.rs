// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files and pipes by their names, open until they are closed or the program ends.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use indexmap::IndexMap;

use crate::input::Reader;
use crate::syntax::Way;
use crate::value::Text;

enum Out {
    File(BufWriter<File>),
    Pipe(Child, BufWriter<ChildStdin>),
}

/// All open ones.
pub struct Streams {
    standard: BufWriter<std::io::Stdout>,
    is_terminal: bool,
    outputs: IndexMap<Text, Out>,
    inputs: IndexMap<Text, (Reader, Option<Child>)>,
}

impl Streams {
    pub fn new() -> Self {
        let standard = std::io::stdout();
        let is_terminal = standard.is_terminal();
        let standard = BufWriter::with_capacity(16 * 1024, standard);
        Self { standard, is_terminal, outputs: IndexMap::new(), inputs: IndexMap::new() }
    }

    /// Writes to standard output.
    pub fn print(&mut self, text: &[u8]) -> Result<()> {
        self.standard.write_all(text)?;
        if self.is_terminal {
            self.flush_standard()?;
        }
        Ok(())
    }

    fn flush_standard(&mut self) -> Result<()> {
        self.standard.flush()?;
        self.standard.get_mut().flush()?;
        Ok(())
    }

    /// Writes to a file or a command, opened where it is not.
    pub fn write(&mut self, way: Way, name: &Text, text: &[u8]) -> Result<()> {
        if way != Way::Pipe {
            match &name[..] {
                b"/dev/stdout" | b"-" => return self.print(text),
                b"/dev/stderr" => {
                    self.flush_standard()?;
                    std::io::stderr().write_all(text)?;
                    return Ok(());
                }
                _ => {}
            }
        }
        if !self.outputs.contains_key(name) {
            let out = self.open(way, name)?;
            self.outputs.insert(name.clone(), out);
        }
        match self.outputs.get_mut(name) {
            Some(Out::File(file)) => file.write_all(text)?,
            Some(Out::Pipe(_, pipe)) => pipe.write_all(text)?,
            None => {}
        }
        Ok(())
    }

    fn open(&mut self, way: Way, name: &[u8]) -> Result<Out> {
        let path = std::ffi::OsStr::from_bytes(name);
        let file = match way {
            Way::File => File::create(path),
            Way::Append => File::options().append(true).create(true).open(path),
            Way::Pipe => {
                self.flush()?;
                let mut child =
                    shell(name).stdin(Stdio::piped()).spawn().context("cannot run sh")?;
                let pipe = child.stdin.take().context("no pipe to the command")?;
                return Ok(Out::Pipe(child, BufWriter::new(pipe)));
            }
        };
        match file {
            Ok(file) => Ok(Out::File(BufWriter::new(file))),
            Err(error) => {
                anyhow::bail!(
                    "can't redirect to '{}': {}",
                    path.display(),
                    ochre_applet::reason(&error)
                )
            }
        }
    }

    /// The reader of a file or of a command's output; or the number of the error if it cannot be opened.
    pub fn input(
        &mut self,
        name: &Text,
        is_command: bool,
    ) -> Result<std::result::Result<&mut Reader, i32>> {
        if !self.inputs.contains_key(name) {
            let opened = if is_command {
                self.flush()?;
                let mut child =
                    shell(name).stdout(Stdio::piped()).spawn().context("cannot run sh")?;
                let pipe = child.stdout.take().context("no pipe from the command")?;
                (Reader::new(Box::new(pipe)), Some(child))
            } else if matches!(&name[..], b"-" | b"/dev/stdin") {
                (Reader::new(Box::new(std::io::stdin())), None)
            } else {
                match File::open(std::ffi::OsStr::from_bytes(name)) {
                    Ok(file) => (Reader::new(Box::new(file)), None),
                    Err(error) => return Ok(Err(error.raw_os_error().unwrap_or(-1))),
                }
            };
            self.inputs.insert(name.clone(), opened);
        }
        Ok(self.inputs.get_mut(name).map(|(reader, _)| reader).ok_or(-1))
    }

    /// Closes what has this name: a command's status, 0 for a file, -1 for nothing.
    pub fn close(&mut self, name: &[u8]) -> Result<i32> {
        let mut status = -1;
        if let Some(out) = self.outputs.shift_remove(name) {
            // What is written for a command comes after what was printed so far.
            self.flush_standard()?;
            status = end(out)?;
        }
        if let Some((reader, child)) = self.inputs.shift_remove(name) {
            drop(reader);
            status = match child {
                Some(mut child) => code(child.wait()?),
                None => 0,
            };
        }
        Ok(status)
    }

    /// Flushes all.
    pub fn flush(&mut self) -> Result<()> {
        self.flush_standard()?;
        for out in self.outputs.values_mut() {
            match out {
                Out::File(file) => file.flush()?,
                Out::Pipe(_, pipe) => pipe.flush()?,
            }
        }
        Ok(())
    }

    /// Runs a command with the shell.
    pub fn system(&mut self, command: &[u8]) -> Result<i32> {
        self.flush()?;
        Ok(code(shell(command).status().context("cannot run sh")?))
    }

    /// Closes all.
    pub fn finish(&mut self) -> Result<()> {
        self.flush_standard()?;
        for (_, out) in std::mem::take(&mut self.outputs) {
            end(out)?;
        }
        for (_, (reader, child)) in std::mem::take(&mut self.inputs) {
            drop(reader);
            if let Some(mut child) = child {
                child.wait()?;
            }
        }
        Ok(())
    }
}

fn end(out: Out) -> Result<i32> {
    match out {
        Out::File(mut file) => {
            file.flush()?;
            Ok(0)
        }
        Out::Pipe(mut child, mut pipe) => {
            pipe.flush()?;
            drop(pipe);
            Ok(code(child.wait()?))
        }
    }
}

fn shell(command: &[u8]) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(std::ffi::OsStr::from_bytes(command));
    shell
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 256 + status.signal().unwrap_or(0))
}

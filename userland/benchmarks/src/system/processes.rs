// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes: started with `posix_spawn` and waited for.

use super::{Place, check, timed};
use crate::clock::monotonic_ns;
use std::ffi::{CString, OsStr};
use std::io::{self, Write, pipe};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::ptr::null;

/// A path as C wants it.
pub fn c_string(text: impl AsRef<OsStr>) -> io::Result<CString> {
    Ok(CString::new(text.as_ref().as_bytes())?)
}

/// Starts a program and waits for its end; its status must be 0.
fn spawn_and_wait(program: &Path, arguments: &[&str], rounds: u32) -> io::Result<u64> {
    let path = c_string(program)?;
    let name = c_string(program.file_name().unwrap_or_default())?;
    let mut words = vec![name];
    for argument in arguments {
        words.push(c_string(argument)?);
    }
    let mut argv: Vec<_> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
    argv.push(std::ptr::null_mut());
    let environment = [null::<libc::c_char>().cast_mut()];
    timed(rounds, || {
        let (mut child, mut status) = (0, 0);
        // SAFETY: path and arguments end in NUL, the vectors in a null pointer; all outlive the call.
        let error = unsafe {
            libc::posix_spawn(
                &raw mut child,
                path.as_ptr(),
                null(),
                null(),
                argv.as_ptr(),
                environment.as_ptr(),
            )
        };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: the kernel writes the one status.
        check(unsafe { libc::waitpid(child, &raw mut status, 0) })?;
        if status != 0 {
            return Err(io::Error::other(format!("{} ends with {status}", program.display())));
        }
        Ok(())
    })
}

/// The program `nothing`, linked statically.
pub fn spawn_small(place: &Place, rounds: u32) -> io::Result<u64> {
    spawn_and_wait(&place.program.with_file_name("nothing"), &[], rounds)
}

/// The same for the row of the memory group.
pub fn spawn_small_10_000(place: &Place, rounds: u32) -> io::Result<u64> {
    spawn_small(place, rounds)
}

/// Coreutils as one program, called `true`.
pub fn spawn_true(place: &Place, rounds: u32) -> io::Result<u64> {
    spawn_and_wait(&place.programs.join("true"), &[], rounds)
}

/// The shell with a builtin.
pub fn spawn_shell(place: &Place, rounds: u32) -> io::Result<u64> {
    spawn_and_wait(&place.programs.join("sh"), &["-c", "true"], rounds)
}

/// Processes that wait until their standard input ends.
pub struct Waiting {
    children: Vec<Child>,
    input: Option<io::PipeWriter>,
}

impl Waiting {
    /// So many more of them.
    ///
    /// # Errors
    /// When one cannot be started; those before are ended.
    pub fn start(place: &Place, count: u32) -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        let mut waiting = Self { children: Vec::new(), input: Some(writer) };
        for _ in 0..count {
            let mut command = Command::new(place.program.with_file_name("nothing"));
            command.arg("wait").stdin(reader.try_clone()?).stdout(Stdio::null());
            waiting.children.push(command.spawn()?);
        }
        Ok(waiting)
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(mut input) = self.input.take() {
            input.flush()?;
        }
        for child in &mut self.children {
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Nothing can be done about a child that is gone already.
        let _ = self.end();
    }
}

/// Processes that are all there at the same time: start and end.
pub fn many_2_000(place: &Place, rounds: u32) -> io::Result<u64> {
    let start = monotonic_ns();
    let mut waiting = Waiting::start(place, rounds)?;
    waiting.end()?;
    Ok(monotonic_ns() - start)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine that runs one command: the guest's side of `ochre exec`.
//!
//! The runner appends an archive with `/.ochre/argv` and `/.ochre/env` (NUL-terminated strings) to the
//! initramfs. The command's standard files are streams of the host, and its end goes as one line,
//! `exit N` or `signal N`, to /dev/host/status before the machine powers off.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use nix::sys::signal::SigSet;
use nix::unistd::Pid;

use crate::children::Ending;
use crate::{children, console, report, shutdown, sys};

const ARGV: &str = "/.ochre/argv";
const ENV: &str = "/.ochre/env";
const STATUS: &str = "/dev/host/status";
/// What a shell answers for a command that is not there, and for one that cannot be run.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;

/// The command that the runner asks for.
pub struct Request {
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Request {
    /// Reads the request, if there is one.
    pub fn read() -> Option<Self> {
        let argv = strings(&fs::read(ARGV).ok()?);
        let env = strings(&fs::read(ENV).unwrap_or_default())
            .into_iter()
            .filter_map(assignment)
            .collect();
        Some(Self { argv, env })
    }
}

/// Runs the command, passes its status on and powers off.
pub fn serve(request: &Request, signals: &SigSet) -> ! {
    let ending = match start(request) {
        Ok(pid) => loop {
            if let Some(ending) = children::reap(Some(pid)).ending {
                break ending;
            }
            shutdown::wait_for_signal(signals, None);
        },
        Err(status) => Ending::Exited(status),
    };
    let line = match ending {
        Ending::Exited(status) => format!("exit {status}\n"),
        Ending::Signaled(signal) => format!("signal {signal}\n"),
    };
    if let Err(error) = OpenOptions::new()
        .write(true)
        .open(STATUS)
        .and_then(|mut file| file.write_all(line.as_bytes()))
    {
        report(&format!("cannot write {STATUS}"), error);
    }
    shutdown::end_machine(shutdown::Request::PowerOff)
}

fn start(request: &Request) -> Result<Pid, i32> {
    let (stdin, stdout, mut stderr) =
        (host_file("stdin"), host_file("stdout"), host_file("stderr"));
    let Some((program, args)) = request.argv.split_first() else {
        complain(stderr.as_mut(), "no command given");
        return Err(NOT_FOUND);
    };
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("HOME", "/root")
        .env("USER", "root")
        .env("PATH", console::PATH)
        .envs(request.env.iter().map(|(name, value)| (name, value)))
        .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
        .stdout(stdout.map_or_else(Stdio::null, Stdio::from));
    if let Some(file) = stderr.as_ref().and_then(|file| file.try_clone().ok()) {
        command.stderr(file);
    }
    if fs::metadata("/root").is_ok_and(|home| home.is_dir()) {
        command.current_dir("/root");
    }
    sys::lead_session(&mut command, sys::Terminal::Apart);
    command.spawn().map(|child| Pid::from_raw(child.id() as i32)).map_err(|error| {
        complain(stderr.as_mut(), &format!("cannot run {}: {error}", program.display()));
        if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
    })
}

fn complain(stderr: Option<&mut File>, message: &str) {
    match stderr {
        Some(file) => {
            // The status tells of the failure too.
            let _ = writeln!(file, "init: {message}");
        }
        None => report("exec", message),
    }
}

fn host_file(name: &str) -> Option<File> {
    let path = format!("/dev/host/{name}");
    let result = if name == "stdin" {
        File::open(&path)
    } else {
        OpenOptions::new().write(true).open(&path)
    };
    result.map_err(|error| report(&format!("cannot open {path}"), error)).ok()
}

/// Splits NUL-terminated strings.
fn strings(bytes: &[u8]) -> Vec<OsString> {
    let mut parts: Vec<_> =
        bytes.split(|&byte| byte == 0).map(|part| OsStr::from_bytes(part).to_owned()).collect();
    // What follows the last terminator is no string.
    parts.pop();
    parts
}

fn assignment(text: OsString) -> Option<(OsString, OsString)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=')?;
    Some((
        OsStr::from_bytes(&bytes[..at]).to_owned(),
        OsStr::from_bytes(&bytes[at + 1..]).to_owned(),
    ))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts under test, and runs of `ochre` with all output collected and a hard limit of time.
//!
//! Invariant: whatever a test does, its machine is gone when the test is: by its own end, by the
//! limit, or by the drop of what holds it.

use crate::{kernel_log, program};
use initramfs_builder::Archive;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Limit of a machine that a test does not set another for.
pub const LIMIT: Duration = Duration::from_secs(60);
/// Most bytes of each stream that a failure shows.
const SHOWN_BYTES: usize = 6000;

/// The image that tests boot: what users boot, and the probes.
pub const IMAGE: &str = "initramfs-probes.cpio";
/// Folder of the probes in the guest.
pub const PROBES: &str = "/usr/lib/ochre/probes";

/// The folder with `ochre`, `vmlinux.wasm` and `initramfs.cpio`: `OCHRE_DIR`, else `target/ochre`.
pub fn folder() -> PathBuf {
    std::env::var_os("OCHRE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ochre"),
        PathBuf::from,
    )
}

/// One of the parts.
///
/// # Panics
/// When it is not there.
pub fn part(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.is_file(), "no {}; build it with `cargo xtask build`", path.display());
    path
}

/// One machine to be.
pub struct Machine {
    verb: &'static str,
    options: Vec<OsString>,
    command: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    limit: Duration,
    kernel_log: bool,
    may_complain: bool,
    archive: Option<Archive>,
    /// For the kernel's command line.
    append: Vec<String>,
}

impl Machine {
    /// `ochre exec … -- command`.
    pub fn exec(command: &[impl AsRef<OsStr>]) -> Self {
        Self {
            verb: "exec",
            options: Vec::new(),
            command: command.iter().map(|word| word.as_ref().to_owned()).collect(),
            environment: Vec::new(),
            stdin: Vec::new(),
            limit: LIMIT,
            kernel_log: true,
            may_complain: false,
            archive: None,
            append: Vec::new(),
        }
    }

    /// A machine that runs this program and nothing else.
    pub fn program(bytes: impl Into<Vec<u8>>) -> Self {
        Self::program_with(bytes, &[])
    }

    /// The same with arguments for it.
    pub fn program_with(bytes: impl Into<Vec<u8>>, args: &[&str]) -> Self {
        let command: Vec<_> = [program::PATH].iter().chain(args).collect();
        Self::exec(&command).with_program(bytes)
    }

    /// `ochre exec … -- sh -c script`.
    pub fn shell(script: &str) -> Self {
        Self::exec(&["sh", "-c", script])
    }

    /// `ochre exec … -- /usr/lib/ochre/probes/name args`.
    pub fn probe(name: &str, args: &[&str]) -> Self {
        let mut command = vec![format!("{PROBES}/{name}")];
        command.extend(args.iter().map(ToString::to_string));
        Self::exec(&command)
    }

    /// `ochre run`, with standard input and output that are no terminal.
    pub fn run_piped() -> Self {
        Self { verb: "run", ..Self::exec(&[""; 0]) }
    }

    /// Adds an option before the `--`.
    pub fn option(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.options.push(name.into());
        self.options.push(value.as_ref().to_owned());
        self
    }

    /// Adds to the kernel's command line.
    pub fn append(mut self, text: &str) -> Self {
        self.append.push(text.to_owned());
        self
    }

    /// Adds a flag before the `--`.
    pub fn flag(mut self, name: &str) -> Self {
        self.options.push(name.into());
        self
    }

    /// Sets a variable of the runner's environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Puts a program into the machine's file system, at [`program::PATH`].
    pub fn with_program(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.archive = Some(program::archive(bytes.into()));
        self
    }

    /// Puts files into the machine's file system.
    pub fn with_archive(mut self, archive: Archive) -> Self {
        self.archive = Some(archive);
        self
    }

    /// Sets what the machine reads from standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets another limit of time.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Does not ask for the kernel's log, so that the machine is as a user starts it.
    pub fn without_kernel_log(mut self) -> Self {
        self.kernel_log = false;
        self
    }

    /// The kernel may report what it otherwise must not, such as a panic.
    pub fn may_complain(mut self) -> Self {
        self.may_complain = true;
        self
    }

    /// Starts the machine.
    ///
    /// # Panics
    /// When the runner cannot be started.
    pub fn start(mut self) -> Running {
        let mut command = Command::new(part("ochre"));
        command.arg(self.verb);
        let log =
            self.kernel_log.then(|| tempfile::NamedTempFile::new().expect("a temporary file"));
        if let Some(log) = &log {
            command.arg("--log").arg(log.path());
            self.append.push("loglevel=7".to_owned());
        }
        if !self.append.is_empty() {
            command.arg("--append").arg(self.append.join(" "));
        }
        let image = part(IMAGE);
        let archive = self.archive.map(|archive| program::image_with(&image, archive));
        // A test's own option has the last word.
        if !self.options.iter().any(|option| option == "--initramfs") {
            let path = archive.as_ref().map_or(image.as_path(), |archive| archive.path());
            command.arg("--initramfs").arg(path);
        }
        command.args(&self.options);
        if self.verb == "exec" {
            command.arg("--");
        }
        command.args(&self.command);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let limited = Limited::start(command, self.stdin, self.limit);
        Running { limited, log, may_complain: self.may_complain, _archive: archive }
    }

    /// Runs the machine to its end.
    ///
    /// # Panics
    /// When it takes too long, or its kernel reports a bug.
    pub fn run(self) -> Output {
        self.start().finish()
    }

    /// Runs the machine and gives its standard output, as text.
    ///
    /// # Panics
    /// As [`Self::run`], and when it does not end with status 0.
    pub fn output(self) -> String {
        self.run().success().text()
    }
}

/// A machine that runs.
pub struct Running {
    limited: Limited,
    log: Option<tempfile::NamedTempFile>,
    may_complain: bool,
    /// Kept until the machine has read it.
    _archive: Option<tempfile::NamedTempFile>,
}

impl Running {
    /// Resident memory of the runner, in KiB.
    ///
    /// # Panics
    /// When it has ended.
    pub fn resident_kib(&self) -> u64 {
        resident_kib(self.limited.child.id())
    }

    /// Its process id on the host.
    pub fn id(&self) -> u32 {
        self.limited.child.id()
    }

    /// Has it come to its end?
    pub fn has_ended(&self) -> bool {
        // A process that has ended and is not waited for yet has no memory.
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        !status.contains("VmRSS:")
    }

    /// Is its time up? Then [`Running::finish`] ends it, with all that it has said.
    pub fn is_over_time(&self) -> bool {
        Instant::now() >= self.limited.deadline
    }

    /// The kernel's log up to now.
    pub fn kernel_log(&self) -> String {
        let read = |log: &tempfile::NamedTempFile| fs::read(log.path()).unwrap_or_default();
        String::from_utf8_lossy(&self.log.as_ref().map(read).unwrap_or_default()).into_owned()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// As [`Machine::run`].
    pub fn finish(self) -> Output {
        let Self { limited, log, may_complain, _archive } = self;
        let mut output = limited.finish_with(|| match &log {
            Some(log) => String::from_utf8_lossy(&fs::read(log.path()).unwrap_or_default()).into(),
            None => String::new(),
        });
        if let Some(log) = &log {
            let bytes = fs::read(log.path()).unwrap_or_default();
            output.kernel_log = String::from_utf8_lossy(&bytes).into_owned();
        }
        let complaints = kernel_log::complaints(&output.kernel_log);
        if !may_complain && !complaints.is_empty() {
            panic!("the kernel reports {complaints:#?}\n{}", output.transcript());
        }
        output
    }
}

/// Resident memory of a process, in KiB.
///
/// # Panics
/// When there is no such process.
pub fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a VmRSS line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A host process with its streams collected, killed when its time is up or its holder is gone.
pub struct Limited {
    child: Child,
    what: String,
    deadline: Instant,
    started: Instant,
    streams: [Option<JoinHandle<Vec<u8>>>; 2],
}

impl Limited {
    /// Starts `command` with `stdin` as its input.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut command: Command, stdin: Vec<u8>, limit: Duration) -> Self {
        let what = format!("{command:?}");
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        let mut input = child.stdin.take().expect("piped above");
        // A program that does not want its input is free to leave it.
        thread::spawn(move || drop(input.write_all(&stdin)));
        let streams = [child.stdout.take().map(collect), child.stderr.take().map(collect)];
        Self { child, what, deadline: started + limit, started, streams }
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When the time is up, with all output.
    pub fn finish(self) -> Output {
        self.finish_with(String::new)
    }

    fn finish_with(mut self, kernel_log: impl FnOnce() -> String) -> Output {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                break Some(status);
            }
            if Instant::now() >= self.deadline {
                break None;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let elapsed = self.started.elapsed();
        if status.is_none() {
            self.kill();
        }
        let [stdout, stderr] = self
            .streams
            .each_mut()
            .map(|stream| stream.take().and_then(|reader| reader.join().ok()).unwrap_or_default());
        let output = Output {
            what: std::mem::take(&mut self.what),
            status: status.unwrap_or_default(),
            stdout,
            stderr,
            kernel_log: String::new(),
            elapsed,
        };
        if status.is_none() {
            let output = Output { kernel_log: kernel_log(), ..output };
            panic!("no end after {:.1} s\n{}", elapsed.as_secs_f32(), output.transcript());
        }
        output
    }

    fn kill(&mut self) {
        // It may have ended just now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// What came of a run.
pub struct Output {
    what: String,
    /// How the process ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// The kernel's log, if it was asked for.
    pub kernel_log: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Output {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The status as a shell gives it: 128 and the signal's number when one ended the process.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    /// Status 0 is wanted.
    ///
    /// # Panics
    /// On another.
    #[track_caller]
    pub fn success(self) -> Self {
        self.ends_with(0)
    }

    /// This status is wanted.
    ///
    /// # Panics
    /// On another.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert!(self.code() == code, "status {code} wanted\n{}", self.transcript());
        self
    }

    /// This standard output is wanted.
    ///
    /// # Panics
    /// On another.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout == text.as_bytes(), "output {text:?} wanted\n{}", self.transcript());
        self
    }

    /// Nothing is wanted on standard error.
    ///
    /// # Panics
    /// When something is there.
    #[track_caller]
    pub fn without_errors(self) -> Self {
        assert!(self.stderr.is_empty(), "no errors wanted\n{}", self.transcript());
        self
    }

    /// `text` is wanted somewhere on standard error.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.errors().contains(text), "complaint {text:?} wanted\n{}", self.transcript());
        self
    }

    /// Everything that is known of the run, shortened.
    pub fn transcript(&self) -> String {
        let mut text =
            format!("{}: {}, {:.2} s\n", self.what, self.status, self.elapsed.as_secs_f32());
        let log = self.kernel_log.as_bytes();
        for (name, bytes) in [("stdout", &*self.stdout), ("stderr", &*self.stderr), ("log", log)] {
            if bytes.is_empty() {
                continue;
            }
            let start = bytes.len().saturating_sub(SHOWN_BYTES);
            let cut = if start > 0 { ", its end" } else { "" };
            let _ = writeln!(text, "--- {name}: {} bytes{cut}", bytes.len());
            text.push_str(&String::from_utf8_lossy(&bytes[start..]));
            text.push('\n');
        }
        text
    }
}

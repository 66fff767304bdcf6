// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines with a test kernel: assembles kernel and program from text, runs `ochre`, collects what
//! it said. Belongs here: what more than one test file needs to run the command.
#![allow(dead_code, reason = "each test file uses a part")]

use ochre_runner::newc;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Frame of a user program: `@BODY@` is its `_start`, `@MORE@` further definitions.
const PROGRAM: &str = r#"(module
  (import "linux" "syscall" (func $syscall (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 2 65536 shared))
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (func $call (param $nr i32) (param $a0 i32) (param $a1 i32) (result i32)
    (call $syscall (local.get $nr) (local.get $a0) (local.get $a1)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func $number (param $value i32) (drop (call $call (i32.const 1) (local.get $value) (i32.const 0))))
  @MORE@
  (func $start (export "_start") (param $argument i32)
    @BODY@
    (drop (call $call (i32.const 93) (i32.const 0) (i32.const 0)))))"#;

/// A user program from the body of its `_start`.
pub fn program(body: &str) -> Vec<u8> {
    program_with(body, "")
}

/// The same with further definitions.
pub fn program_with(body: &str, more: &str) -> Vec<u8> {
    wat::parse_str(PROGRAM.replace("@BODY@", body).replace("@MORE@", more)).expect("program")
}

/// A kernel whose functions `parts` (`BOOT`, `SYSCALL`, …) have the given bodies.
pub fn kernel(parts: &[(&str, &str)], program: &[u8]) -> Vec<u8> {
    let parts: HashMap<_, _> = parts.iter().copied().collect();
    let mut text = include_str!("kernel.wat").to_owned();
    let hex: String = program.iter().map(|byte| format!("\\{byte:02x}")).collect();
    text = text.replace("@PROGRAM_BYTES@", &program.len().to_string()).replace("@PROGRAM@", &hex);
    let names = "BOOT TASK_START TASK_RESUME SYSCALL PREEMPT SIGNAL_RETURN USER_FAULT OOPS";
    for name in names.split(' ') {
        text = text.replace(&format!("@{name}@"), parts.get(name).unwrap_or(&""));
    }
    wat::parse_str(text).expect("kernel")
}

/// A folder of one test, with all that its machines need.
pub struct Bench {
    folder: PathBuf,
    arguments: Vec<String>,
    stdin: Vec<u8>,
    timeout: &'static str,
}

impl Bench {
    /// A fresh folder with the given kernel and an empty initramfs.
    pub fn new(name: &str, kernel: &[u8]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("folder");
        let bench = Self { folder, arguments: Vec::new(), stdin: Vec::new(), timeout: "60" };
        bench.write("vmlinux.wasm", kernel);
        bench.write("initramfs.cpio", &newc::archive("empty", &[]));
        bench
    }

    /// Path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Replaces a file of the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("file");
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Gives the machine so many seconds.
    pub fn timeout(self, seconds: &'static str) -> Self {
        Self { timeout: seconds, ..self }
    }

    /// Gives the command input.
    pub fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_vec();
        self
    }

    /// The command, not started.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ochre"));
        command
            .arg(subcommand)
            .args(["--timeout", self.timeout, "--kernel"])
            .arg(self.path("vmlinux.wasm"))
            .arg("--initramfs")
            .arg(self.path("initramfs.cpio"))
            .args(&self.arguments)
            .env("XDG_CACHE_HOME", &self.folder);
        command
    }

    /// Runs a machine to its end.
    pub fn run(&self) -> Ended {
        self.finish(self.command("run"))
    }

    /// Runs `ochre exec -- true` to its end.
    pub fn exec(&self) -> Ended {
        let mut command = self.command("exec");
        command.args(["--", "true"]);
        self.finish(command)
    }

    fn finish(&self, mut command: Command) -> Ended {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ochre");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.stdin.clone();
        let feeder = std::thread::spawn(move || {
            // The machine may end before it has read all.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("ochre");
        feeder.join().expect("feeder");
        Ended(output)
    }
}

/// How a command ended.
pub struct Ended(pub Output);

impl Ended {
    /// Its exit status.
    pub fn status(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    /// Its standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Its standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Checks status and standard output.
    #[track_caller]
    pub fn expect(&self, status: i32, stdout: &str) {
        assert_eq!((self.status(), &*self.stdout()), (status, stdout), "stderr: {}", self.stderr());
    }

    /// Checks status and a part of standard error.
    #[track_caller]
    pub fn expect_error(&self, status: i32, part: &str) {
        let stderr = self.stderr();
        assert_eq!(self.status(), status, "stderr: {stderr}");
        assert!(stderr.contains(part), "no {part:?} in stderr: {stderr}");
    }
}

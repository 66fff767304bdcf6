// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that run another one in some way: `setsid`, `setarch`, `time`; and `usleep`.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use ochre_applet::{Args, Failure, parse, reason};

use crate::sys::{self, Before};

/// The status for a command that could not be started, as shells have it.
pub fn not_started(command: &OsString, error: &std::io::Error) -> anyhow::Error {
    let status = if error.kind() == ErrorKind::NotFound { 127 } else { 126 };
    let message = format!("failed to execute {}: {}", command.display(), reason(error));
    Failure::new(status, message).into()
}

/// Becomes the command.
pub fn become_command(words: &[OsString]) -> anyhow::Error {
    let error = Command::new(&words[0]).args(&words[1..]).exec();
    not_started(&words[0], &error)
}

/// The status of an ended process as shells count it.
pub fn status_of(status: ExitStatus) -> u8 {
    match status.signal() {
        Some(signal) => 128 + signal as u8,
        None => status.code().unwrap_or(1) as u8,
    }
}

/// Runs a command and waits for it.
pub fn run_to_end(words: &[OsString], what: Before) -> Result<u8> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    sys::before(&mut command, what);
    let status = command.status().map_err(|error| not_started(&words[0], &error))?;
    Ok(status_of(status))
}

/// Runs a command in a session of its own.
#[derive(clap::Parser)]
#[command(name = "setsid", disable_version_flag = true)]
struct SessionOptions {
    /// Make standard input the session's terminal
    #[arg(short, long)]
    ctty: bool,
    /// Always start a new process
    #[arg(short, long)]
    fork: bool,
    /// Wait for the command's end, and end with its status
    #[arg(short, long)]
    wait: bool,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The applet.
pub fn setsid(args: Args) -> Result<u8> {
    let options: SessionOptions = parse(&args)?;
    let words = &options.command;
    // The leader of a process group cannot lead a session; a child of it can.
    if options.fork || nix::unistd::getpgrp() == nix::unistd::getpid() {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        sys::before(&mut command, Before { session: true, terminal: options.ctty, proc: false });
        let mut child = command.spawn().map_err(|error| not_started(&words[0], &error))?;
        return if options.wait { Ok(status_of(child.wait()?)) } else { Ok(0) };
    }
    nix::unistd::setsid().context("cannot lead a session")?;
    if options.ctty {
        sys::take_terminal(true).context("cannot take the terminal")?;
    }
    Err(become_command(words))
}

/// The word size that programs are told of, in linux/personality.h.
const LINUX32: u32 = 8;
const NO_RANDOM: u32 = 0x004_0000;

/// Runs a command that is told of another machine; the shell without one.
#[derive(clap::Parser)]
#[command(name = "setarch", disable_version_flag = true)]
struct ArchOptions {
    /// Do not choose addresses at random
    #[arg(short = 'R', long)]
    addr_no_randomize: bool,
    /// The command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

fn run_as(persona: u32, args: &[OsString]) -> Result<u8> {
    let options: ArchOptions = parse(args)?;
    let random = if options.addr_no_randomize { NO_RANDOM } else { 0 };
    sys::set_personality(persona | random).context("cannot set the personality")?;
    let shell = || vec![OsString::from("/bin/sh")];
    let words = if options.command.is_empty() { shell() } else { options.command };
    Err(become_command(&words))
}

/// The applet: its first argument is the machine.
pub fn setarch(mut args: Args) -> Result<u8> {
    let named = args.get(1).and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let persona = match &*named {
        "linux32" | "i386" | "i486" | "i586" | "i686" | "arm" | "armv7l" => LINUX32,
        "linux64" | "x86_64" | "aarch64" => 0,
        _ if named.starts_with('-') => {
            parse::<ArchOptions>(&args)?;
            bail!("name the machine first, such as linux32")
        }
        _ if nix::sys::utsname::uname().is_ok_and(|system| system.machine() == &*named) => 0,
        _ => bail!("{named}: unrecognized architecture; try linux32 or linux64"),
    };
    args.remove(1);
    run_as(persona, &args)
}

/// The applet.
pub fn linux32(args: Args) -> Result<u8> {
    run_as(LINUX32, &args)
}

/// The applet.
pub fn linux64(args: Args) -> Result<u8> {
    run_as(0, &args)
}

/// Waits for so many microseconds.
#[derive(clap::Parser)]
#[command(name = "usleep", disable_version_flag = true)]
struct SleepOptions {
    /// How many
    #[arg(default_value_t = 1)]
    microseconds: u64,
}

/// The applet.
pub fn usleep(args: Args) -> Result<u8> {
    let options: SleepOptions = parse(&args)?;
    std::thread::sleep(Duration::from_micros(options.microseconds));
    Ok(0)
}

/// Runs a command and tells what it used. Formats have %e (seconds passed), %E (the same with minutes),
/// %U and %S (seconds of the processor, user's and system's), %P (share of it), %M (most memory in KiB),
/// %F and %R (page faults with and without the disk), %c and %w (switches forced and awaited), %x (status),
/// %C (the command).
#[derive(clap::Parser)]
#[command(name = "time", disable_version_flag = true)]
struct TimeOptions {
    /// As POSIX has it: three lines
    #[arg(short, long)]
    portability: bool,
    /// All that is known
    #[arg(short, long)]
    verbose: bool,
    /// How
    #[arg(short, long)]
    format: Option<String>,
    /// Write to this file and not to standard error
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Add to the file of -o
    #[arg(short, long)]
    append: bool,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

const USUAL: &str = "real\t%E\nuser\t%T\nsys\t%Y";
const POSIX: &str = "real %e\nuser %U\nsys %S";
const VERBOSE: &str = "\tCommand being timed: \"%C\"\n\tUser time (seconds): %U\n\
    \tSystem time (seconds): %S\n\tPercent of CPU this job got: %P\n\tElapsed (wall clock) time (seconds): %e\n\
    \tMaximum resident set size (kbytes): %M\n\tMajor (requiring I/O) page faults: %F\n\
    \tMinor (reclaiming a frame) page faults: %R\n\tVoluntary context switches: %w\n\
    \tInvoluntary context switches: %c\n\tExit status: %x";

/// The applet: its status is the command's.
pub fn time(args: Args) -> Result<u8> {
    let options: TimeOptions = parse(&args)?;
    let format = match &options.format {
        _ if options.verbose => VERBOSE,
        Some(format) => format,
        None if options.portability => POSIX,
        None => USUAL,
    };
    let started = Instant::now();
    let result = Command::new(&options.command[0]).args(&options.command[1..]).status();
    let passed = started.elapsed();
    let status = result.map_err(|error| not_started(&options.command[0], &error))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot get what was used")?;
    let status = status_of(status);
    let text = report(format, &options.command, passed, &usage, status);
    match &options.output {
        Some(path) => OpenOptions::new()
            .write(true)
            .create(true)
            .append(options.append)
            .truncate(!options.append)
            .open(path)
            .and_then(|mut file| writeln!(file, "{text}"))
            .with_context(|| path.display().to_string())?,
        None => writeln!(std::io::stderr(), "{text}")?,
    }
    Ok(status)
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

fn report(format: &str, words: &[OsString], passed: Duration, usage: &Usage, status: u8) -> String {
    let (real, user) = (passed.as_secs_f64(), seconds(usage.user_time()));
    let system = seconds(usage.system_time());
    let minutes = |time: f64| format!("{}m {:.2}s", time as u64 / 60, time % 60.0);
    let command: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let next = if matches!(letter, '%' | '\\') { letters.next() } else { None };
        match (letter, next) {
            ('%', Some('e')) => text += &format!("{real:.2}"),
            ('%', Some('E')) => text += &minutes(real),
            ('%', Some('T')) => text += &minutes(user),
            ('%', Some('Y')) => text += &minutes(system),
            ('%', Some('U')) => text += &format!("{user:.2}"),
            ('%', Some('S')) => text += &format!("{system:.2}"),
            ('%', Some('P')) => {
                text += &format!("{:.0}%", (user + system) * 100.0 / real.max(1e-9))
            }
            ('%', Some('M')) => text += &usage.max_rss().to_string(),
            ('%', Some('F')) => text += &usage.major_page_faults().to_string(),
            ('%', Some('R')) => text += &usage.minor_page_faults().to_string(),
            ('%', Some('c')) => text += &usage.involuntary_context_switches().to_string(),
            ('%', Some('w')) => text += &usage.voluntary_context_switches().to_string(),
            ('%', Some('x')) => text += &status.to_string(),
            ('%', Some('C')) => text += &command.join(" "),
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('t')) => text.push('\t'),
            ('%', Some('%')) => text.push('%'),
            (sign, Some(other)) => text.extend([sign, other]),
            (sign, None) => text.push(sign),
        }
    }
    text
}

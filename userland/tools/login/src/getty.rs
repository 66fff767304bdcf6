// SPDX-License-Identifier: MIT OR Apache-2.0
//! `getty`: opens a terminal, asks who is there and starts `login`; `cttyhack`: gives a shell the console
//! as its controlling terminal.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::sys::utsname::uname;
use ochre_applet::{Args, clock, parse};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::prompt;

/// Asks on a terminal who is there and starts `login`.
#[derive(clap::Parser)]
#[command(name = "getty", disable_version_flag = true, disable_help_flag = true)]
struct Options {
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Start this instead of /bin/login
    #[arg(short, long = "login-program", default_value = "/bin/login")]
    login: PathBuf,
    /// Do not ask for a name
    #[arg(short = 'n', long)]
    skip_login: bool,
    /// Do not show /etc/issue
    #[arg(short = 'i', long)]
    noissue: bool,
    /// Show this file instead of /etc/issue
    #[arg(short = 'f', long, default_value = "/etc/issue")]
    issue_file: PathBuf,
    /// The host for login's -h
    #[arg(short = 'H', long)]
    host: Option<OsString>,
    /// Begin a session of this user without asking
    #[arg(short, long)]
    autologin: Option<OsString>,
    /// Give up after so many seconds
    #[arg(short, long)]
    timeout: Option<u32>,
    /// Wait for Enter
    #[arg(short, long)]
    wait_cr: bool,
    /// There is no modem: there never is
    #[arg(short = 'L', long)]
    local_line: bool,
    /// Hardware flow control: terminals of this machine need none
    #[arg(short = 'h', long)]
    flow_control: bool,
    /// Take the speed from a modem: terminals of this machine have none
    #[arg(short, long)]
    modem: bool,
    /// Speed, terminal and its kind: the first two may change places
    #[arg(required = true, num_args = 1..=3)]
    words: Vec<OsString>,
}

/// Gives this process a session with the terminal, and makes it the standard files.
fn take_terminal(path: &Path) -> Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.with_context(|| path.display().to_string())?;
    // It may be a session's leader already, when init started it.
    let _ = rustix::process::setsid();
    rustix::stdio::dup2_stdin(file.as_fd())?;
    rustix::stdio::dup2_stdout(file.as_fd())?;
    rustix::stdio::dup2_stderr(file.as_fd())?;
    // Fails when it is ours already; without one, Ctrl-C has no effect, but a session can be had.
    let _ = rustix::process::ioctl_tiocsctty(rustix::stdio::stdin());
    Ok(())
}

/// The terminal's name for /etc/issue; `-` stands for the one that standard input is.
fn shown_name(tty: &OsStr) -> String {
    let of_input = if tty == "-" { prompt::terminal() } else { None };
    let path = of_input.unwrap_or_else(|| tty.into());
    path.to_string_lossy().trim_start_matches("/dev/").to_owned()
}

/// The text of /etc/issue with what its backslashes stand for.
fn issue(text: &str, tty: &str) -> String {
    let system = uname().ok();
    let of_system = |part: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        system.as_ref().map_or(String::new(), |system| part(system).to_string_lossy().into_owned())
    };
    let now = clock::local(clock::now());
    let mut shown = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let sign = if matches!(letter, '\\' | '%') { letters.next() } else { None };
        match sign {
            None => shown.push(letter),
            Some('s') => shown += &of_system(|system| system.sysname()),
            Some('n' | 'h') => shown += &of_system(|system| system.nodename()),
            Some('r') => shown += &of_system(|system| system.release()),
            Some('v') => shown += &of_system(|system| system.version()),
            Some('m') => shown += &of_system(|system| system.machine()),
            Some('l') => shown += tty,
            Some('d') => shown += &now.ctime()[..10],
            Some('t') => shown += &format!("{:02}:{:02}:{:02}", now.hour, now.minute, now.second),
            Some(other) => shown.push(other),
        }
    }
    shown
}

/// The applet; does not return when all went well.
pub fn getty(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let is_speed = |word: &OsString| {
        word.to_str().is_some_and(|word| word.split(',').all(|speed| speed.parse::<u32>().is_ok()))
    };
    let mut words = options.words.clone();
    if words.len() > 1 && !is_speed(&words[0]) && is_speed(&words[1]) {
        words.swap(0, 1);
    }
    let speed = is_speed(&words[0]).then(|| words.remove(0));
    let tty = words.first().context("no terminal named; see --help")?.clone();
    if tty != "-" {
        take_terminal(&Path::new("/dev").join(&tty))?;
    }
    let first = speed.as_ref().and_then(|speed| speed.to_str()?.split(',').next()?.parse().ok());
    if let (Some(speed), Ok(mut settings)) = (first, tcgetattr(rustix::stdio::stdin())) {
        // 0 is for keeping it; a speed that the line does not know leaves the one it has.
        if speed > 0 && settings.set_speed(speed).is_ok() {
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &settings);
        }
    }
    if let Some(seconds) = options.timeout {
        nix::unistd::alarm::set(seconds);
    }
    if options.wait_cr {
        prompt::line()?.context("nobody is there")?;
    }
    if !options.noissue
        && let Ok(text) = std::fs::read_to_string(&options.issue_file)
    {
        print!("{}", issue(&text, &shown_name(&tty)));
    }
    let mut login = Command::new(&options.login);
    if let Some(term) = words.get(1) {
        login.env("TERM", term);
    }
    if let Some(host) = &options.host {
        login.arg("-h").arg(host);
    }
    if let Some(user) = &options.autologin {
        login.arg("-f").arg(user);
    } else if !options.skip_login {
        let host = nix::unistd::gethostname().unwrap_or_default();
        let question = format!("{} login: ", host.to_string_lossy());
        let name = loop {
            let name = prompt::ask(&question)?.context("nobody is there")?;
            let name = name.trim();
            if !name.is_empty() {
                break name.to_owned();
            }
        };
        login.arg("--").arg(name);
    }
    nix::unistd::alarm::cancel();
    Err(login.exec()).with_context(|| format!("cannot run {}", options.login.display()))
}

/// Gives a command the console as its controlling terminal, so that Ctrl-C and job control work.
#[derive(clap::Parser)]
#[command(name = "cttyhack", disable_version_flag = true)]
struct HackOptions {
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The applet; does not return when all went well.
pub fn cttyhack(args: Args) -> Result<u8> {
    let options: HackOptions = parse(&args)?;
    // With a terminal of its own already, there is nothing to do.
    if std::fs::File::open("/dev/tty").is_err() {
        let active = std::fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
        if let Some(name) = active.split_whitespace().next_back() {
            take_terminal(&Path::new("/dev").join(name))?;
        }
    }
    let words = &options.command;
    Err(Command::new(&words[0]).args(&words[1..]).exec())
        .with_context(|| format!("cannot run {}", words[0].display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_stand_for_facts() {
        let shown = issue("on \\l\\\\ %l\n", "hvc0");
        assert_eq!(shown, "on hvc0\\ hvc0\n");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `pidof`, `killall` and `killall5`: processes by the name of their program.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;
use ochre_applet::{Args, Failure, complain, parse};

use crate::signals;
use crate::table::{self, Process};

/// Finds the numbers of running programs.
#[derive(clap::Parser)]
#[command(name = "pidof")]
struct PidofOptions {
    /// Print one number only
    #[arg(short)]
    single: bool,
    /// Print nothing: the status alone tells
    #[arg(short)]
    quiet: bool,
    /// Find the shells that run a script of that name, too
    #[arg(short = 'x')]
    scripts: bool,
    /// Leave out these numbers; %PPID is the caller
    #[arg(short, value_delimiter = ',', value_name = "PID")]
    omit: Vec<String>,
    /// Print this between the numbers
    #[arg(short = 'S', default_value = " ")]
    separator: String,
    /// Names of programs, or their paths
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// The applet: status 1 when none of the names runs.
pub fn pidof(args: Args) -> anyhow::Result<u8> {
    let options: PidofOptions = parse(&args)?;
    let mut omitted = Vec::new();
    for text in &options.omit {
        match text.as_str() {
            "%PPID" => omitted.push(nix::unistd::getppid().as_raw()),
            _ => omitted.push(
                text.parse().map_err(|_| anyhow::anyhow!("{text}: not the number of a process"))?,
            ),
        }
    }
    let processes = table::all()?;
    let mut found: Vec<String> = Vec::new();
    for name in &options.names {
        // The newest comes first, as the others have it; one that has ended runs nothing.
        let matching = processes.iter().rev().filter(|process| {
            process.stat.state != 'Z'
                && !omitted.contains(&process.pid())
                && runs(process, name, options.scripts)
        });
        found.extend(matching.map(|process| process.pid().to_string()));
    }
    if found.is_empty() {
        return Ok(1);
    }
    if options.single {
        found.truncate(1);
    }
    if !options.quiet {
        writeln!(std::io::stdout(), "{}", found.join(&options.separator))?;
    }
    Ok(0)
}

/// Does a process run the program `name`?
fn runs(process: &Process, name: &str, scripts: bool) -> bool {
    let Some(first) = process.args.first().filter(|first| !first.is_empty()) else {
        return process.stat.comm == name;
    };
    // A login shell has a dash before its name.
    let first = first.trim_start_matches('-');
    let is = |arg: &str| arg == name || (!name.contains('/') && base(arg) == name);
    if is(first) {
        return true;
    }
    if name.contains('/') {
        let exe = std::fs::read_link(format!("/proc/{}/exe", process.pid()));
        return exe.is_ok_and(|exe| exe == Path::new(name));
    }
    // The kernel's name is that of a script, or one that a thread gave itself.
    let short: String = name.chars().take(15).collect();
    let script = process.args.get(1).is_some_and(|arg| is(arg));
    script && (scripts || process.stat.comm == short)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Sends a signal to all processes of these names: SIGTERM, if none is given as `-SIGNAL`.
#[derive(clap::Parser)]
#[command(name = "killall")]
struct KillallOptions {
    /// Print the names of the signals
    #[arg(short)]
    list: bool,
    /// Do not complain when there is no such process
    #[arg(short)]
    quiet: bool,
    /// Say to which processes the signal was sent
    #[arg(short)]
    verbose: bool,
    /// Names of 15 letters and more must match whole
    #[arg(short)]
    exact: bool,
    /// Names may be of either case
    #[arg(short = 'I')]
    ignore_case: bool,
    /// Wait until all of them have ended
    #[arg(short)]
    wait: bool,
    /// The signal
    #[arg(short, value_name = "SIGNAL")]
    signal: Option<String>,
    /// Only processes of this user
    #[arg(short, value_name = "USER")]
    user: Option<String>,
    /// Names of programs
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// The applet: status 1 when one of the names does not run.
pub fn killall(mut args: Args) -> anyhow::Result<u8> {
    let dashed = signals::take(&mut args);
    let options: KillallOptions = parse(&args)?;
    if options.list {
        writeln!(std::io::stdout(), "{}", signals::list())?;
        return Ok(0);
    }
    if options.names.is_empty() {
        return Err(Failure::new(1, "name a program; see killall --help").into());
    }
    let signal = match &options.signal {
        Some(name) => signals::parse(name)?,
        None => dashed.unwrap_or(15),
    };
    let user = options.user.as_deref().map(crate::pgrep::user).transpose()?;
    let own = std::process::id() as i32;
    let processes = table::all()?;
    let mut status = 0;
    let mut sent = Vec::new();
    for name in &options.names {
        let mut found = false;
        for process in &processes {
            if process.pid() == own
                || user.is_some_and(|user| process.euid != user)
                || !is_called(process, name, &options)
            {
                continue;
            }
            found = true;
            match signals::send(process.pid(), signal) {
                Ok(()) => {
                    sent.push(process.pid());
                    if options.verbose {
                        complain(
                            "killall",
                            format_args!("killed {name}({}) with signal {signal}", process.pid()),
                        );
                    }
                }
                Err(Errno::ESRCH) => {}
                Err(errno) => {
                    complain(
                        "killall",
                        format_args!("{name}({}): {}", process.pid(), errno.desc()),
                    );
                    status = 1;
                }
            }
        }
        if !found {
            status = 1;
            if !options.quiet {
                ochre_applet::complain(name, "no process found");
            }
        }
    }
    while options.wait && sent.iter().any(|&pid| is_alive(pid)) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(status)
}

fn is_alive(pid: i32) -> bool {
    Process::of(pid).is_some_and(|process| process.stat.state != 'Z')
}

fn is_called(process: &Process, name: &str, options: &KillallOptions) -> bool {
    let same = |a: &str, b: &str| {
        if options.ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
    };
    let comm = &process.stat.comm;
    if same(comm, name) {
        return true;
    }
    let cut =
        comm.len() == 15 && name.len() > 15 && same(comm, &name[..name.floor_char_boundary(15)]);
    let argument = process.args.first().is_some_and(|arg| same(base(arg), name));
    let script = process.args.get(1).is_some_and(|arg| same(base(arg), name));
    argument || (cut && (script || !options.exact))
}

/// Sends a signal to all processes but those of its own session, init and the kernel's threads.
///
/// The signal is `-SIGNAL`, SIGTERM without.
#[derive(clap::Parser)]
#[command(name = "killall5")]
struct Killall5Options {
    /// Spare these, too
    #[arg(short, value_name = "PID")]
    omit: Vec<i32>,
}

/// The applet: status 2 when there was nobody to signal.
pub fn killall5(mut args: Args) -> anyhow::Result<u8> {
    let signal = signals::take(&mut args).unwrap_or(15);
    let args: Vec<OsString> = args;
    let options: Killall5Options = parse(&args)?;
    let processes = table::all()?;
    let own = std::process::id() as i32;
    let session =
        processes.iter().find(|process| process.pid() == own).map(|process| process.stat.session);
    // Nobody may start another while we look.
    signals::send(-1, 19)?;
    let mut status = 2;
    for process in processes {
        let spared = process.pid() == 1
            || process.args.is_empty()
            || Some(process.stat.session) == session
            || options.omit.contains(&process.pid());
        if !spared && signals::send(process.pid(), signal).is_ok() {
            status = 0;
        }
    }
    signals::send(-1, 18)?;
    Ok(status)
}

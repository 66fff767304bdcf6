// SPDX-License-Identifier: MIT OR Apache-2.0
//! `pgrep` and `pkill`: processes by a pattern and by what they belong to.

use std::io::Write;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::unistd::{Group, User};
use ochre_applet::{Args, Failure, complain, parse_or};
use regex::bytes::{Regex, RegexBuilder};

use crate::signals;
use crate::table::{self, Process, System};

/// Finds processes (pgrep), or sends them a signal (pkill: SIGTERM, if none is given as `-SIGNAL`).
///
/// The status is 0 when there was one, 1 when there was none, 2 for wrong arguments.
#[derive(clap::Parser)]
#[command(name = "pgrep")]
struct Options {
    /// Match the whole command line, not only the name
    #[arg(short, long)]
    full: bool,
    /// The pattern must match all of it
    #[arg(short = 'x', long)]
    exact: bool,
    /// Letters match in either case
    #[arg(short, long)]
    ignore_case: bool,
    /// Those that do not match
    #[arg(short = 'v', long)]
    inverse: bool,
    /// Only the newest
    #[arg(short, long)]
    newest: bool,
    /// Only the oldest
    #[arg(short, long)]
    oldest: bool,
    /// Print how many there are
    #[arg(short, long)]
    count: bool,
    /// Print the name behind the number
    #[arg(short = 'l', long)]
    list_name: bool,
    /// Print the command line behind the number
    #[arg(short = 'a', long)]
    list_full: bool,
    /// Print this between the numbers
    #[arg(short, long, default_value = "\n")]
    delimiter: String,
    /// Children of these
    #[arg(short = 'P', long, value_delimiter = ',')]
    parent: Vec<i32>,
    /// Members of these process groups; 0 is our own
    #[arg(short = 'g', long, value_delimiter = ',')]
    pgroup: Vec<i32>,
    /// Members of these sessions; 0 is our own
    #[arg(short, long, value_delimiter = ',')]
    session: Vec<i32>,
    /// On these terminals
    #[arg(short, long, value_delimiter = ',')]
    terminal: Vec<String>,
    /// Of these users
    #[arg(short = 'u', long, value_delimiter = ',')]
    euid: Vec<String>,
    /// Of these real users
    #[arg(short = 'U', long, value_delimiter = ',')]
    uid: Vec<String>,
    /// Of these real groups
    #[arg(short = 'G', long, value_delimiter = ',')]
    group: Vec<String>,
    /// In these states
    #[arg(short = 'r', long, value_delimiter = ',')]
    runstates: Vec<char>,
    /// Older than so many seconds
    #[arg(short = 'O', long)]
    older: Option<u64>,
    /// The number in this file
    #[arg(short = 'F', long, value_name = "FILE")]
    pidfile: Option<std::path::PathBuf>,
    /// The signal (pkill)
    #[arg(long)]
    signal: Option<String>,
    /// Say what is signalled (pkill)
    #[arg(short, long)]
    echo: bool,
    /// An extended regular expression
    pattern: Option<String>,
}

/// The applet `pgrep`.
pub fn pgrep(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse_or(&args, 2)?;
    let found = options.find()?;
    let mut out = std::io::stdout().lock();
    if options.count {
        writeln!(out, "{}", found.len())?;
    } else if !found.is_empty() {
        let line = |process: &Process| match (options.list_full, options.list_name) {
            (true, _) => format!("{} {}", process.pid(), process.command_line()),
            (_, true) => format!("{} {}", process.pid(), process.stat.comm),
            _ => process.pid().to_string(),
        };
        let lines: Vec<String> = found.iter().map(line).collect();
        writeln!(out, "{}", lines.join(&options.delimiter))?;
    }
    Ok(u8::from(found.is_empty()))
}

/// The applet `pkill`.
pub fn pkill(mut args: Args) -> anyhow::Result<u8> {
    let dashed = signals::take(&mut args);
    let options: Options = parse_or(&args, 2)?;
    let signal = match &options.signal {
        Some(name) => signals::parse(name).map_err(wrong)?,
        None => dashed.unwrap_or(15),
    };
    let found = options.find()?;
    let mut hit = 0;
    for process in &found {
        match signals::send(process.pid(), signal) {
            Ok(()) => {
                hit += 1;
                if options.echo {
                    let name = &process.stat.comm;
                    writeln!(std::io::stdout(), "{name} killed (pid {})", process.pid())?;
                }
            }
            Err(Errno::ESRCH) => {}
            Err(errno) => complain(
                "pkill",
                format_args!("killing pid {} failed: {}", process.pid(), errno.desc()),
            ),
        }
    }
    if options.count {
        writeln!(std::io::stdout(), "{hit}")?;
    }
    Ok(u8::from(hit == 0))
}

fn wrong(error: anyhow::Error) -> anyhow::Error {
    Failure::new(2, error.to_string()).into()
}

impl Options {
    /// The processes that are asked for, in the order of their numbers.
    fn find(&self) -> anyhow::Result<Vec<Process>> {
        let pattern = self.pattern()?;
        let users = lookup(&self.euid, user)?;
        let real_users = lookup(&self.uid, user)?;
        let groups = lookup(&self.group, group)?;
        let pid = self.pidfile.as_deref().map(read_pid).transpose()?;
        let system = System::read();
        let all = table::all()?;
        let own = std::process::id() as i32;
        let me = all.iter().find(|process| process.pid() == own);
        let (group, session) = me.map_or((0, 0), |me| (me.stat.pgrp, me.stat.session));
        let any = |list: &[i32], value: i32, own: i32| {
            list.is_empty() || list.iter().any(|&one| value == if one == 0 { own } else { one })
        };
        let holds = |process: &Process| {
            let stat = &process.stat;
            let text = if self.full { process.command_line() } else { stat.comm.clone() };
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text.as_bytes()))
                && any(&self.parent, stat.ppid, -1)
                && any(&self.pgroup, stat.pgrp, group)
                && any(&self.session, stat.session, session)
                && (users.is_empty() || users.contains(&process.euid))
                && (real_users.is_empty() || real_users.contains(&process.ruid))
                && (groups.is_empty() || groups.contains(&process.rgid))
                && (self.runstates.is_empty() || self.runstates.contains(&stat.state))
                && self.older.is_none_or(|secs| system.age(process) >= secs)
                && pid.is_none_or(|pid| process.pid() == pid)
                && (self.terminal.is_empty()
                    || self.terminal.contains(&system.terminal(stat.tty_nr)))
        };
        let mut found: Vec<Process> = all
            .iter()
            .filter(|process| process.pid() != own && holds(process) != self.inverse)
            .cloned()
            .collect();
        let age = |process: &&Process| (process.stat.starttime, process.pid());
        if self.newest {
            found = found.iter().max_by_key(age).cloned().into_iter().collect();
        } else if self.oldest {
            found = found.iter().min_by_key(age).cloned().into_iter().collect();
        }
        Ok(found)
    }

    fn pattern(&self) -> anyhow::Result<Option<Regex>> {
        let Some(text) = &self.pattern else {
            if self.is_unlimited() {
                return Err(
                    Failure::new(2, "no pattern and nothing else to look for; see --help").into()
                );
            }
            return Ok(None);
        };
        let text = if self.exact { format!("^(?:{text})$") } else { text.clone() };
        let built =
            RegexBuilder::new(&text).case_insensitive(self.ignore_case).unicode(false).build();
        built.map(Some).map_err(|error| wrong(anyhow::anyhow!("wrong pattern: {error}")))
    }

    fn is_unlimited(&self) -> bool {
        self.parent.is_empty()
            && self.pgroup.is_empty()
            && self.session.is_empty()
            && self.terminal.is_empty()
            && self.euid.is_empty()
            && self.uid.is_empty()
            && self.group.is_empty()
            && self.runstates.is_empty()
            && self.older.is_none()
            && self.pidfile.is_none()
    }
}

fn lookup(names: &[String], find: fn(&str) -> anyhow::Result<u32>) -> anyhow::Result<Vec<u32>> {
    names.iter().map(|name| find(name).map_err(wrong)).collect()
}

/// A user's number by name or number.
pub fn user(name: &str) -> anyhow::Result<u32> {
    if let Ok(uid) = name.parse() {
        return Ok(uid);
    }
    let found = User::from_name(name).ok().flatten();
    Ok(found.with_context(|| format!("no user {name}"))?.uid.as_raw())
}

fn group(name: &str) -> anyhow::Result<u32> {
    if let Ok(gid) = name.parse() {
        return Ok(gid);
    }
    let found = Group::from_name(name).ok().flatten();
    Ok(found.with_context(|| format!("no group {name}"))?.gid.as_raw())
}

fn read_pid(path: &std::path::Path) -> anyhow::Result<i32> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(anyhow::anyhow!("cannot read {}: {error}", path.display())))?;
    let number = text.trim().parse();
    number.map_err(|_| wrong(anyhow::anyhow!("{}: no process number in it", path.display())))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `w`: who is there and what they do.
//!
//! There is no utmp file to read: musl keeps none. A user is there who has a session with a terminal.

use std::io::Write;

use ochre_applet::{Args, clock, parse};
use procfs::Current;

use crate::ps::elapsed;
use crate::table::{self, System};

/// Shows who is there and what they do.
#[derive(clap::Parser)]
#[command(name = "w", disable_help_flag = true)]
struct Options {
    /// Without the heads
    #[arg(short = 'h', long)]
    no_header: bool,
    /// Only this user
    user: Option<String>,
    /// Print this
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// The applet.
pub fn w(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let system = System::read();
    let processes = table::all()?;
    let leaders: Vec<_> = processes
        .iter()
        .filter(|process| process.stat.session == process.pid() && process.stat.tty_nr != 0)
        .filter(|process| {
            options.user.as_ref().is_none_or(|name| system.user(process.ruid) == *name)
        })
        .collect();
    let mut out = std::io::stdout().lock();
    if !options.no_header {
        let now = clock::local(clock::now());
        let load = load();
        writeln!(
            out,
            " {:02}:{:02}:{:02} up {},  {} user{},  load average: {:.2}, {:.2}, {:.2}",
            now.hour,
            now.minute,
            now.second,
            elapsed(system.uptime as u64),
            leaders.len(),
            if leaders.len() == 1 { "" } else { "s" },
            load.0,
            load.1,
            load.2
        )?;
        writeln!(out, "USER     TTY      LOGIN@   WHAT")?;
    }
    for leader in leaders {
        let front = processes.iter().find(|process| process.pid() == leader.stat.tpgid);
        let started = clock::local(system.started(leader));
        writeln!(
            out,
            "{:<8} {:<8} {:02}:{:02}    {}",
            system.user(leader.ruid),
            system.terminal(leader.stat.tty_nr),
            started.hour,
            started.minute,
            front.unwrap_or(leader).command_line()
        )?;
    }
    Ok(0)
}

/// The load of the machine over one, five and fifteen minutes.
fn load() -> (f32, f32, f32) {
    procfs::LoadAverage::current()
        .map_or((0.0, 0.0, 0.0), |load| (load.one, load.five, load.fifteen))
}

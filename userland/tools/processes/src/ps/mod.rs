// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ps`: the options of POSIX and of procps (`ps -ef`), those of BSD (`ps aux`), and `-o` with the names of
//! all three families, BusyBox's among them.
//!
//! Options are read by hand: a letter means one thing behind a dash and another without.

mod fields;
mod options;

use std::io::Write;

use ochre_applet::Args;

pub use fields::elapsed;
use options::{Column, Options, Selection};

use crate::table::{self, Process, System};

/// The applet: status 1 when nothing was selected.
pub fn ps(args: Args) -> anyhow::Result<u8> {
    let args: Vec<String> =
        args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    if args.iter().any(|arg| arg == "--help") {
        std::io::stdout().write_all(options::HELP.as_bytes())?;
        return Ok(0);
    }
    let options = Options::parse(&args)?;
    let system = System::read();
    let all = table::all()?;
    let own = all.iter().find(|process| process.pid() == std::process::id() as i32).cloned();
    let mut chosen: Vec<Process> = all
        .into_iter()
        .filter(|process| options.selection.holds(process, own.as_ref(), &system) != options.negate)
        .collect();
    if options.threads {
        chosen = chosen.iter().flat_map(table::threads).collect();
    }
    sort(&mut chosen, &options, &system);
    let depths = if options.forest { forest(&mut chosen) } else { Vec::new() };
    let rows = rows(&chosen, &depths, &options, &system);
    print(&rows, &options)?;
    Ok(u8::from(chosen.is_empty()))
}

fn sort(processes: &mut [Process], options: &Options, system: &System) {
    processes.sort_by(|a, b| {
        let orders = options.sort.iter().map(|(field, down)| {
            let order = field.compare(a, b, system);
            if *down { order.reverse() } else { order }
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
}

/// Puts children below their parents; gives how deep each stands.
fn forest(processes: &mut Vec<Process>) -> Vec<usize> {
    let listed: std::collections::HashSet<i32> = processes.iter().map(Process::pid).collect();
    let mut left = std::mem::take(processes);
    let mut depths = Vec::new();
    // Parents that wait for their children, the next one last.
    let mut open: Vec<(i32, usize)> = Vec::new();
    while !left.is_empty() {
        let next = open.last().and_then(|&(parent, depth)| {
            left.iter().position(|process| process.stat.ppid == parent).map(|at| (at, depth + 1))
        });
        let (at, depth) = match next {
            Some(found) => found,
            None if open.pop().is_some() => continue,
            None => {
                let root = left.iter().position(|process| !listed.contains(&process.stat.ppid));
                (root.unwrap_or(0), 0)
            }
        };
        let process = left.remove(at);
        open.push((process.pid(), depth));
        depths.push(depth);
        processes.push(process);
    }
    depths
}

/// The text of each cell.
fn rows(
    processes: &[Process],
    depths: &[usize],
    options: &Options,
    system: &System,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if options.heads && options.columns.iter().any(|column| !column.head.is_empty()) {
        rows.push(options.columns.iter().map(|column| column.head.clone()).collect());
    }
    for (index, process) in processes.iter().enumerate() {
        let cell = |column: &Column| {
            let text = column.field.value(process, system);
            match depths.get(index) {
                Some(&depth) if depth > 0 && column.is_command() => {
                    format!("{}\\_ {text}", " ".repeat(2 + (depth - 1) * 4))
                }
                _ => text,
            }
        };
        rows.push(options.columns.iter().map(cell).collect());
    }
    rows
}

fn print(rows: &[Vec<String>], options: &Options) -> anyhow::Result<()> {
    let limit = options.line_width();
    let mut out = std::io::stdout().lock();
    for row in rows {
        let mut line = String::new();
        for (index, (text, column)) in row.iter().zip(&options.columns).enumerate() {
            let width = column.field.width().max(column.head.chars().count());
            let last = index + 1 == row.len();
            match (column.field.right(), last) {
                (true, _) => line.push_str(&format!("{text:>width$}")),
                (false, true) => line.push_str(text),
                // What stands behind a command must not move.
                (false, false) if column.is_command() => {
                    line.push_str(&format!("{text:<width$.width$}"));
                }
                (false, false) => line.push_str(&format!("{text:<width$}")),
            }
            if !last {
                line.push(' ');
            }
        }
        let shown: String = match limit {
            Some(limit) => line.chars().take(limit).collect(),
            None => line,
        };
        writeln!(out, "{shown}")?;
    }
    Ok(())
}

impl Selection {
    /// Does it hold for a process, seen from our own?
    fn holds(&self, process: &Process, own: Option<&Process>, system: &System) -> bool {
        let stat = &process.stat;
        let on_terminal = stat.tty_nr != 0;
        if self.every {
            return true;
        }
        let listed = self.pids.contains(&process.pid())
            || self.parents.contains(&stat.ppid)
            || self.sessions.contains(&stat.session)
            || self.commands.iter().any(|name| name.chars().take(15).eq(stat.comm.chars()))
            || self.users.contains(&process.euid)
            || self.real_users.contains(&process.ruid)
            || self.groups.contains(&process.rgid)
            || (on_terminal && self.terminals.contains(&system.terminal(stat.tty_nr)))
            || (self.with_terminal && on_terminal && stat.session != stat.pid)
            || (self.no_leaders && stat.session != stat.pid);
        let Some(own) = own else { return listed };
        if self.bsd_all || self.bsd_any {
            let mine = process.euid == own.euid;
            let bsd = match (self.bsd_all, self.bsd_any) {
                (true, true) => true,
                (true, false) => on_terminal,
                _ => mine,
            };
            return listed || bsd;
        }
        if self.bsd_default {
            return listed || (process.euid == own.euid && on_terminal);
        }
        if self.is_default() {
            return process.euid == own.euid && stat.tty_nr == own.stat.tty_nr;
        }
        listed
    }
}

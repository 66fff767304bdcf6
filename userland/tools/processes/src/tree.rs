// SPDX-License-Identifier: MIT OR Apache-2.0
//! `pstree`: processes below their parents.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context as _;
use ochre_applet::{Args, parse};

use crate::table::{self, Process};

/// Shows processes as a tree.
#[derive(clap::Parser)]
#[command(name = "pstree")]
struct Options {
    /// With their numbers
    #[arg(short)]
    pids: bool,
    /// With their arguments
    #[arg(short)]
    arguments: bool,
    /// Equal branches are not put together
    #[arg(short)]
    compact_not: bool,
    /// Lines in ASCII (that is the default here, as for BusyBox)
    #[arg(short = 'A')]
    ascii: bool,
    /// Longer lines are not cut (they never are)
    #[arg(short)]
    long: bool,
    /// The process to start at (1), or a user whose processes are shown
    root: Option<String>,
}

/// The applet.
pub fn pstree(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let processes = table::all()?;
    let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
    for process in &processes {
        children.entry(process.stat.ppid).or_default().push(process);
    }
    for list in children.values_mut() {
        list.sort_by_key(|process| (process.stat.comm.clone(), process.pid()));
    }
    let roots: Vec<&Process> = match options.root.as_deref() {
        Some(text) if text.parse::<i32>().is_err() => {
            let user = crate::pgrep::user(text)?;
            let uid = |pid| processes.iter().find(|one| one.pid() == pid).map(|one| one.euid);
            let first = |one: &&Process| one.euid == user && uid(one.stat.ppid) != Some(user);
            processes.iter().filter(first).collect()
        }
        root => {
            let pid: i32 = root.unwrap_or("1").parse()?;
            let found = processes.iter().find(|process| process.pid() == pid);
            vec![found.with_context(|| format!("no process {pid}"))?]
        }
    };
    let mut out = std::io::stdout().lock();
    for root in roots {
        for line in lines(root, &children, &options) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(0)
}

/// A process and all below it.
fn lines(
    process: &Process,
    children: &BTreeMap<i32, Vec<&Process>>,
    options: &Options,
) -> Vec<String> {
    let name = label(process, options);
    let mut branches: Vec<(Vec<String>, usize)> = Vec::new();
    for child in children.get(&process.pid()).into_iter().flatten() {
        let branch = lines(child, children, options);
        match branches.iter_mut().find(|(other, _)| *other == branch && !options.compact_not) {
            Some((_, count)) => *count += 1,
            None => branches.push((branch, 1)),
        }
    }
    let threads = process.stat.num_threads - 1;
    if threads > 0 && !options.pids {
        branches.push((vec![format!("{{{}}}", process.stat.comm)], threads as usize));
    }
    if branches.is_empty() {
        return vec![name];
    }
    let last = branches.len() - 1;
    if options.arguments {
        // One process on each line, for there is no room beside arguments.
        let mut all = vec![name];
        for (index, (branch, count)) in branches.into_iter().enumerate() {
            let bar = if index == last { "  `-" } else { "  |-" };
            let space = if index == last { "    " } else { "  | " };
            for (row, line) in branch.into_iter().enumerate() {
                let times = if row == 0 && count > 1 { format!("{count}*[{line}]") } else { line };
                all.push(format!("{}{times}", if row == 0 { bar } else { space }));
            }
        }
        return all;
    }
    let indent = " ".repeat(name.chars().count());
    let mut all = Vec::new();
    for (index, (branch, count)) in branches.into_iter().enumerate() {
        let multiple = if count > 1 { format!("{count}*[") } else { String::new() };
        for (row, line) in branch.into_iter().enumerate() {
            let joint = match (row, index, last) {
                (0, 0, 0) => "---",
                (0, 0, _) => "-+-",
                (0, index, last) if index == last => " `-",
                (0, ..) => " |-",
                (_, index, last) if index == last => "   ",
                _ => " | ",
            };
            let head = if all.is_empty() { &name } else { &indent };
            let line = match (row, count) {
                (_, 1) => line,
                (0, _) => format!("{multiple}{line}]"),
                _ => format!("{}{line}", " ".repeat(multiple.len())),
            };
            all.push(format!("{head}{joint}{line}"));
        }
    }
    all
}

fn label(process: &Process, options: &Options) -> String {
    let mut text = process.stat.comm.clone();
    if options.pids {
        text += &if options.arguments {
            format!(",{}", process.pid())
        } else {
            format!("({})", process.pid())
        };
    }
    if options.arguments && process.args.len() > 1 {
        text = format!("{text} {}", process.args[1..].join(" "));
    }
    text
}

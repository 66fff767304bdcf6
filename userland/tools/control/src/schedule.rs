// SPDX-License-Identifier: MIT OR Apache-2.0
//! `taskset`, `renice`, `ionice`, `chrt`: when and where processes run.

use std::ffi::OsString;

use anyhow::{Context as _, Result, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, User};
use ochre_applet::{Args, complain, parse, reason};

use crate::command::become_command;
use crate::sys;

fn pid(word: &OsString) -> Result<i32> {
    let number = word.to_str().and_then(|word| word.parse().ok());
    number.with_context(|| format!("invalid PID argument: '{}'", word.display()))
}

/// A process by number; here 0 is none, and not the caller.
fn running(word: &OsString) -> Result<i32> {
    let number = pid(word)?;
    if number <= 0 {
        bail!("invalid PID argument: '{number}'");
    }
    Ok(number)
}

/// Says on which processors something runs, or changes that: `taskset MASK COMMAND…`,
/// `taskset -p MASK PID`, `taskset -p PID`.
#[derive(clap::Parser)]
#[command(name = "taskset", disable_version_flag = true)]
struct TaskOptions {
    /// Processors are a list such as 0,2-3 and not a mask
    #[arg(short, long)]
    cpu_list: bool,
    /// A process that runs already
    #[arg(short, long)]
    pid: bool,
    /// Mask or list, then PID or command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// The processors of a mask in hexadecimal digits or of a list.
fn processors(text: &str, list: bool) -> Option<Vec<usize>> {
    if !list {
        let mask = u128::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
        return Some((0..128).filter(|number| mask >> number & 1 == 1).collect());
    }
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        let step: usize = step.parse().ok().filter(|step| *step > 0)?;
        numbers.extend((first..=last.min(CpuSet::count())).step_by(step));
    }
    Some(numbers)
}

/// Processors as `taskset -p` shows them.
fn shown(set: &CpuSet, list: bool) -> String {
    let numbers: Vec<usize> = (0..CpuSet::count().min(128))
        .filter(|number| set.is_set(*number).unwrap_or(false))
        .collect();
    if !list {
        let mask = numbers.iter().fold(0_u128, |mask, number| mask | 1 << number);
        return format!("{mask:x}");
    }
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    let run = |run: &[usize]| match run {
        [first, .., last] if run.len() > 2 => format!("{first}-{last}"),
        _ => run.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
    };
    runs.map(run).collect::<Vec<_>>().join(",")
}

/// The applet.
pub fn taskset(args: Args) -> Result<u8> {
    let options: TaskOptions = parse(&args)?;
    let what = if options.cpu_list { "list" } else { "mask" };
    let show = |pid: i32, when: &str| -> Result<()> {
        let set = sched_getaffinity(Pid::from_raw(pid)).map_err(|errno| {
            anyhow::anyhow!("failed to get pid {pid}'s affinity: {}", errno.desc())
        })?;
        println!("pid {pid}'s {when} affinity {what}: {}", shown(&set, options.cpu_list));
        Ok(())
    };
    let (first, rest) = options.words.split_first().context("no mask named")?;
    if options.pid && rest.is_empty() {
        show(running(first)?, "current")?;
        return Ok(0);
    }
    let text = first.to_string_lossy();
    let numbers = processors(&text, options.cpu_list)
        .with_context(|| format!("failed to parse CPU {what}: {text}"))?;
    let mut set = CpuSet::new();
    for number in numbers {
        set.set(number).with_context(|| format!("no processor can have the number {number}"))?;
    }
    let target = if options.pid { running(&rest[0])? } else { 0 };
    if options.pid {
        show(target, "current")?;
    } else if rest.is_empty() {
        bail!("no command and no PID; see --help");
    }
    sched_setaffinity(Pid::from_raw(target), &set).map_err(|errno| {
        anyhow::anyhow!("failed to set pid {target}'s affinity: {}", errno.desc())
    })?;
    if options.pid {
        show(target, "new")?;
        return Ok(0);
    }
    Err(become_command(rest))
}

/// Changes the nice value of processes that run.
#[derive(clap::Parser)]
#[command(name = "renice", disable_version_flag = true, allow_negative_numbers = true)]
struct ReniceOptions {
    /// The value is added to the one that they have
    #[arg(long)]
    relative: bool,
    /// The value is the new one: this is usual
    #[arg(short = 'n', long = "priority", allow_negative_numbers = true)]
    value: Option<i32>,
    /// Numbers are of processes: this is usual
    #[arg(short, long)]
    pid: bool,
    /// Numbers are of process groups
    #[arg(short, long)]
    group: bool,
    /// Names or numbers are of users
    #[arg(short, long)]
    user: bool,
    /// The value unless -n has it, then whom
    words: Vec<String>,
}

/// The applet: status 1 when one of them could not be changed.
pub fn renice(args: Args) -> Result<u8> {
    let options: ReniceOptions = parse(&args)?;
    let mut words = options.words.iter();
    let value = match options.value {
        Some(value) => value,
        None => {
            let word = words.next().context("no nice value named")?;
            word.parse().with_context(|| format!("invalid priority '{word}'"))?
        }
    };
    if words.len() == 0 {
        bail!("whose nice value? name processes, groups with -g or users with -u");
    }
    let (kind, name) = match (options.group, options.user) {
        (true, _) => (1, "process group ID"),
        (_, true) => (2, "user ID"),
        _ => (0, "process ID"),
    };
    let mut status = 0;
    for word in words {
        let user = || User::from_name(word).ok().flatten().map(|user| user.uid.as_raw());
        let number = word.parse().ok().or_else(|| if options.user { user() } else { None });
        let Some(who) = number else {
            complain("renice", format_args!("bad {name} value: {word}"));
            status = 1;
            continue;
        };
        let changed = sys::nice(kind, who).and_then(|old| {
            let new = if options.relative { old + value } else { value };
            sys::set_nice(kind, who, new)?;
            Ok((old, sys::nice(kind, who)?))
        });
        match changed {
            Ok((old, new)) => println!("{who} ({name}) old priority {old}, new priority {new}"),
            Err(error) => {
                let why = reason(&error);
                complain(
                    "renice",
                    format_args!("failed to set priority for {who} ({name}): {why}"),
                );
                status = 1;
            }
        }
    }
    Ok(status)
}

const IO_CLASSES: [&str; 4] = ["none", "realtime", "best-effort", "idle"];

/// Shows or changes the priority of input and output, of a command or of processes that run.
#[derive(clap::Parser)]
#[command(name = "ionice", disable_version_flag = true)]
struct IoOptions {
    /// 1 or realtime, 2 or best-effort, 3 or idle
    #[arg(short, long)]
    class: Option<String>,
    /// The level in the class, 0 is the highest of 8
    #[arg(short = 'n', long, value_parser = clap::value_parser!(i32).range(0..8))]
    classdata: Option<i32>,
    /// Processes
    #[arg(short, long, num_args = 1..)]
    pid: Vec<i32>,
    /// Go on when it could not be changed
    #[arg(short = 't', long)]
    ignore: bool,
    /// The command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The applet.
pub fn ionice(args: Args) -> Result<u8> {
    let options: IoOptions = parse(&args)?;
    let class = match options.class.as_deref() {
        None => 2,
        Some(text) => match IO_CLASSES.iter().position(|name| *name == text) {
            Some(class) => class as i32,
            None => match text.parse() {
                Ok(class @ 0..=3) => class,
                _ => bail!("unknown scheduling class: '{text}'"),
            },
        },
    };
    let change = options.class.is_some() || options.classdata.is_some();
    if !change && (options.command.is_empty() || !options.pid.is_empty()) {
        let own = vec![0];
        for pid in if options.pid.is_empty() { &own } else { &options.pid } {
            let priority = sys::io_priority(1, *pid)
                .map_err(|error| anyhow::anyhow!("ioprio_get failed: {}", reason(&error)))?;
            let class = (priority >> 13) as usize & 3;
            match class {
                3 => println!("idle"),
                _ => println!("{}: prio {}", IO_CLASSES[class], priority & 7),
            }
        }
        return Ok(0);
    }
    let level = if class == 0 || class == 3 { 0 } else { options.classdata.unwrap_or(4) };
    let own = vec![0];
    for pid in if options.pid.is_empty() { &own } else { &options.pid } {
        match sys::set_io_priority(1, *pid, class << 13 | level) {
            Err(error) if !options.ignore => bail!("ioprio_set failed: {}", reason(&error)),
            _ => {}
        }
    }
    if options.command.is_empty() { Ok(0) } else { Err(become_command(&options.command)) }
}

const POLICIES: [(&str, i32); 5] =
    [("SCHED_OTHER", 0), ("SCHED_FIFO", 1), ("SCHED_RR", 2), ("SCHED_BATCH", 3), ("SCHED_IDLE", 5)];
const RESET_ON_FORK: i32 = 0x4000_0000;

/// Shows or changes how something is scheduled: `chrt [-f|-r|-o|-b|-i] PRIORITY COMMAND…`,
/// `chrt -p [PRIORITY] PID`.
#[derive(clap::Parser)]
#[command(name = "chrt", disable_version_flag = true)]
struct ScheduleOptions {
    /// First in, first out
    #[arg(short, long)]
    fifo: bool,
    /// In turns: this is usual
    #[arg(short, long)]
    rr: bool,
    /// As all others
    #[arg(short, long)]
    other: bool,
    /// For long computations
    #[arg(short, long)]
    batch: bool,
    /// When nothing else runs
    #[arg(short, long)]
    idle: bool,
    /// Children have the usual one again
    #[arg(short = 'R', long)]
    reset_on_fork: bool,
    /// Show the lowest and highest priorities
    #[arg(short, long)]
    max: bool,
    /// A process that runs already
    #[arg(short, long)]
    pid: bool,
    /// Priority, then PID or command
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

fn show_schedule(pid: i32, when: &str) -> Result<()> {
    let (policy, priority) = sys::scheduler(pid)
        .map_err(|error| anyhow::anyhow!("failed to get pid {pid}'s policy: {}", reason(&error)))?;
    let known = POLICIES.iter().find(|(_, number)| *number == policy & !RESET_ON_FORK);
    let name = known.map_or("unknown", |(name, _)| name);
    let reset = if policy & RESET_ON_FORK == 0 { "" } else { "|SCHED_RESET_ON_FORK" };
    println!("pid {pid}'s {when} scheduling policy: {name}{reset}");
    println!("pid {pid}'s {when} scheduling priority: {priority}");
    Ok(())
}

/// The applet.
pub fn chrt(args: Args) -> Result<u8> {
    let options: ScheduleOptions = parse(&args)?;
    if options.max {
        for (name, policy) in POLICIES {
            match sys::priorities(policy) {
                Ok((low, high)) => println!("{name} min/max priority\t: {low}/{high}"),
                Err(_) => println!("{name} not supported?"),
            }
        }
        return Ok(0);
    }
    let mut policy = match (options.fifo, options.other, options.batch, options.idle) {
        (true, ..) => 1,
        (_, true, ..) => 0,
        (_, _, true, _) => 3,
        (.., true) => 5,
        _ => 2,
    };
    if options.reset_on_fork {
        policy |= RESET_ON_FORK;
    }
    let (first, rest) = options.words.split_first().context("no priority named; see --help")?;
    if options.pid && rest.is_empty() {
        show_schedule(pid(first)?, "current")?;
        return Ok(0);
    }
    let text = first.to_string_lossy();
    let priority: i32 =
        text.parse().with_context(|| format!("invalid priority argument: '{text}'"))?;
    let (low, high) = sys::priorities(policy & !RESET_ON_FORK).context("policy not supported")?;
    if !(low..=high).contains(&priority) {
        bail!("unsupported priority value for the policy: {priority}; see --max for valid range");
    }
    let target = if options.pid { pid(&rest[0])? } else { 0 };
    if rest.is_empty() {
        bail!("no command and no PID; see --help");
    }
    sys::set_scheduler(target, policy, priority).map_err(|error| {
        anyhow::anyhow!("failed to set pid {target}'s policy: {}", reason(&error))
    })?;
    if options.pid { Ok(0) } else { Err(become_command(rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_masks_or_lists() {
        assert_eq!(processors("0xd", false), Some(vec![0, 2, 3]));
        assert_eq!(processors("0,2-4", true), Some(vec![0, 2, 3, 4]));
        assert_eq!(processors("0-6:3", true), Some(vec![0, 3, 6]));
        assert_eq!(processors("x", true), None);
    }
}

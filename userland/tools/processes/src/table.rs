// SPDX-License-Identifier: MIT OR Apache-2.0
//! One look at the processes, and what is the same for all of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;

use nix::unistd::{Gid, Group, Uid, User};
use procfs::process::{self, Stat};
use procfs::{Current, Meminfo};

/// One process or thread, as it was when it was looked at.
#[derive(Clone)]
pub struct Process {
    /// The numbers of /proc/PID/stat.
    pub stat: Stat,
    /// Process that a thread belongs to.
    pub tgid: i32,
    /// Effective user.
    pub euid: u32,
    /// Real user.
    pub ruid: u32,
    /// Effective group.
    pub egid: u32,
    /// Real group.
    pub rgid: u32,
    /// Locked memory in KiB.
    pub locked_kib: u64,
    /// Its arguments; a kernel thread has none.
    pub args: Vec<String>,
}

impl Process {
    /// Reads all of a process; nothing when it has ended meanwhile.
    pub fn read(process: &process::Process) -> Option<Self> {
        let stat = process.stat().ok()?;
        let status = process.status().ok()?;
        Some(Self {
            tgid: status.tgid,
            euid: status.euid,
            ruid: status.ruid,
            egid: status.egid,
            rgid: status.rgid,
            locked_kib: status.vmlck.unwrap_or(0),
            args: process.cmdline().unwrap_or_default(),
            stat,
        })
    }

    /// The process with this number.
    pub fn of(pid: i32) -> Option<Self> {
        Self::read(&process::Process::new(pid).ok()?)
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.stat.pid
    }

    /// The arguments in a line, or the name in brackets where there are none.
    pub fn command_line(&self) -> String {
        if self.args.iter().all(String::is_empty) {
            let dead = if self.stat.state == 'Z' { " <defunct>" } else { "" };
            return format!("[{}]{dead}", self.stat.comm);
        }
        self.args.join(" ")
    }

    /// Its own and the kernel's time for it, in ticks.
    pub fn ticks(&self) -> u64 {
        self.stat.utime + self.stat.stime
    }

    /// Memory that it has in use, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.stat.rss * procfs::page_size() / 1024
    }

    /// Its state with the letters of ps(1) behind it.
    pub fn state(&self) -> String {
        let stat = &self.stat;
        let mut text = String::from(stat.state);
        if stat.nice != 0 {
            text.push(if stat.nice < 0 { '<' } else { 'N' });
        }
        for (set, letter) in [
            (self.locked_kib > 0, 'L'),
            (stat.session == stat.pid, 's'),
            (stat.num_threads > 1, 'l'),
            (stat.tpgid > 0 && stat.pgrp == stat.tpgid, '+'),
        ] {
            if set {
                text.push(letter);
            }
        }
        text
    }
}

/// All processes, in the order of their numbers.
///
/// # Errors
/// When /proc is not there.
pub fn all() -> anyhow::Result<Vec<Process>> {
    let found = process::all_processes()
        .map_err(|error| anyhow::anyhow!("cannot read /proc: {error}; is it mounted?"))?;
    let mut table: Vec<Process> =
        found.filter_map(Result::ok).filter_map(|process| Process::read(&process)).collect();
    table.sort_by_key(Process::pid);
    Ok(table)
}

/// The threads of a process, each as a row of its own.
pub fn threads(process: &Process) -> Vec<Process> {
    let tasks = process::Process::new(process.pid()).and_then(|process| process.tasks());
    let Ok(tasks) = tasks else { return Vec::new() };
    let mut threads = Vec::new();
    for task in tasks.filter_map(Result::ok) {
        if let Ok(stat) = task.stat() {
            threads.push(Process { stat, ..process.clone() });
        }
    }
    threads
}

/// What is the same for all processes, and names that were looked up.
pub struct System {
    /// When the machine was started, in seconds after 1970.
    pub boot: i64,
    /// Seconds since then.
    pub uptime: f64,
    /// Ticks in a second.
    pub hertz: u64,
    /// Memory of the machine in KiB.
    pub memory_kib: u64,
    users: RefCell<HashMap<u32, String>>,
    groups: RefCell<HashMap<u32, String>>,
    terminals: RefCell<HashMap<i32, String>>,
}

impl System {
    /// Looks at the machine.
    pub fn read() -> Self {
        let uptime = procfs::Uptime::current().map_or(0.0, |uptime| uptime.uptime);
        Self {
            boot: ochre_applet::clock::now() - uptime as i64,
            uptime,
            hertz: procfs::ticks_per_second(),
            memory_kib: Meminfo::current().map_or(0, |memory| memory.mem_total / 1024),
            users: RefCell::default(),
            groups: RefCell::default(),
            terminals: RefCell::default(),
        }
    }

    /// A user's name, or the number of one without.
    pub fn user(&self, uid: u32) -> String {
        let mut users = self.users.borrow_mut();
        let find = || match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => user.name,
            _ => uid.to_string(),
        };
        users.entry(uid).or_insert_with(find).clone()
    }

    /// A group's name, or the number of one without.
    pub fn group(&self, gid: u32) -> String {
        let mut groups = self.groups.borrow_mut();
        let find = || match Group::from_gid(Gid::from_raw(gid)) {
            Ok(Some(group)) => group.name,
            _ => gid.to_string(),
        };
        groups.entry(gid).or_insert_with(find).clone()
    }

    /// A terminal's name by its device number, below /dev; `?` for none.
    pub fn terminal(&self, device: i32) -> String {
        self.terminals.borrow_mut().entry(device).or_insert_with(|| terminal(device)).clone()
    }

    /// Seconds since a process was started.
    pub fn age(&self, process: &Process) -> u64 {
        (self.uptime - process.stat.starttime as f64 / self.hertz as f64).max(0.0) as u64
    }

    /// When a process was started, in seconds after 1970.
    pub fn started(&self, process: &Process) -> i64 {
        self.boot + (process.stat.starttime / self.hertz) as i64
    }
}

fn terminal(device: i32) -> String {
    if device == 0 {
        return "?".to_owned();
    }
    // The kernel's encoding of old: twelve bits of minor around eight of major.
    let major = (device >> 8) & 0xfff;
    let minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    if (136..144).contains(&major) {
        return format!("pts/{}", (major - 136) * 256 + minor);
    }
    let about = fs::read_to_string(format!("/sys/dev/char/{major}:{minor}/uevent"));
    let about = about.unwrap_or_default();
    let name = about.lines().find_map(|line| line.strip_prefix("DEVNAME="));
    name.unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_among_the_processes() {
        let own = std::process::id() as i32;
        let found = all().unwrap().into_iter().find(|process| process.pid() == own).unwrap();
        assert_eq!(found.tgid, own);
        assert!(found.command_line().contains("ochre_processes"), "{}", found.command_line());
        assert!(!threads(&found).is_empty());
    }

    #[test]
    fn terminals_have_names() {
        assert_eq!(terminal(0), "?");
        assert_eq!(terminal(136 << 8 | 3), "pts/3");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Binding to CPUs: a thread runs where it is bound to as soon as the call returns, and its children
//! begin with its mask.

use std::process::Command;

use ochre_probes::{outcome, say};

fn bind(cpu: usize) -> i64 {
    // SAFETY: all zeroes is a valid set, which lives until the call returns.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set).into()
    }
}

fn allowed() -> Vec<usize> {
    // SAFETY: all zeroes is a valid set, which lives until the call returns.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &raw mut set);
        (0..8 * size_of_val(&set)).filter(|cpu| libc::CPU_ISSET(*cpu, &set)).collect()
    }
}

fn here() -> Option<usize> {
    // SAFETY: touches no memory of ours.
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}

fn main() -> std::io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("child") {
        say(format_args!("a child process may run on {} CPU", allowed().len()));
        return Ok(());
    }
    let cpus = allowed();
    eprintln!("CPUs {cpus:?}");
    // There and back, so that each step is a move where there are two.
    let path: Vec<usize> = cpus.iter().chain(cpus.iter().rev().skip(1)).copied().collect();
    let moved = path.iter().filter(|cpu| bind(**cpu) == 0 && here() == Some(**cpu)).count();
    say(format_args!("ran on each CPU: {}", moved == path.len()));
    let listed = std::fs::read_to_string("/proc/self/status")?;
    let wanted = format!("Cpus_allowed_list:\t{}", cpus[0]);
    say(format_args!("listed in status: {}", listed.lines().any(|line| line == wanted)));

    let inherited = std::thread::spawn(|| (allowed(), here())).join();
    let bound = (vec![cpus[0]], Some(cpus[0]));
    say(format_args!("inherited by a thread: {}", inherited.ok() == Some(bound)));
    Command::new("/proc/self/exe").arg("child").status()?;

    outcome("a CPU that nobody has", bind(1000));
    // SAFETY: the kernel reads no byte of a set of none, and writes no byte of one too small.
    unsafe {
        outcome("no CPU", libc::sched_setaffinity(0, 0, std::ptr::null()).into());
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        outcome("no room", libc::sched_getaffinity(0, 1, &raw mut set).into());
        outcome("nobody", libc::sched_setaffinity(i32::MAX, 8, (&raw const set).cast()).into());
    }
    say(format_args!("still bound: {}", allowed() == [cpus[0]]));
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measures how late a sleeper wakes up beside a program that only computes. Told on standard input,
//! one line each: `policy hog sleeps`; the policy is `fifo` or `other`, the hog a compute kernel,
//! `copy` for one that copies memory a lot at a time, or `none`. Answers with `policy hog median most`
//! in nanoseconds. As `fifo` the sleeper has the processor as soon as the hog can be made to leave it;
//! as `other` it also waits for the scheduler's favour.
//!
//! `wakeup hog NAME` is the hog, for ever.

use ochre_benchmarks::clock::monotonic_ns;
use ochre_benchmarks::kernels::KERNELS;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Time from one wake-up to the next: no multiple of a scheduler's tick.
const SLEEP_NS: u64 = 3_300_000;
/// Bytes that the hog `copy` copies at once.
const COPIED_BYTES: usize = 128 << 20;
/// A hog is at work this long after its start.
const START_UP: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, verb, name] = &arguments[..]
        && verb == "hog"
    {
        return hog(name);
    }
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let [policy, hog, sleeps] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(io::Error::other(format!("`{line}` is not `policy hog sleeps`")));
        };
        let sleeps: usize = sleeps.parse().map_err(io::Error::other)?;
        set_policy(policy == "fifo")?;
        let hog_process = Hog::start(&arguments[0], hog)?;
        let mut late = Vec::with_capacity(sleeps);
        let mut due = monotonic_ns();
        for _ in 0..sleeps {
            due += SLEEP_NS;
            sleep_until(due);
            let now = monotonic_ns();
            late.push(now.saturating_sub(due));
            due = due.max(now);
        }
        drop(hog_process);
        late.sort_unstable();
        let median = late.get(sleeps / 2).copied().unwrap_or_default();
        let most = late.last().copied().unwrap_or_default();
        writeln!(out, "{policy} {hog} {median} {most}")?;
        out.flush()?;
    }
    Ok(())
}

struct Hog(Option<Child>);

impl Hog {
    fn start(program: &str, name: &str) -> io::Result<Self> {
        if name == "none" {
            return Ok(Self(None));
        }
        let child = Command::new(program).args(["hog", name]).stdin(Stdio::null()).spawn()?;
        thread::sleep(START_UP);
        Ok(Self(Some(child)))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It cannot have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn hog(name: &str) -> io::Result<()> {
    if name == "copy" {
        let from = vec![1u8; COPIED_BYTES];
        let mut to = vec![0u8; COPIED_BYTES];
        loop {
            to.copy_from_slice(black_box(&from));
            black_box(&mut to);
        }
    }
    let Some(kernel) = KERNELS.iter().find(|kernel| kernel.name == name) else {
        return Err(io::Error::other(format!("no kernel {name:?}")));
    };
    let mut round = (kernel.prepare)();
    loop {
        black_box(round());
    }
}

/// By the system call itself: the C library's function of that name does nothing.
fn set_policy(fifo: bool) -> io::Result<()> {
    // Not for the hog too, or it would never leave the processor.
    let policy =
        if fifo { libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK } else { libc::SCHED_OTHER };
    let priority: libc::c_int = if fifo { 10 } else { 0 };
    // SAFETY: the parameter is one int, which the kernel reads.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn sleep_until(due_ns: u64) {
    let now = monotonic_ns();
    thread::sleep(Duration::from_nanos(due_ns.saturating_sub(now)));
}

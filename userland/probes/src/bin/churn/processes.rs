// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `churn` does with processes. Statuses are looked at as `man 2 waitpid` has them.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ochre_probes::random::Random;

use crate::children::{CHAIN_END, LEFT_THREADS, PROGRAM, counted_signal, status_of};
use crate::{Checked, mix, os_error};

/// Signals that end a process which does nothing about them. SIGSEGV and SIGBUS are not among them:
/// Rust's runtime handles them.
const DEADLY: [i32; 9] = [
    libc::SIGTERM,
    libc::SIGKILL,
    libc::SIGINT,
    libc::SIGHUP,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGQUIT,
    libc::SIGVTALRM,
];

fn start(arguments: &[&str], stdout: Stdio) -> Result<Child, String> {
    let mut command = Command::new(PROGRAM);
    command.arg("child").args(arguments).stdin(Stdio::null()).stdout(stdout);
    command.spawn().map_err(|error| format!("cannot start {arguments:?}: {error}"))
}

/// Starts a child that says when it is ready, and waits for that.
fn start_ready(arguments: &[&str]) -> Result<Child, String> {
    let mut child = start(arguments, Stdio::piped())?;
    let mut byte = [0];
    let read = match child.stdout.take() {
        Some(mut stdout) => stdout.read(&mut byte).map_err(|error| error.to_string())?,
        None => 0,
    };
    if read == 1 { Ok(child) } else { Err(format!("{arguments:?} ended before it was ready")) }
}

fn pid(child: &Child) -> i32 {
    child.id().cast_signed()
}

fn send(child: &Child, signal: i32) -> Checked {
    // SAFETY: touches no memory of ours; the child is not waited for yet, so the number is its own.
    if unsafe { libc::kill(pid(child), signal) } == 0 { Ok(()) } else { Err(os_error("kill")) }
}

/// The next change of a child's state.
fn wait(child: &Child, flags: i32) -> Result<i32, String> {
    let mut status = 0;
    loop {
        // SAFETY: `status` lives until the call returns.
        let result = unsafe { libc::waitpid(pid(child), &raw mut status, flags) };
        if result == pid(child) {
            return Ok(status);
        }
        if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return Err(os_error("waitpid"));
        }
    }
}

fn exits_with(child: &Child, wanted: u8) -> Checked {
    let status = wait(child, 0)?;
    if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == i32::from(wanted) {
        return Ok(());
    }
    Err(format!("wait status {status:#x}, not an exit with {wanted}"))
}

fn is_killed_by(child: &Child, signal: i32) -> Checked {
    let status = wait(child, 0)?;
    if libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == signal {
        return Ok(());
    }
    Err(format!("wait status {status:#x}, not an end by signal {signal}"))
}

fn pause(random: &mut Random) {
    if random.once_in(2) {
        std::thread::sleep(Duration::from_micros(random.below(3000).into()));
    }
}

fn idle_or_busy(random: &mut Random) -> &'static str {
    random.pick(&["spin", "sleep"])
}

/// A process that computes gives the right result.
pub fn compute(random: &mut Random) -> Checked {
    let rounds = random.below(100_000);
    let child = start(&["compute", &rounds.to_string()], Stdio::null())?;
    exits_with(&child, status_of(mix(rounds)))
}

/// A process is killed, at any point of its life.
pub fn kill(random: &mut Random) -> Checked {
    let kind = idle_or_busy(random);
    let child =
        if random.once_in(2) { start(&[kind], Stdio::null())? } else { start_ready(&[kind])? };
    pause(random);
    let signal = random.pick(&DEADLY);
    send(&child, signal)?;
    is_killed_by(&child, signal)
}

/// A process is stopped and goes on, a few times, and is killed, sometimes while stopped.
pub fn stop_and_continue(random: &mut Random) -> Checked {
    let child = start(&[idle_or_busy(random)], Stdio::null())?;
    for _ in 0..random.below(4) {
        pause(random);
        send(&child, libc::SIGSTOP)?;
        let status = wait(&child, libc::WUNTRACED)?;
        if !libc::WIFSTOPPED(status) || libc::WSTOPSIG(status) != libc::SIGSTOP {
            return Err(format!("wait status {status:#x}, not stopped"));
        }
        if random.once_in(6) {
            send(&child, libc::SIGKILL)?;
            return is_killed_by(&child, libc::SIGKILL);
        }
        send(&child, libc::SIGCONT)?;
        let status = wait(&child, libc::WCONTINUED)?;
        if !libc::WIFCONTINUED(status) {
            return Err(format!("wait status {status:#x}, not continued"));
        }
    }
    let signal = random.pick(&DEADLY);
    send(&child, signal)?;
    is_killed_by(&child, signal)
}

/// Every queued signal is handled, once.
pub fn queued_signals(random: &mut Random) -> Checked {
    let child = start_ready(&["count"])?;
    let count = random.below(60);
    for _ in 0..count {
        let value = libc::sigval { sival_ptr: std::ptr::null_mut() };
        // SAFETY: as in `send`.
        if unsafe { libc::sigqueue(pid(&child), counted_signal(), value) } != 0 {
            return Err(os_error("sigqueue"));
        }
    }
    send(&child, libc::SIGTERM)?;
    exits_with(&child, status_of(count))
}

/// A process becomes another program again and again, now and then out of one of its threads.
pub fn exec_chain(random: &mut Random) -> Checked {
    let links = random.below(6);
    let child = start(&["chain", &links.to_string()], Stdio::null())?;
    exits_with(&child, CHAIN_END)
}

/// The end of the first thread ends the others.
pub fn exit_with_threads(random: &mut Random) -> Checked {
    let child = start(&["threads", &random.below(8).to_string()], Stdio::null())?;
    exits_with(&child, LEFT_THREADS)
}

/// A signal ends all threads.
pub fn kill_with_threads(random: &mut Random) -> Checked {
    let child = start_ready(&["threads", &random.below(8).to_string(), "stay"])?;
    pause(random);
    let signal = random.pick(&DEADLY);
    send(&child, signal)?;
    is_killed_by(&child, signal)
}

/// Several processes at once, ended in another order than started.
pub fn group(random: &mut Random) -> Checked {
    let mut children = Vec::new();
    for _ in 0..1 + random.below(6) {
        children.push(start(&[idle_or_busy(random)], Stdio::null())?);
    }
    while !children.is_empty() {
        let child = children.swap_remove(random.below(children.len() as u32) as usize);
        let signal = random.pick(&DEADLY);
        send(&child, signal)?;
        is_killed_by(&child, signal)?;
    }
    Ok(())
}

/// One endless loop per CPU, each bound to its own.
pub struct Hogs(Vec<Child>);

impl Hogs {
    /// Starts them.
    pub fn start(cpus: usize) -> Result<Self, String> {
        let mut hogs = Self(Vec::new());
        for cpu in 0..cpus {
            let child = start_ready(&["spin"])?;
            // SAFETY: all zeroes is a valid set, which lives until the call returns.
            let result = unsafe {
                let mut set: libc::cpu_set_t = std::mem::zeroed();
                libc::CPU_SET(cpu, &mut set);
                libc::sched_setaffinity(pid(&child), size_of_val(&set), &raw const set)
            };
            hogs.0.push(child);
            if result != 0 {
                return Err(os_error("sched_setaffinity of a loop"));
            }
        }
        Ok(hogs)
    }

    /// Ends them.
    pub fn end(self) -> Checked {
        end_all(&self.0)
    }
}

/// Processes that only wait.
pub struct Crowd(Vec<Child>);

impl Crowd {
    /// Starts so many.
    pub fn start(count: u32) -> Result<Self, String> {
        let children = (0..count).map(|_| start(&["sleep"], Stdio::null()));
        Ok(Self(children.collect::<Result<_, _>>()?))
    }

    /// Ends them.
    pub fn end(self) -> Checked {
        end_all(&self.0)
    }
}

fn end_all(children: &[Child]) -> Checked {
    for child in children {
        send(child, libc::SIGKILL)?;
    }
    children.iter().try_for_each(|child| is_killed_by(child, libc::SIGKILL))
}

/// No child is left, dead or alive.
pub fn none_left() -> Checked {
    // SAFETY: no status is asked for.
    let result = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
    let error = std::io::Error::last_os_error().raw_os_error();
    if result == -1 && error == Some(libc::ECHILD) {
        return Ok(());
    }
    Err(format!("a child is left: waitpid gives {result}"))
}

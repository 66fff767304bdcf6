// SPDX-License-Identifier: MIT OR Apache-2.0
//! Children: reaping them, our own and the orphans that the kernel hands to PID 1.

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// How a process ended.
#[derive(Clone, Copy)]
pub enum Ending {
    /// It called exit with this status.
    Exited(i32),
    /// This signal killed it.
    Signaled(i32),
}

/// What one round of reaping found.
pub struct Reaped {
    /// How the process asked for ended, if it did.
    pub ending: Option<Ending>,
    /// Whether no child is left at all.
    pub none_left: bool,
}

/// Reaps every child that has ended, and watches out for `awaited`.
pub fn reap(awaited: Option<Pid>) -> Reaped {
    let mut found = None;
    let none_left = reap_each(|pid, ending| {
        if awaited == Some(pid) {
            found = Some(ending);
        }
    });
    Reaped { ending: found, none_left }
}

/// Reaps every child that has ended, and tells of each. Gives whether no child is left at all.
pub fn reap_each(mut tell: impl FnMut(Pid, Ending)) -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) => tell(pid, Ending::Exited(status)),
            Ok(WaitStatus::Signaled(pid, signal, _)) => tell(pid, Ending::Signaled(signal as i32)),
            Ok(WaitStatus::StillAlive) => return false,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return true,
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls that no crate wraps: priorities, scheduling, personalities, the kernel's log. This is the only
//! module of the crate with unsafe code.
//!
//! Scheduling goes past the C library, as musl's functions for it only say that they do nothing.

#![expect(unsafe_code, reason = "raw system calls and pre_exec; each use says why it is sound")]

use std::ffi::{c_int, c_long};
use std::io::{Error, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::mount::MsFlags;

fn checked(result: c_long) -> Result<c_int> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result as c_int) }
}

/// `SYSLOG_ACTION_…` with a buffer that is filled in.
pub fn kernel_log(action: c_int, buffer: &mut [u8]) -> Result<usize> {
    let length = buffer.len() as c_int;
    // SAFETY: the kernel writes at most `length` bytes to the buffer, which lives across the call.
    let result = unsafe { libc::syscall(libc::SYS_syslog, action, buffer.as_mut_ptr(), length) };
    checked(result).map(|count| count as usize)
}

/// `SYSLOG_ACTION_…` with a number.
pub fn kernel_log_number(action: c_int, number: c_int) -> Result<usize> {
    let none = std::ptr::null_mut::<u8>();
    // SAFETY: these actions touch no memory.
    let result = unsafe { libc::syscall(libc::SYS_syslog, action, none, number) };
    checked(result).map(|count| count as usize)
}

/// The nice value of a process, a group or a user (`PRIO_…`).
pub fn nice(kind: c_int, who: u32) -> Result<c_int> {
    // SAFETY: getpriority touches no memory. The raw call answers 20 minus the nice value.
    let result = unsafe { libc::syscall(libc::SYS_getpriority, kind, who) };
    checked(result).map(|result| 20 - result)
}

/// Sets the nice value of a process, a group or a user.
pub fn set_nice(kind: c_int, who: u32, nice: c_int) -> Result<()> {
    // SAFETY: setpriority touches no memory.
    checked(unsafe { libc::syscall(libc::SYS_setpriority, kind, who, nice) }).map(drop)
}

/// The input and output priority of a process, a group or a user (`IOPRIO_WHO_…`).
pub fn io_priority(kind: c_int, who: c_int) -> Result<c_int> {
    // SAFETY: ioprio_get touches no memory.
    checked(unsafe { libc::syscall(libc::SYS_ioprio_get, kind, who) })
}

/// Sets the input and output priority.
pub fn set_io_priority(kind: c_int, who: c_int, priority: c_int) -> Result<()> {
    // SAFETY: ioprio_set touches no memory.
    checked(unsafe { libc::syscall(libc::SYS_ioprio_set, kind, who, priority) }).map(drop)
}

/// How a process is scheduled: policy with its flags, and priority.
pub fn scheduler(pid: c_int) -> Result<(c_int, c_int)> {
    let mut priority: c_int = 0;
    // SAFETY: a sched_param is one int, which lives across the call.
    let (policy, param) = unsafe {
        (
            libc::syscall(libc::SYS_sched_getscheduler, pid),
            libc::syscall(libc::SYS_sched_getparam, pid, &raw mut priority),
        )
    };
    let policy = checked(policy)?;
    checked(param)?;
    Ok((policy, priority))
}

/// Sets how a process is scheduled.
pub fn set_scheduler(pid: c_int, policy: c_int, priority: c_int) -> Result<()> {
    let call = libc::SYS_sched_setscheduler;
    // SAFETY: a sched_param is one int, which lives across the call.
    checked(unsafe { libc::syscall(call, pid, policy, &raw const priority) }).map(drop)
}

/// The lowest and the highest priority of a policy.
pub fn priorities(policy: c_int) -> Result<(c_int, c_int)> {
    // SAFETY: neither call touches memory.
    let (low, high) = unsafe {
        (
            libc::syscall(libc::SYS_sched_get_priority_min, policy),
            libc::syscall(libc::SYS_sched_get_priority_max, policy),
        )
    };
    Ok((checked(low)?, checked(high)?))
}

/// Sets the execution domain of this process.
pub fn set_personality(persona: u32) -> Result<()> {
    // SAFETY: personality touches no memory.
    checked(unsafe { libc::syscall(libc::SYS_personality, persona) }).map(drop)
}

/// Makes standard input the controlling terminal of the session. `steal`: from another session, too.
pub fn take_terminal(steal: bool) -> Result<()> {
    // SAFETY: TIOCSCTTY takes an integer and touches no memory.
    checked(unsafe { libc::ioctl(0, libc::TIOCSCTTY as _, c_int::from(steal)) }.into()).map(drop)
}

/// What a new process does before it becomes the command.
#[derive(Clone, Copy, Default)]
pub struct Before {
    /// Lead a session of its own.
    pub session: bool,
    /// Take standard input as the session's terminal.
    pub terminal: bool,
    /// Mount /proc: that of its own process IDs.
    pub proc: bool,
}

/// Makes the child of `command` do this first.
pub fn before(command: &mut Command, what: Before) {
    let hook = move || {
        if what.session {
            nix::unistd::setsid()?;
        }
        if what.terminal {
            take_terminal(true)?;
        }
        if what.proc {
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            nix::mount::mount(
                Some(c"proc"),
                c"/proc",
                Some(c"proc"),
                flags,
                None::<&std::ffi::CStr>,
            )?;
        }
        Ok(())
    };
    // SAFETY: the hook makes system calls with strings of C. It neither allocates nor takes a lock, so it
    // is sound in a child that shares the memory of its parent.
    unsafe { command.pre_exec(hook) };
}

/// A file that shares its open description with a descriptor that we were started with.
pub fn copy_descriptor(number: u32) -> Result<std::fs::File> {
    use std::os::fd::FromRawFd;
    // SAFETY: fcntl with F_DUPFD_CLOEXEC touches no memory, and says so when there is no such descriptor.
    let copy = unsafe { libc::fcntl(number as c_int, libc::F_DUPFD_CLOEXEC, 3) };
    let copy = checked(copy.into())?;
    // SAFETY: the descriptor is new and nobody else has it.
    Ok(unsafe { std::fs::File::from_raw_fd(copy) })
}

/// Gives the lock of an open file back, whoever has a descriptor of it.
pub fn unlock(file: &std::fs::File) -> Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: flock touches no memory.
    checked(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) }.into()).map(drop)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two calls that std has not: `wait4`, for a child's use of memory, and `kill` of a group.
#![expect(unsafe_code, reason = "system calls of the C library")]

use std::io;

/// Kills a process group; one that is gone is fine.
pub fn kill_group(group: i32) {
    // SAFETY: the call takes two numbers and touches no memory of ours.
    unsafe { libc::kill(-group, libc::SIGKILL) };
}

/// Waits for a child of ours: its status as a shell gives it, and its most resident memory in KiB.
pub fn wait(pid: i32) -> (i32, u64) {
    let mut status = 0;
    // SAFETY: rusage is made of integers, for which zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both places are ours and live until the call returns.
        let result = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if result == pid {
            break;
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            // Nobody else waits for it, so it cannot be gone.
            return (-1, 0);
        }
    }
    let code = if libc::WIFSIGNALED(status) {
        128 + libc::WTERMSIG(status)
    } else {
        libc::WEXITSTATUS(status)
    };
    (code, u64::try_from(usage.ru_maxrss).unwrap_or_default())
}

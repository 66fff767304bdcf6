// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls that nix does not wrap: this is the only module of init with unsafe code.

#![expect(unsafe_code, reason = "ioctls and pre_exec; each use says why it is sound")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;

/// Whether the terminal of a session's standard input becomes its controlling terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// No.
    Apart,
    /// If no other session has it.
    IfFree,
    /// Yes, also when a session has it that ended without letting go.
    Own,
}

/// Makes the child of `command` the leader of a new session, with no signal blocked.
pub fn lead_session(command: &mut Command, terminal: Terminal) {
    let hook = move || {
        // Children inherit the mask, and none expects ours.
        nix::sys::signal::SigSet::empty().thread_set_mask()?;
        nix::unistd::setsid()?;
        if terminal != Terminal::Apart {
            let takes = libc::c_int::from(terminal == Terminal::Own);
            // SAFETY: TIOCSCTTY takes an integer and touches no memory of ours.
            let taken = Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY as _, takes) });
            if terminal == Terminal::Own {
                taken?;
            }
        }
        Ok::<(), io::Error>(())
    };
    // SAFETY: the hook makes system calls. It neither allocates nor takes a lock, so it is sound
    // in a child that shares the memory of its parent.
    unsafe { command.pre_exec(hook) };
}

/// Sets IFF_UP on the network interface `name`.
pub fn raise_interface(socket: &OwnedFd, name: &str) -> Result<(), Errno> {
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // One byte less than the field, so that the name stays terminated.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(room)) {
        *to = from as libc::c_char;
    }
    // SAFETY: both ioctls read and write one ifreq, which lives until they return. The kernel fills
    // the flags in before they are read.
    unsafe {
        Errno::result(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS as _, &raw mut request))?;
        request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short;
        Errno::result(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw mut request))?;
    }
    Ok(())
}

/// An IPv4 datagram socket: the handle for interface requests.
pub fn datagram_socket() -> Result<OwnedFd, Errno> {
    use std::os::fd::FromRawFd;
    // SAFETY: socket touches no memory.
    let fd = Errno::result(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
    })?;
    // SAFETY: the descriptor is new and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes one pending signal of `signals`, waiting for `timeout` at most. None: none came.
pub fn take_signal(
    signals: &nix::sys::signal::SigSet,
    timeout: Option<std::time::Duration>,
) -> Option<nix::sys::signal::Signal> {
    let limit = timeout.map(|timeout| {
        // SAFETY: all zeroes is a valid timespec; it has padding, so that it cannot be written down.
        let mut limit: libc::timespec = unsafe { std::mem::zeroed() };
        limit.tv_sec = timeout.as_secs() as libc::time_t;
        limit.tv_nsec = timeout.subsec_nanos() as _;
        limit
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the set and the limit live across the call; a null siginfo asks for no details.
    let signal = unsafe { libc::sigtimedwait(signals.as_ref(), std::ptr::null_mut(), limit) };
    nix::sys::signal::Signal::try_from(signal).ok()
}

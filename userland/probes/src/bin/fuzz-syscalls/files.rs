// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors of many kinds, at 3 and up.

use crate::arguments::FILES;

/// Makes them anew. What cannot be made is left out.
pub fn open_all() {
    // SAFETY: the calls are given strings and structures that live until they return; descriptors are
    // plain numbers here.
    unsafe {
        for file in 3..FILES as i32 {
            libc::close(file);
        }
        let nonblocking = libc::O_NONBLOCK | libc::O_CLOEXEC;
        let mut pair = [0; 2];
        for _ in 0..2 {
            libc::pipe2(pair.as_mut_ptr(), nonblocking);
        }
        let stream = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
        let datagram = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK;
        libc::socketpair(libc::AF_UNIX, stream, 0, pair.as_mut_ptr());
        libc::socketpair(libc::AF_UNIX, datagram, 0, pair.as_mut_ptr());
        for family in [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX] {
            libc::socket(family, stream, 0);
            libc::socket(family, datagram, 0);
        }
        libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_NONBLOCK, 0);
        libc::eventfd(1, libc::EFD_NONBLOCK);
        libc::epoll_create1(0);
        libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK);
        libc::inotify_init1(libc::IN_NONBLOCK);
        let set: libc::sigset_t = std::mem::zeroed();
        libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK);
        libc::memfd_create(c"memory".as_ptr(), 0);
        libc::syscall(libc::SYS_pidfd_open, libc::getpid(), 0);
        libc::mkdir(c"d".as_ptr(), 0o777);
        libc::mkfifo(c"fifo".as_ptr(), 0o666);
        libc::symlink(c"a".as_ptr(), c"link".as_ptr());
        let create = libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK;
        for name in [c"a", c"b", c"d/a"] {
            libc::open(name.as_ptr(), create, 0o666);
        }
        for name in [
            c"fifo",
            c".",
            c"d",
            c"/dev/null",
            c"/dev/zero",
            c"/dev/full",
            c"/dev/urandom",
            c"/proc/self/status",
            c"/proc/self/mem",
            c"/proc/self/fd",
            c"/proc/self/ns/ipc",
            c"/proc/self/maps",
            c"/proc/meminfo",
            c"/dev/ptmx",
        ] {
            let file = libc::open(name.as_ptr(), libc::O_RDWR | libc::O_NONBLOCK);
            if file < 0 {
                libc::open(name.as_ptr(), libc::O_RDONLY | libc::O_NONBLOCK);
            }
        }
    }
}

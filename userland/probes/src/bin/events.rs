// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for events: pipe, poll, epoll, eventfd, timerfd, signalfd, inotify.

use ochre_probes::{outcome, say};

fn main() {
    // SAFETY: each call is given descriptors made here, and memory that lives until it returns.
    unsafe {
        let mut pipe = [0; 2];
        outcome("pipe2", libc::pipe2(pipe.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC).into());
        let mut buffer = [0u8; 4096];
        let into = buffer.as_mut_ptr().cast::<libc::c_void>();
        outcome("read of an empty pipe", libc::read(pipe[0], into, 1) as i64);
        let mut filled = 0;
        while libc::write(pipe[1], into, buffer.len()) > 0 {
            filled += buffer.len();
        }
        say(format_args!("a pipe holds {filled}"));
        while libc::read(pipe[0], into, buffer.len()) > 0 {}

        let mut polled = libc::pollfd { fd: pipe[0], events: libc::POLLIN, revents: 0 };
        outcome("poll of an empty pipe", libc::poll(&raw mut polled, 1, 10).into());
        libc::write(pipe[1], into, 3);
        outcome("poll of a pipe with data", libc::poll(&raw mut polled, 1, 1000).into());
        say(format_args!("readable: {}", polled.revents == libc::POLLIN));

        let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
        let counter = libc::eventfd(0, libc::EFD_NONBLOCK);
        let mut events: [libc::epoll_event; 4] = std::mem::zeroed();
        let add = |fd, data| {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: data };
            libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event)
        };
        outcome("epoll_ctl of an eventfd", add(counter, 11).into());
        outcome("epoll_ctl of it again", add(counter, 11).into());
        outcome(
            "epoll_wait for nothing",
            libc::epoll_wait(epoll, events.as_mut_ptr(), 4, 10).into(),
        );
        let mut number = 5u64;
        libc::write(counter, (&raw const number).cast(), 8);
        libc::write(counter, (&raw const number).cast(), 8);
        outcome(
            "epoll_wait for an eventfd",
            libc::epoll_wait(epoll, events.as_mut_ptr(), 4, 1000).into(),
        );
        let data = events[0].u64;
        outcome("read of an eventfd", libc::read(counter, (&raw mut number).cast(), 8) as i64);
        say(format_args!("data {data}, counted {number}"));

        let timer = libc::timerfd_create(libc::CLOCK_MONOTONIC, 0);
        let mut setting: libc::itimerspec = std::mem::zeroed();
        setting.it_value.tv_nsec = 20_000_000;
        outcome(
            "timerfd_settime",
            libc::timerfd_settime(timer, 0, &raw const setting, std::ptr::null_mut()).into(),
        );
        add(timer, 22);
        outcome(
            "epoll_wait for a timer",
            libc::epoll_wait(epoll, events.as_mut_ptr(), 4, 2000).into(),
        );
        outcome("read of a timer", libc::read(timer, (&raw mut number).cast(), 8) as i64);
        let data = events[0].u64;
        say(format_args!("data {data}, expired {number}"));

        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        let signals = libc::signalfd(-1, &raw const set, 0);
        libc::kill(libc::getpid(), libc::SIGUSR1);
        let mut info: libc::signalfd_siginfo = std::mem::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        outcome("read of a signalfd", libc::read(signals, (&raw mut info).cast(), size) as i64);
        say(format_args!("signal from me: {}", info.ssi_pid as i32 == libc::getpid()));

        let folder = format!("/tmp/probe-events-{}\0", libc::getpid());
        libc::mkdir(folder.as_ptr().cast(), 0o700);
        let watcher = libc::inotify_init1(libc::IN_CLOEXEC);
        let mask = libc::IN_CREATE | libc::IN_DELETE;
        outcome(
            "inotify_add_watch",
            libc::inotify_add_watch(watcher, folder.as_ptr().cast(), mask).into(),
        );
        let file = format!("{}/f\0", folder.trim_end_matches('\0'));
        libc::close(libc::open(file.as_ptr().cast(), libc::O_CREAT | libc::O_WRONLY, 0o600));
        libc::unlink(file.as_ptr().cast());
        let got = libc::read(watcher, into, buffer.len());
        let event = size_of::<libc::inotify_event>();
        // Each event is followed by its name, padded to 16 bytes.
        say(format_args!("inotify: {} events", got as usize / (event + 16)));
        libc::rmdir(folder.as_ptr().cast());

        libc::close(pipe[0]);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        outcome("write to a pipe without reader", libc::write(pipe[1], into, 1) as i64);
    }
}

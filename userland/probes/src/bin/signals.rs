// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals: handlers, masks, queues, and what they do to a system call that waits.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use ochre_probes::{outcome, say, success};

static CAUGHT: AtomicI32 = AtomicI32::new(0);
static COUNT: AtomicU32 = AtomicU32::new(0);
static SENDER: AtomicI32 = AtomicI32::new(0);
static SUM: AtomicI32 = AtomicI32::new(0);

extern "C" fn plain(signal: i32) {
    CAUGHT.store(signal, Ordering::SeqCst);
    COUNT.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn informed(signal: i32, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    plain(signal);
    // SAFETY: the kernel passes a siginfo that lives until the handler returns; signals sent by
    // kill and sigqueue have a sender.
    unsafe {
        SENDER.store((*info).si_pid(), Ordering::SeqCst);
        let value = (*info).si_value().sival_ptr as usize as i32;
        SUM.store(SUM.load(Ordering::SeqCst) * 10 + value, Ordering::SeqCst);
    }
}

fn install(signal: i32, handler: usize, flags: i32) {
    // SAFETY: all zeroes is a valid sigaction; our handlers store to atomics only.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        success(
            // The number of the first real-time signal is the C library's choice.
            &if signal < 32 {
                format!("sigaction({signal})")
            } else {
                "sigaction(real-time)".into()
            },
            libc::sigaction(signal, &raw const action, std::ptr::null_mut()).into(),
        );
    }
}

fn set_mask(how: i32, signal: i32) {
    // SAFETY: the set lives until the call returns.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, signal);
        libc::sigprocmask(how, &raw const set, std::ptr::null_mut());
    }
}

fn alarm_in(millis: i64) {
    // SAFETY: the timer value lives until the call returns.
    unsafe {
        let mut value: libc::itimerval = std::mem::zeroed();
        value.it_value.tv_usec = (millis * 1000) as _;
        libc::setitimer(libc::ITIMER_REAL, &raw const value, std::ptr::null_mut());
    }
}

fn main() {
    // SAFETY: the calls either touch no memory of ours or are given what lives until they return.
    unsafe {
        let me = libc::getpid();
        install(libc::SIGUSR1, plain as *const () as usize, 0);
        libc::kill(me, libc::SIGUSR1);
        say(format_args!("caught {}", CAUGHT.load(Ordering::SeqCst)));

        let mut pending: libc::sigset_t = std::mem::zeroed();
        set_mask(libc::SIG_BLOCK, libc::SIGUSR1);
        COUNT.store(0, Ordering::SeqCst);
        libc::kill(me, libc::SIGUSR1);
        libc::kill(me, libc::SIGUSR1);
        libc::sigpending(&raw mut pending);
        let is_pending = libc::sigismember(&raw const pending, libc::SIGUSR1);
        say(format_args!("blocked: ran {}, pending {is_pending}", COUNT.load(Ordering::SeqCst)));
        set_mask(libc::SIG_UNBLOCK, libc::SIGUSR1);
        say(format_args!("unblocked: ran {}", COUNT.load(Ordering::SeqCst)));

        let queued = libc::SIGRTMIN() + 1;
        install(queued, informed as *const () as usize, libc::SA_SIGINFO);
        set_mask(libc::SIG_BLOCK, queued);
        for number in 1..=3usize {
            let value = libc::sigval { sival_ptr: number as *mut libc::c_void };
            libc::sigqueue(me, queued, value);
        }
        set_mask(libc::SIG_UNBLOCK, queued);
        let from_me = SENDER.load(Ordering::SeqCst) == me;
        say(format_args!("queued: {}, from me {from_me}", SUM.load(Ordering::SeqCst)));

        let mut pipe = [0; 2];
        libc::pipe(pipe.as_mut_ptr());
        let mut byte = 0u8;
        install(libc::SIGALRM, plain as *const () as usize, 0);
        alarm_in(20);
        outcome("read without SA_RESTART", libc::read(pipe[0], (&raw mut byte).cast(), 1) as i64);
        install(libc::SIGALRM, plain as *const () as usize, libc::SA_RESTART);
        let writer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(80));
            libc::write(pipe[1], c"x".as_ptr().cast(), 1)
        });
        // A timer's signal may go to either thread; this one waits in read.
        alarm_in(20);
        outcome("read with SA_RESTART", libc::read(pipe[0], (&raw mut byte).cast(), 1) as i64);
        drop(writer.join());

        install(libc::SIGUSR2, libc::SIG_IGN, 0);
        libc::kill(me, libc::SIGUSR2);
        say("ignored: still here");

        set_mask(libc::SIG_BLOCK, libc::SIGUSR2);
        install(libc::SIGUSR2, libc::SIG_DFL, 0);
        libc::kill(me, libc::SIGUSR2);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR2);
        let mut waited = 0;
        outcome("sigwait", libc::sigwait(&raw const set, &raw mut waited).into());
        say(format_args!("waited for {}", waited == libc::SIGUSR2));

        alarm_in(20);
        let mut rest: libc::timespec = std::mem::zeroed();
        let mut long: libc::timespec = std::mem::zeroed();
        long.tv_sec = 5;
        outcome("nanosleep", libc::nanosleep(&raw const long, &raw mut rest).into());
        say(format_args!("left: {}", rest.tv_sec == 4));

        // A stack of its own for the handler.
        let mut stack = vec![0u8; 65536];
        let alternate =
            libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: stack.len() };
        outcome(
            "sigaltstack",
            libc::sigaltstack(&raw const alternate, std::ptr::null_mut()).into(),
        );
        install(libc::SIGUSR1, where_am_i as *const () as usize, libc::SA_ONSTACK);
        libc::kill(me, libc::SIGUSR1);
        let place = PLACE.load(Ordering::SeqCst);
        let range = stack.as_ptr().addr()..stack.as_ptr().addr() + stack.len();
        say(format_args!("on the alternate stack: {}", range.contains(&place)));
    }
}

static PLACE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

extern "C" fn where_am_i(_signal: i32) {
    let mut local = std::hint::black_box([0u8; 64]);
    PLACE.store(std::hint::black_box(local.as_mut_ptr()) as usize, Ordering::SeqCst);
}

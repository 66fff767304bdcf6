// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that makes the calls. It owns nothing, may hold little, and is interrupted every few
//! milliseconds, so that a call that waits does not wait long.
//!
//! How many calls it has made it writes to its standard output, a word each time.

use std::process::ExitCode;

use crate::arguments::{Arguments, FILES};
use crate::calls::{self, NUMBERS, is_left_out};
use crate::files;

/// Where it reports to, out of the way of what the calls do to descriptors.
const REPORT: i32 = FILES as i32 + 12;
/// Calls between two reports.
const REPORT_EVERY: u32 = 50;
/// Calls for which descriptors are used before they are made anew.
const FILES_LAST: u32 = 250;

/// Its flag for mandatory locks is answered by a warning in the kernel's log, which would hide others.
const MOUNT: u32 = 40;

extern "C" fn nothing(_signal: i32) {}

/// Makes so many calls.
pub fn run(seed: u64, calls: u32, uid: u32) -> ExitCode {
    prepare(uid);
    let mut arguments = Arguments::new(seed, uid == 0);
    let known = calls::known();
    for made in 0..calls {
        if made.is_multiple_of(FILES_LAST) {
            files::open_all();
        }
        if made.is_multiple_of(16) {
            be_interrupted();
        }
        if made.is_multiple_of(REPORT_EVERY) {
            report(made);
        }
        call(&known, &mut arguments);
    }
    report(calls);
    ExitCode::SUCCESS
}

fn call(known: &[(u32, &'static [u8])], arguments: &mut Arguments) {
    let (number, kinds) = if arguments.random().once_in(30) {
        let number = arguments.random().below(NUMBERS);
        (if arguments.random().once_in(4) { arguments.wild() } else { number }, &[][..])
    } else {
        arguments.random().pick(known)
    };
    let is_rare = arguments.random().once_in(40);
    if is_left_out(number, arguments.is_root(), is_rare) {
        return;
    }
    let mut values = [0; 6];
    for (index, value) in values.iter_mut().enumerate() {
        *value = match kinds.get(index) {
            Some(kind) => arguments.value(*kind),
            // What the call does not take, or nobody knows.
            None => arguments.wild(),
        };
    }
    if number == MOUNT {
        values[3] &= !(libc::MS_MANDLOCK as u32);
    }
    let [a, b, c, d, e, f] = values;
    // SAFETY: there is none: that is the point. The process may die of it.
    unsafe { libc::syscall(number as _, a, b, c, d, e, f) };
}

fn report(made: u32) {
    let word = made.to_le_bytes();
    // SAFETY: the word lives until the call returns.
    unsafe { libc::write(REPORT, word.as_ptr().cast(), word.len()) };
}

/// Signals and timer may have been changed by a call.
fn be_interrupted() {
    // SAFETY: all zeroes is a valid value of each structure; all live until the calls return.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
        let set: libc::sigset_t = std::mem::zeroed();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
        let mut timer: libc::itimerval = std::mem::zeroed();
        timer.it_value.tv_usec = 3000;
        timer.it_interval.tv_usec = 3000;
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
    }
}

fn prepare(uid: u32) {
    // SAFETY: the calls are given strings and structures that live until they return.
    unsafe {
        libc::setsid();
        libc::dup2(1, REPORT);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        for file in 0..3 {
            libc::dup2(null, file);
        }
        // So that what it leaves in them goes when it does.
        libc::unshare(libc::CLONE_NEWIPC);
        if uid == 0 {
            libc::unshare(libc::CLONE_NEWNS);
            libc::unshare(libc::CLONE_NEWUTS);
            libc::unshare(libc::CLONE_NEWNET);
        }
        let limits = [
            (libc::RLIMIT_AS, 96 << 20),
            (libc::RLIMIT_CPU, 3),
            (libc::RLIMIT_FSIZE, 256 << 10),
            (libc::RLIMIT_NOFILE, 80),
            (libc::RLIMIT_NPROC, 24),
            (libc::RLIMIT_CORE, 0),
            (libc::RLIMIT_SIGPENDING, 200),
            (libc::RLIMIT_MSGQUEUE, 64 << 10),
        ];
        for (resource, value) in limits {
            let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
            libc::setrlimit(resource as _, &raw const limit);
        }
        if uid != 0 {
            libc::setgroups(0, std::ptr::null());
            libc::setresgid(uid, uid, uid);
            libc::setresuid(uid, uid, uid);
        }
    }
}

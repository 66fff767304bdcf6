// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals to the runner itself, taken by one thread instead of in handlers.

use std::mem::MaybeUninit;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGINT or SIGHUP (the number): end the machine.
    End(i32),
    /// SIGWINCH: the terminal has a new size.
    Resize,
}

fn watched() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initializes the set, sigaddset changes an initialized one.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGWINCH] {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Blocks the watched signals in the calling thread and in all that it starts later, so that they
/// wait for [`wait`]. To be called before any thread exists.
pub fn block() {
    // SAFETY: an initialized set; no old mask is asked for.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &watched(), std::ptr::null_mut());
    }
}

/// Waits for the next watched signal.
pub fn wait() -> Signal {
    loop {
        let mut signal = 0;
        // SAFETY: an initialized set and a place for the number.
        if unsafe { libc::sigwait(&watched(), &mut signal) } != 0 {
            continue;
        }
        if signal == libc::SIGWINCH {
            return Signal::Resize;
        }
        return Signal::End(signal);
    }
}

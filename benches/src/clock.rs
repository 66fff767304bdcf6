// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processor time of threads: what other programs take of the machine does not count in it.
#![expect(unsafe_code, reason = "the clocks of threads are read by system calls")]

/// The clock of one thread of this process.
#[derive(Clone, Copy)]
pub struct ThreadClock(libc::clockid_t);

impl ThreadClock {
    /// That of the calling thread. It must not be read after the thread's end.
    pub fn own() -> Self {
        let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
        // SAFETY: the thread exists, and the clock's number is written to where it may be.
        unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        Self(clock)
    }

    /// Nanoseconds that the thread has run.
    pub fn ns(self) -> u64 {
        read_ns(self.0)
    }
}

/// A clock of the host by its number.
pub fn read_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes the one struct that it is given; for a clock that is none it stays 0.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

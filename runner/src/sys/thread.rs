// SPDX-License-Identifier: MIT OR Apache-2.0
//! Properties of the calling host thread.

/// Asks the host for wake-ups as close to their time as it can: timers of the guest are only as
/// sharp as the sleeping vCPU thread's.
pub fn want_sharp_timers() {
    // SAFETY: PR_SET_TIMERSLACK takes a number of nanoseconds and touches no memory.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1usize);
    }
}

/// Nanoseconds of processor time that the calling thread has had.
pub fn cpu_time_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` lives until the call returns, which fills it in.
    unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
    }
    // Both are never negative.
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

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

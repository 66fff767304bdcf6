// SPDX-License-Identifier: MIT OR Apache-2.0
//! The futex call itself: a value that differs, a timeout, a wake-up, nobody to wake.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use ochre_probes::outcome;

static WORD: AtomicU32 = AtomicU32::new(1);

fn futex(operation: libc::c_int, value: u32, timeout: Option<Duration>) -> i64 {
    // SAFETY: the word is static; the limit lives until the call returns. 64-bit times on both.
    unsafe {
        let mut limit: libc::timespec = std::mem::zeroed();
        let mut pointer = std::ptr::null();
        if let Some(timeout) = timeout {
            limit.tv_sec = timeout.as_secs() as libc::time_t;
            limit.tv_nsec = timeout.subsec_nanos() as _;
            pointer = &raw const limit;
        }
        libc::syscall(libc::SYS_futex as _, WORD.as_ptr(), operation, value, pointer, 0, 0) as i64
    }
}

fn main() {
    let (wait, wake) =
        (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG);
    outcome("wait for another value", futex(wait, 0, None));
    outcome("wait with a timeout", futex(wait, 1, Some(Duration::from_millis(10))));
    outcome("wake nobody", futex(wake, 1, None));
    let waker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        WORD.store(2, Ordering::SeqCst);
        futex(wake, 1, None)
    });
    outcome("wait", futex(wait, 1, Some(Duration::from_secs(5))));
    outcome("wake one", waker.join().unwrap_or(-2));
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal on standard input: raw mode, its restoration, its size.
//!
//! Invariant: whatever way the process ends, short of SIGKILL, the terminal gets its old mode back.
//! Normal ends and Rust panics drop the guard; signals to the process are waited for (`signals`) and
//! so end normally too; aborts run a handler.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The mode to restore, set once.
static COOKED: OnceLock<libc::termios> = OnceLock::new();
/// Is the terminal raw now?
static RAW: AtomicBool = AtomicBool::new(false);
/// Taken while the mode changes.
static CHANGING: Mutex<()> = Mutex::new(());

/// The terminal is raw while this lives.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Makes the terminal on standard input raw; `None` when standard input is no terminal.
    ///
    /// # Errors
    /// When the terminal refuses its mode.
    pub fn enter() -> io::Result<Option<Self>> {
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mode = MaybeUninit::uninit();
        // SAFETY: tcgetattr fills the mode in when it succeeds, which also tells that it is a
        // terminal.
        let mode = unsafe {
            if libc::tcgetattr(libc::STDIN_FILENO, mode.as_mut_ptr()) != 0 {
                return Ok(None);
            }
            mode.assume_init()
        };
        let mut raw = *COOKED.get_or_init(|| mode);
        // SAFETY: plain changes of a mode; the handler below only calls what a signal handler may.
        unsafe {
            libc::cfmakeraw(&mut raw);
            if libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw) != 0 {
                return Err(io::Error::last_os_error());
            }
            RAW.store(true, Ordering::SeqCst);
            // wasmtime puts its own handlers in front of ours and passes on what is no wasm trap.
            for signal in [
                libc::SIGABRT,
                libc::SIGBUS,
                libc::SIGQUIT,
                libc::SIGSEGV,
                libc::SIGILL,
                libc::SIGFPE,
            ] {
                let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
                action.sa_sigaction = restore_and_die as *const () as usize;
                action.sa_flags = libc::SA_ONSTACK;
                libc::sigaction(signal, &action, std::ptr::null_mut());
            }
        }
        Ok(Some(Self(())))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal its old mode back, if it is raw; may be called at any time, from any thread
/// and from a signal handler.
pub fn restore() {
    if !RAW.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Some(mode) = COOKED.get() {
        // SAFETY: a mode that the terminal once had.
        unsafe {
            libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, mode);
        }
    }
}

/// Is the terminal raw now?
pub fn is_raw() -> bool {
    RAW.load(Ordering::Relaxed)
}

extern "C" fn restore_and_die(signal: i32) {
    restore();
    // SAFETY: both calls may be made in a handler; the second dies of the signal, whoever's handler
    // was in front.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Columns and rows of the terminal on standard output or input; `None` without one.
pub fn size() -> Option<(u16, u16)> {
    for fd in [libc::STDOUT_FILENO, libc::STDIN_FILENO] {
        let mut size = MaybeUninit::<libc::winsize>::uninit();
        // SAFETY: the call fills the structure in when it succeeds.
        let size = unsafe {
            if libc::ioctl(fd, libc::TIOCGWINSZ, size.as_mut_ptr()) != 0 {
                continue;
            }
            size.assume_init()
        };
        if size.ws_col > 0 && size.ws_row > 0 {
            return Some((size.ws_col, size.ws_row));
        }
    }
    None
}

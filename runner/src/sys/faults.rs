// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults of the host's own code in pages that a program has closed.
//!
//! A page that a program protects is closed on the host as well (`memory::protection`). The runner
//! looks before it copies from or to user memory, but another thread of the program may close a page
//! while the copy is under way, and wasmtime's own copying routines, which programs reach through
//! `memory.copy` and its kin, do not look at all. Such a fault says nothing about the runner: the page
//! is opened again and the instruction goes on. A program can so undo its own protection, if its
//! threads race for it, but never end the runner.
//!
//! wasmtime's handler is called first and passes on what is no fault of compiled code, so ours has to
//! be installed before there is an engine. It only reads atomics and calls mprotect(2).

use std::io;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most memories with closed pages at a time.
const MAX_RANGES: usize = 16384;
const PAGE_BYTES: usize = 4096;

/// Addresses within which a fault is a closed page. Without an owner, `start` is 0.
struct Slot {
    start: AtomicUsize,
    end: AtomicUsize,
}

static SLOTS: [Slot; MAX_RANGES] =
    [const { Slot { start: AtomicUsize::new(0), end: AtomicUsize::new(0) } }; MAX_RANGES];

static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// A range of addresses whose pages may be opened after a fault; until it is dropped.
pub struct Openable {
    slot: &'static Slot,
}

impl Openable {
    /// Enters `[start, end)`; `None` when there are too many.
    ///
    /// # Safety
    /// While the value lives, the range must be a private mapping that the caller owns, in which
    /// nothing relies on pages being closed.
    pub unsafe fn new(start: usize, end: usize) -> Option<Self> {
        let is_ours = |slot: &&Slot| {
            slot.start.load(Ordering::Relaxed) == 0
                && slot
                    .start
                    .compare_exchange(0, start, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
        };
        let slot = SLOTS.iter().find(is_ours)?;
        slot.end.store(end, Ordering::Release);
        Some(Self { slot })
    }

    /// The range has become longer.
    ///
    /// # Safety
    /// As for [`Self::new`].
    pub unsafe fn extend(&self, end: usize) {
        self.slot.end.store(end, Ordering::Release);
    }
}

impl Drop for Openable {
    fn drop(&mut self) {
        self.slot.end.store(0, Ordering::Release);
        self.slot.start.store(0, Ordering::Release);
    }
}

/// Opens the page at `address` if it is in one of the ranges.
fn open(address: usize) -> bool {
    let holds = |slot: &&Slot| {
        slot.start.load(Ordering::Acquire) <= address && address < slot.end.load(Ordering::Acquire)
    };
    if !SLOTS.iter().any(|slot| holds(&slot)) {
        return false;
    }
    let page = address - address % PAGE_BYTES;
    // SAFETY: a page of a range whose owner has promised that nothing relies on its being closed.
    unsafe {
        libc::mprotect(
            std::ptr::with_exposed_provenance_mut(page),
            PAGE_BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
        ) == 0
    }
}

extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel gives a valid siginfo_t; errno belongs to the interrupted code.
    unsafe {
        let errno = *libc::__errno_location();
        let opened = open((*info).si_addr().addr());
        *libc::__errno_location() = errno;
        if opened {
            return;
        }
    }
    let Some(previous) = PREVIOUS.get() else { return };
    let action = previous.sa_sigaction;
    if action == libc::SIG_DFL || action == libc::SIG_IGN {
        // The instruction faults again and ends the process.
        // SAFETY: an action that was installed before.
        unsafe { libc::sigaction(signal, previous, std::ptr::null_mut()) };
    } else if previous.sa_flags & libc::SA_SIGINFO != 0 {
        type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: what was installed with SA_SIGINFO is such a function.
        let handler = unsafe { std::mem::transmute::<libc::sighandler_t, Handler>(action) };
        handler(signal, info, context);
    } else {
        // SAFETY: what was installed without SA_SIGINFO is such a function.
        let handler = unsafe {
            std::mem::transmute::<libc::sighandler_t, extern "C" fn(libc::c_int)>(action)
        };
        handler(signal);
    }
}

/// Installs the handler, once; to be called before wasmtime installs its own.
///
/// # Errors
/// When the host refuses.
pub fn install() -> io::Result<()> {
    static DONE: OnceLock<Option<i32>> = OnceLock::new();
    let refused = DONE.get_or_init(|| {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        let mut previous = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: all zero is a valid sigaction; the handler does only what a handler may. The old
        // action is there before the new one can be called: a first call only asks for it.
        unsafe {
            let action = action.assume_init_mut();
            if libc::sigaction(libc::SIGSEGV, std::ptr::null(), previous.as_mut_ptr()) != 0 {
                return io::Error::last_os_error().raw_os_error();
            }
            let _ = PREVIOUS.set(previous.assume_init());
            action.sa_sigaction = (on_fault as *const ()).expose_provenance();
            // On the thread's alternate stack, as wasmtime's and the standard library's.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            if libc::sigaction(libc::SIGSEGV, action, std::ptr::null_mut()) != 0 {
                return io::Error::last_os_error().raw_os_error();
            }
        }
        None
    });
    refused.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Samples of what the vCPU threads do, taken by a signal at a fixed rate. The clock is not that of
//! processor time, whose timers hosts look at with each of their ticks only.
//!
//! The handler follows the chain of frame pointers, which all compiled wasm keeps, from the
//! interrupted wasm code to the frame in which the host entered it, and leaves the addresses in a
//! slot that [`take`] empties. Of host code, which keeps no such chain, it only notes that it ran.
//!
//! Invariants: the handler allocates nothing and takes no lock; it reads the stack only between the
//! interrupted stack pointer and the end of the fiber's stack, which is [`STACK_BYTES`] aligned.

use super::stacks::STACK_BYTES;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Time between two samples of a thread.
const PERIOD_NS: i64 = 1_000_000;
/// Samples that wait to be taken.
const SLOTS: usize = 2048;
/// Most frames of a sample.
const FRAMES: usize = 64;
/// Most modules whose code is known.
const RANGES: usize = 1024;

/// States of a slot; filled ones have `FILLED` and more: the number of their frames.
const FREE: usize = 0;
const WRITTEN: usize = 1;
const FILLED: usize = 2;

struct Slot {
    state: AtomicUsize,
    frames: [AtomicUsize; FRAMES],
}

struct Sampler {
    slots: Vec<Slot>,
    next: AtomicUsize,
    lost: AtomicUsize,
    /// Starts and ends of compiled code; an end of 0 is not there yet.
    ranges: Vec<[AtomicUsize; 2]>,
    known: AtomicUsize,
}

static SAMPLER: OnceLock<Sampler> = OnceLock::new();
static INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Is the thread in a host call that looks afterwards what it has missed?
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
    /// Samples that came during the call.
    static MISSED: Cell<u32> = const { Cell::new(0) };
}

impl Sampler {
    fn new() -> Self {
        let slot = || Slot {
            state: AtomicUsize::new(FREE),
            frames: [const { AtomicUsize::new(0) }; FRAMES],
        };
        Self {
            slots: (0..SLOTS).map(|_| slot()).collect(),
            next: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            ranges: (0..RANGES).map(|_| Default::default()).collect(),
            known: AtomicUsize::new(0),
        }
    }

    fn is_code(&self, address: usize) -> bool {
        let known = self.known.load(Ordering::Acquire).min(RANGES);
        self.ranges[..known].iter().any(|[start, end]| {
            start.load(Ordering::Relaxed) <= address && address < end.load(Ordering::Acquire)
        })
    }

    /// Called by the handler.
    fn sample(&self, pc: usize, fp: usize, sp: usize) {
        let in_code = self.is_code(pc);
        if !in_code && IN_CALL.get() {
            MISSED.set(MISSED.get() + 1);
            return;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed) % SLOTS;
        let slot = &self.slots[index];
        let claimed =
            slot.state.compare_exchange(FREE, WRITTEN, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut count = 0;
        if in_code {
            slot.frames[0].store(pc, Ordering::Relaxed);
            count = 1;
            let end = (sp | (STACK_BYTES - 1)) - 15;
            let (mut fp, mut least) = (fp, sp);
            while count < FRAMES && fp.is_multiple_of(8) && (least..end).contains(&fp) {
                let frame = std::ptr::with_exposed_provenance::<usize>(fp);
                // SAFETY: 16 aligned bytes between the stack pointer and the end of the stack, all of
                // which is mapped; this thread alone writes there, and it is in this handler.
                let (caller, back) =
                    unsafe { (frame.read_volatile(), frame.add(1).read_volatile()) };
                if !self.is_code(back) {
                    break;
                }
                // Inside the call, not behind it.
                slot.frames[count].store(back - 1, Ordering::Relaxed);
                count += 1;
                (least, fp) = (fp + 16, caller);
            }
        }
        slot.state.store(FILLED + count, Ordering::Release);
    }
}

extern "C" fn on_signal(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(sampler) = SAMPLER.get() else { return };
    // SAFETY: with SA_SIGINFO the kernel passes the interrupted registers.
    let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
    let (pc, fp, sp) = registers_of(registers);
    sampler.sample(pc, fp, sp);
}

#[cfg(target_arch = "x86_64")]
fn registers_of(registers: &libc::mcontext_t) -> (usize, usize, usize) {
    let of = |index: libc::c_int| registers.gregs[index as usize].cast_unsigned() as usize;
    (of(libc::REG_RIP), of(libc::REG_RBP), of(libc::REG_RSP))
}

#[cfg(target_arch = "aarch64")]
fn registers_of(registers: &libc::mcontext_t) -> (usize, usize, usize) {
    (registers.pc as usize, registers.regs[29] as usize, registers.sp as usize)
}

/// Prepares everything; samples are taken of the threads that [`Timer::start`] is called in.
///
/// # Errors
/// When the host does not take the handler.
pub fn install() -> io::Result<()> {
    SAMPLER.get_or_init(Sampler::new);
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all-zero bytes are such a structure; the handler does what handlers may.
    let result = unsafe {
        let action = action.assume_init_mut();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGPROF, action, std::ptr::null_mut())
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    INSTALLED.store(true, Ordering::Release);
    Ok(())
}

/// Makes a piece of compiled code known: only there frames are looked for.
pub fn add_code(code: &[u8]) {
    let Some(sampler) = SAMPLER.get() else { return };
    let index = sampler.known.fetch_add(1, Ordering::AcqRel);
    // Beyond that, code counts as the host's.
    let Some([start, end]) = sampler.ranges.get(index) else { return };
    let range = code.as_ptr_range();
    start.store(range.start.addr(), Ordering::Relaxed);
    end.store(range.end.addr(), Ordering::Release);
}

/// Samples the calling thread until it is dropped there.
pub struct Timer(libc::timer_t);

impl Timer {
    /// Starts, if samples are wanted at all; without a timer there are no samples of the thread.
    pub fn start() -> Option<Self> {
        if !INSTALLED.load(Ordering::Acquire) {
            return None;
        }
        let mut event = MaybeUninit::<libc::sigevent>::zeroed();
        let mut timer = MaybeUninit::uninit();
        let period = libc::timespec { tv_sec: 0, tv_nsec: PERIOD_NS };
        let times = libc::itimerspec { it_interval: period, it_value: period };
        // SAFETY: all-zero bytes are an event; the kernel fills in the timer that is then set.
        unsafe {
            let event = event.assume_init_mut();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = libc::SIGPROF;
            event.sigev_notify_thread_id = libc::gettid();
            let clock = libc::CLOCK_MONOTONIC;
            if libc::timer_create(clock, event, timer.as_mut_ptr()) != 0 {
                return None;
            }
            let timer = Self(timer.assume_init());
            (libc::timer_settime(timer.0, 0, &raw const times, std::ptr::null_mut()) == 0)
                .then_some(timer)
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: a timer that was created and not deleted.
        unsafe {
            libc::timer_delete(self.0);
        }
    }
}

/// A host call begins whose frames [`leave_call`] tells about.
pub fn enter_call() {
    MISSED.set(0);
    IN_CALL.set(true);
}

/// It ends; gives how many samples came meanwhile.
pub fn leave_call() -> u32 {
    IN_CALL.set(false);
    MISSED.get()
}

/// Empties the slots: the addresses of each sample, innermost first; none of one in host code.
pub fn take(mut each: impl FnMut(&[usize])) {
    let Some(sampler) = SAMPLER.get() else { return };
    let mut frames = Vec::with_capacity(FRAMES);
    for slot in &sampler.slots {
        let Some(count) = slot.state.load(Ordering::Acquire).checked_sub(FILLED) else { continue };
        frames.clear();
        frames.extend(slot.frames[..count].iter().map(|frame| frame.load(Ordering::Relaxed)));
        slot.state.store(FREE, Ordering::Release);
        each(&frames);
    }
}

/// Samples that came when no slot was free.
pub fn lost() -> usize {
    SAMPLER.get().map_or(0, |sampler| sampler.lost.load(Ordering::Relaxed))
}

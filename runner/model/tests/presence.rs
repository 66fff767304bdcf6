// SPDX-License-Identifier: MIT OR Apache-2.0
//! A vCPU always hears that it has an interrupt, wherever it is.

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use ochre_runner_model::check;
use ochre_runner_model::handover::presence::{Kick, Presence, Sleep, is_owed, raise_flag};

/// What the threads of a model share: one vCPU, and the flags of the memories 0 and 1.
struct Shared {
    presence: Presence,
    word: AtomicU32,
    flags: [AtomicU32; 2],
    /// The token of `std::thread::park`. loom's own also wakes who waits for something else.
    unparked: Mutex<bool>,
    wake: Condvar,
}

impl Shared {
    fn new() -> Arc<Self> {
        let flags = [AtomicU32::new(0), AtomicU32::new(0)];
        Arc::new(Self {
            presence: Presence::new(),
            word: AtomicU32::new(0),
            flags,
            unparked: Mutex::new(false),
            wake: Condvar::new(),
        })
    }

    fn park(&self) {
        let mut unparked = self.unparked.lock().unwrap();
        while !*unparked {
            unparked = self.wake.wait(unparked).unwrap();
        }
        *unparked = false;
    }

    fn unpark(&self) {
        *self.unparked.lock().unwrap() = true;
        self.wake.notify_one();
    }

    /// A device or another vCPU.
    fn raise(&self, bits: u32) {
        match self.presence.interrupt(&self.word, bits) {
            Kick::Unpark => self.unpark(),
            Kick::Preempt(memory) => {
                if let Some(flag) = self.flags.get(memory as usize) {
                    raise_flag(flag);
                }
            }
        }
    }

    /// The kernel's look, a plain load.
    fn is_pending(&self) -> bool {
        self.word.load(Ordering::Relaxed) != 0
    }

    fn sleep_until_pending(&self) {
        let look = || (!self.is_pending()).then_some(Sleep::UntilKicked);
        self.presence.idle(look, |_| self.park());
    }
}

#[test]
fn an_interrupt_wakes_a_vcpu_that_goes_to_sleep() {
    check(|| {
        let shared = Shared::new();
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        shared.sleep_until_pending();
        assert_eq!(shared.word.swap(0, Ordering::Acquire), 1);
        device.join().unwrap();
    });
}

#[test]
fn each_of_two_interrupts_wakes_it() {
    check(|| {
        let shared = Shared::new();
        let devices = [1, 2].map(|bit| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.raise(bit))
        });
        let mut seen = 0;
        while seen != 3 {
            shared.sleep_until_pending();
            seen |= shared.word.swap(0, Ordering::Acquire);
        }
        for device in devices {
            device.join().unwrap();
        }
    });
}

#[test]
fn an_interrupt_brings_what_was_written_before_it() {
    check(|| {
        let shared = Shared::new();
        let data = Arc::new(AtomicU32::new(0));
        let (device, theirs) = (Arc::clone(&shared), Arc::clone(&data));
        let device = thread::spawn(move || {
            theirs.store(7, Ordering::Relaxed);
            device.raise(1);
        });
        if shared.word.swap(0, Ordering::Acquire) != 0 {
            assert_eq!(data.load(Ordering::Relaxed), 7);
        }
        device.join().unwrap();
    });
}

#[test]
fn who_sees_the_flag_finds_the_interrupt() {
    check(|| {
        let shared = Shared::new();
        shared.presence.enter(1);
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        if shared.flags[1].load(Ordering::Acquire) == 1 {
            assert!(shared.is_pending());
        }
        device.join().unwrap();
    });
}

#[test]
fn an_interrupt_stops_user_code_that_is_entered_meanwhile() {
    check(|| {
        let shared = Shared::new();
        shared.presence.enter(0);
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        shared.presence.enter(1);
        let seen = shared.is_pending();
        device.join().unwrap();
        assert!(seen || shared.flags[1].load(Ordering::Relaxed) == 1);
    });
}

#[test]
fn an_interrupt_at_the_end_of_a_sleep_stops_user_code() {
    check(|| {
        let shared = Shared::new();
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        // Its own timer has ended the sleep, and a task of memory 1 is next.
        shared.presence.idle(|| None, |_| ());
        let seen_by_idle = shared.is_pending();
        shared.presence.enter(1);
        let seen = seen_by_idle || shared.is_pending();
        device.join().unwrap();
        assert!(seen || shared.flags[1].load(Ordering::Relaxed) == 1);
    });
}

#[test]
fn a_thread_that_takes_the_flag_down_does_not_take_it_from_another() {
    check(|| {
        let shared = Shared::new();
        shared.presence.enter(1);
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        // The glue of a thread of the same process, on another vCPU, for a request of its own.
        shared.flags[1].store(0, Ordering::Relaxed);
        if is_owed(1, [(&shared.presence, &shared.word)]) {
            raise_flag(&shared.flags[1]);
        }
        device.join().unwrap();
        // The vCPU runs user code and has not looked.
        assert_eq!(shared.flags[1].load(Ordering::Relaxed), 1);
    });
}

#[test]
fn nor_from_one_that_is_only_entering() {
    check(|| {
        let shared = Shared::new();
        let device = Arc::clone(&shared);
        let device = thread::spawn(move || device.raise(1));
        let other = Arc::clone(&shared);
        let other = thread::spawn(move || {
            other.flags[1].store(0, Ordering::Relaxed);
            if is_owed(1, [(&other.presence, &other.word)]) {
                raise_flag(&other.flags[1]);
            }
        });
        shared.presence.enter(1);
        let seen = shared.is_pending();
        device.join().unwrap();
        other.join().unwrap();
        assert!(seen || shared.flags[1].load(Ordering::Relaxed) == 1);
    });
}

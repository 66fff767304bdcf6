// SPDX-License-Identifier: MIT OR Apache-2.0
//! The timer thread hears of every deadline that it must wake for. Here its sleeps never end by
//! themselves: where it sleeps past a deadline, all threads wait, and loom says so.

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use ochre_runner_model::check;
use ochre_runner_model::handover::alarm::{Alarm, Deadline, NEVER};
use ochre_runner_model::handover::presence::Presence;
use std::cell::Cell;

/// The time of the models, at which the one deadline that counts has come.
const NOW_NS: u64 = 10;

struct Shared {
    alarm: Alarm,
    presence: Presence,
    deadline: Deadline,
    has_plan: Mutex<bool>,
    planned: Condvar,
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            alarm: Alarm::new(),
            presence: Presence::new(),
            deadline: Deadline::new(),
            has_plan: Mutex::new(false),
            planned: Condvar::new(),
        })
    }

    /// The timer thread until it has fired; `others_ns` are deadlines of another vCPU, one for each scan,
    /// the last one for ever.
    fn fire(&self, others_ns: &[u64]) {
        let scans = Cell::new(0);
        let scan = || {
            let others_ns = others_ns[scans.get().min(others_ns.len() - 1)];
            scans.set(scans.get() + 1);
            let result = self.scan().map(|()| others_ns);
            *self.has_plan.lock().unwrap() = true;
            self.planned.notify_one();
            result
        };
        self.alarm.run(scan, |_| None);
    }

    /// Nothing when the deadline has fired.
    fn scan(&self) -> Option<()> {
        // A sleep until the time that it is would be over at once.
        while !self.presence.is_idle() && self.deadline.get() <= NOW_NS {
            if self.deadline.take_expired(NOW_NS) {
                return None;
            }
        }
        Some(())
    }

    /// Ends the first sleep of the timer thread, as its time would.
    fn end_sleep(&self) {
        let mut has_plan = self.has_plan.lock().unwrap();
        while !*has_plan {
            has_plan = self.planned.wait(has_plan).unwrap();
        }
        drop(has_plan);
        self.alarm.notice(0);
    }
}

fn with_timer_thread(others_ns: u64, vcpu: impl Fn(&Shared) + Send + Sync + 'static) {
    check(move || {
        let shared = Shared::new();
        let timer = Arc::clone(&shared);
        let timer = thread::spawn(move || timer.fire(&[others_ns]));
        vcpu(&shared);
        timer.join().unwrap();
        assert_eq!(shared.deadline.get(), NEVER);
    });
}

fn arm(shared: &Shared, deadline_ns: u64) {
    shared.deadline.set(deadline_ns);
    shared.alarm.notice(deadline_ns);
}

#[test]
fn a_deadline_is_heard_by_a_thread_without_a_plan() {
    with_timer_thread(NEVER, |shared| arm(shared, NOW_NS));
}

#[test]
fn a_deadline_is_heard_before_a_later_one() {
    with_timer_thread(2 * NOW_NS, |shared| arm(shared, NOW_NS));
}

#[test]
fn a_deadline_that_moves_forward_is_heard() {
    with_timer_thread(NEVER, |shared| {
        arm(shared, 3 * NOW_NS);
        arm(shared, NOW_NS);
    });
}

#[test]
fn a_deadline_that_the_plan_covers_is_found_when_the_plan_is_over() {
    check(|| {
        let shared = Shared::new();
        let timer = Arc::clone(&shared);
        let timer = thread::spawn(move || timer.fire(&[NOW_NS / 2, NEVER]));
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || clock.end_sleep());
        // Told or not told, as the plan has it.
        arm(&shared, NOW_NS);
        clock.join().unwrap();
        timer.join().unwrap();
        assert_eq!(shared.deadline.get(), NEVER);
    });
}

#[test]
fn a_vcpu_that_wakes_up_is_looked_after_again() {
    with_timer_thread(NEVER, |shared| {
        shared.presence.idle(
            || {
                // Armed by the kernel before it idles; heard or not, the sleeper wakes by itself.
                shared.deadline.set(NOW_NS);
                None
            },
            |_| (),
        );
        shared.alarm.notice(NOW_NS);
    });
}

#[test]
fn a_deadline_fires_once_and_takes_no_later_one_with_it() {
    check(|| {
        let deadline = Arc::new(Deadline::new());
        deadline.set(NOW_NS);
        let timer = Arc::clone(&deadline);
        let timer = thread::spawn(move || timer.take_expired(NOW_NS));
        let fired_here = deadline.take_expired(NOW_NS);
        deadline.set(2 * NOW_NS);
        let fired_there = timer.join().unwrap();
        assert!(fired_here != fired_there);
        assert_eq!(deadline.get(), 2 * NOW_NS);
    });
}

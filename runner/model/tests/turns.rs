// SPDX-License-Identifier: MIT OR Apache-2.0
//! No task is polled by two vCPUs, whichever of them it moves to.
//!
//! The kernel of these models keeps an `on_cpu` word for each task, as the real one does: a CPU takes a
//! task only when its word is clear, and the task that runs next clears the word of its predecessor.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use ochre_runner_model::check;
use ochre_runner_model::handover::turns::{Absent, Place, take_turns};
use std::sync::atomic::AtomicBool as Found;

const TASKS: usize = 3;
const TURNS: usize = 3;

struct Kernel {
    places: [Place<()>; TASKS],
    on_cpu: [AtomicBool; TASKS],
}

impl Kernel {
    /// Tasks 0 and 1 are about to run, the last one waits.
    fn new() -> Arc<Self> {
        let kernel = Self {
            places: [Place::new(), Place::new(), Place::new()],
            on_cpu: [true, true, false].map(AtomicBool::new),
        };
        for place in &kernel.places {
            place.fill(());
        }
        Arc::new(kernel)
    }

    /// What the kernel does within one poll of a task: it ends the switch from `previous` and picks the
    /// next. An early release is the mistake that the order exists for.
    fn schedule(&self, task: usize, previous: Option<usize>, early: bool) -> Option<usize> {
        if let Some(previous) = previous {
            self.on_cpu[previous].store(false, Ordering::Release);
        }
        let next = (0..TASKS).find(|next| {
            let word = &self.on_cpu[*next];
            word.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
        });
        if early && next.is_some() {
            self.on_cpu[task].store(false, Ordering::Release);
            // The poll goes on a little.
            self.on_cpu[task].load(Ordering::Relaxed);
        }
        next
    }

    /// One vCPU, for a few turns; ends early with why a task could not be polled.
    fn run(&self, first: usize, early: bool) -> Result<(), Absent> {
        let (mut previous, mut turns, mut result) = (None, 0, Ok(()));
        take_turns(first, |&task| {
            let leaving = if early { None } else { previous };
            match self.places[task].poll(|_| self.schedule(task, leaving, early)) {
                Ok(next) => {
                    previous = Some(task);
                    turns += 1;
                    next.filter(|_| turns < TURNS)
                }
                Err(absent) => {
                    result = Err(absent);
                    None
                }
            }
        });
        result
    }
}

fn on_two_vcpus(early: bool) -> [Result<(), Absent>; 2] {
    let kernel = Kernel::new();
    let other = Arc::clone(&kernel);
    let other = thread::spawn(move || other.run(1, early));
    [kernel.run(0, early), other.join().unwrap()]
}

#[test]
fn a_task_that_moves_is_polled_by_one_vcpu_at_a_time() {
    check(|| assert_eq!(on_two_vcpus(false), [Ok(()), Ok(())]));
}

#[test]
fn a_task_that_is_released_before_its_poll_is_over_is_found_elsewhere() {
    static FOUND: Found = Found::new(false);
    check(|| {
        if on_two_vcpus(true).contains(&Err(Absent::Elsewhere)) {
            FOUND.store(true, Ordering::Relaxed);
        }
    });
    assert!(FOUND.load(Ordering::Relaxed));
}

#[test]
fn who_looks_at_a_parked_task_keeps_no_vcpu_from_it() {
    check(|| {
        let place = Arc::new(Place::new());
        place.fill(0);
        assert_eq!(place.poll(|seat| seat.parked = true), Ok(()));
        let looked_at = Arc::clone(&place);
        let looking = thread::spawn(move || looked_at.look(|seat| (seat.parked, seat.future)));
        let polled = place.poll(|seat| {
            seat.future = Some(1);
            // The poll goes on a little, and the task does not wait in it.
            thread::yield_now();
        });
        assert_eq!(polled, Ok(()));
        let seen = looking.join().unwrap();
        assert!(matches!(seen, None | Some((true, Some(0)))), "{seen:?}");
    });
}

#[test]
fn a_task_that_has_ended_is_not_polled_again() {
    check(|| {
        let place = Place::new();
        assert_eq!(place.poll(|_| ()), Err(Absent::Ended));
        place.fill(7);
        assert_eq!(place.poll(|seat| seat.future.take()), Ok(Some(7)));
        assert_eq!(place.poll(|_| ()), Err(Absent::Ended));
    });
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose turn it is on a vCPU: a task's future is polled by one vCPU at a time, and the next task only
//! after the poll of the one that has named it is over.
//!
//! The kernel keeps two CPUs off one task with its `on_cpu` word, which the *next* task clears for its
//! predecessor. So the future must be back in its place before the next task runs: [`take_turns`] is
//! that order, and [`Place::poll`] notices if somebody breaks it.
#![forbid(unsafe_code)]

use crate::sync::{AtomicBool, Mutex, Ordering, PoisonError, TryLockError};

/// The place of a future while nobody polls it.
#[derive(Debug)]
pub struct Place<F> {
    /// A vCPU polls it.
    is_taken: AtomicBool,
    seat: Mutex<Seat<F>>,
}

/// What is in such a place.
#[derive(Debug)]
pub struct Seat<F> {
    /// The future; gone when it has ended.
    pub future: Option<F>,
    /// It waits in `host_task_switch`: neither new, nor running, nor amid something of wasmtime's. Only
    /// then may others than vCPUs look at it.
    pub parked: bool,
}

/// Why a future cannot be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It has ended.
    Ended,
    /// Another vCPU polls it.
    Elsewhere,
}

impl<F> Place<F> {
    /// An empty place.
    pub fn new() -> Self {
        let seat = Mutex::new(Seat { future: None, parked: false });
        Self { is_taken: AtomicBool::new(false), seat }
    }

    /// Puts the future there.
    pub fn fill(&self, future: F) {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).future = Some(future);
    }

    /// For a vCPU: calls `poll` with a future that is there. Another vCPU that comes meanwhile is refused,
    /// and does not wait: that would hide a task that runs twice. Who only looks is waited for.
    ///
    /// # Errors
    /// When no future is there.
    pub fn poll<R>(&self, poll: impl FnOnce(&mut Seat<F>) -> R) -> Result<R, Absent> {
        if self.is_taken.swap(true, Ordering::Acquire) {
            return Err(Absent::Elsewhere);
        }
        let mut seat = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        seat.parked = false;
        let result = if seat.future.is_some() { Ok(poll(&mut seat)) } else { Err(Absent::Ended) };
        drop(seat);
        self.is_taken.store(false, Ordering::Release);
        result
    }

    /// For anybody: calls `look` with a future that is parked.
    pub fn look<R>(&self, look: impl FnOnce(&mut Seat<F>) -> R) -> Option<R> {
        let mut seat = match self.seat.try_lock() {
            Ok(seat) => seat,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        seat.parked.then(|| look(&mut seat))
    }
}

impl<F> Default for Place<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives tasks their turns, beginning with `first`: `turn` polls one and says who is next.
pub fn take_turns<T>(first: T, mut turn: impl FnMut(&T) -> Option<T>) {
    let mut current = first;
    while let Some(next) = turn(&current) {
        current = next;
    }
}

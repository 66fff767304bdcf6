// SPDX-License-Identifier: MIT OR Apache-2.0
//! Backtraces of tasks that do not run, and the names of the functions in them.
//!
//! Only a task itself can look at its frames: its Store is inside of its future. So who wants a
//! backtrace polls the future once more, on a thread that says so ([`WANTED`]); the task, which waits
//! in `host_task_switch`, sees that, leaves its backtrace behind and goes on waiting.
//!
//! Invariant: only a future that waits in `host_task_switch` ([`Seat::parked`](crate::handover::turns::Seat::parked)) is polled so;
//! any other would run guest code on the wrong vCPU.
#![forbid(unsafe_code)]

use crate::task::{Task, TaskData};
use crate::vcpu::{Polled, poll_future};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use wasmtime::{Caller, WasmBacktrace};

thread_local! {
    /// Does this thread poll for a backtrace only?
    static WANTED: Cell<bool> = const { Cell::new(false) };
    /// What the polled task has left.
    static TRACE: RefCell<Option<WasmBacktrace>> = const { RefCell::new(None) };
}

/// Called by a task that is polled while it waits: leaves its backtrace and tells to wait on, if that is
/// all that the poll is for.
pub fn answer(task: &Caller<'_, TaskData>) -> bool {
    if WANTED.get() {
        TRACE.set(Some(WasmBacktrace::force_capture(task)));
    }
    WANTED.get()
}

/// Backtrace of a task other than the calling one; `None` when it is running, has not run yet, or has
/// ended.
pub fn of(task: &Task) -> Option<WasmBacktrace> {
    let polled = task.future.look(|seat| {
        WANTED.set(true);
        let polled = poll_future(seat);
        WANTED.set(false);
        polled
    })?;
    match polled {
        Some(Polled::Pending) => TRACE.take(),
        Some(Polled::Ended(_)) | None => None,
    }
}

/// Names of the kernel functions that were seen in backtraces.
#[derive(Default)]
pub struct Symbols(Mutex<BTreeMap<u32, String>>);

impl Symbols {
    /// Notes the name of a function.
    pub fn note(&self, function: u32, name: &str) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(function).or_insert_with(|| name.to_owned());
    }

    /// The name of a function, if it is known.
    pub fn name(&self, function: u32) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&function).cloned()
    }
}

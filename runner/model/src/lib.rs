// SPDX-License-Identifier: MIT OR Apache-2.0
//! The runner's module `handover`, compiled over atomics and locks that try all interleavings.
//!
//! It is the runner's own source, not a copy: what the tests here find is in the program, too. They play
//! the parts that the module knows nothing of: kernel, user code, memories, devices.
//!
//! Bounds: at most [`PREEMPTIONS`] switches where a thread could have gone on (nearly all mistakes show
//! with two), and loom's own: accesses that are sequentially consistent count as acquire and release
//! only, which is why the module uses fences.
#![forbid(unsafe_code)]

#[path = "../../src/handover/mod.rs"]
pub mod handover;

/// In place of the runner's module of this name.
mod sync {
    pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
    pub use loom::sync::{Condvar, Mutex};
    pub use std::sync::{PoisonError, TryLockError};
}

/// Switches of threads that are not asked for, in one run of a model.
pub const PREEMPTIONS: usize = 4;

/// Runs `model` in all interleavings.
///
/// # Panics
/// When one of them panics, or all of its threads wait.
pub fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(model);
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The atomics and locks that [`crate::handover`] is made of. `runner/model` compiles that module over
//! others of the same names, which try all interleavings.

pub use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
pub use std::sync::{Condvar, Mutex, PoisonError, TryLockError};

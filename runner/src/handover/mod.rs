// SPDX-License-Identifier: MIT OR Apache-2.0
//! What threads of the runner tell each other without locks: interrupts, idleness, deadlines, and whose
//! turn it is.
//!
//! The runner and `runner/model` compile these same files, the one over the standard library's atomics
//! and locks, the other over loom's, which tries their interleavings. So nothing here knows of anything
//! but `crate::sync`; memories, threads and clocks come in as arguments.
//!
//! One pattern stands behind all of it. Two parties each write a word and then look at the other's:
//! with a sequentially consistent fence between the two on either side, at least one of them sees what
//! the other has written. The accesses themselves need no order then, and the kernel, whose loads of
//! its interrupt word are plain, may stand on one side.
//!
//! | writes first             | then looks at            | file       |
//! |--------------------------|--------------------------|------------|
//! | kicker: interrupt bits   | idle, memory             | `presence` |
//! | vCPU: idle, memory       | interrupt bits           | `presence` |
//! | user code: flag down     | others' bits and memory  | `presence` |
//! | vCPU: deadline, not idle | the timer thread's plan  | `alarm`    |
//! | timer thread: no plan    | deadlines, idle          | `alarm`    |
//! | raiser: early bits       | where the words are      | `early`    |
//! | kernel: where they are   | early bits               | `early`    |
#![forbid(unsafe_code)]

pub mod alarm;
pub mod early;
pub mod presence;
pub mod turns;

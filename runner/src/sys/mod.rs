// SPDX-License-Identifier: MIT OR Apache-2.0
//! What needs the operating system beyond Rust's standard library: pages of mappings and faults in
//! them, fiber stacks, the terminal, signals. No other module of the runner makes a raw system call.
#![expect(unsafe_code, reason = "system calls that the standard library does not wrap")]

pub mod environment;
pub mod faults;
pub mod pages;
pub mod random;
pub mod resume;
pub mod sampling;
pub mod signals;
pub mod stacks;
pub mod terminal;
pub mod thread;

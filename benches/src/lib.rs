// SPDX-License-Identifier: MIT OR Apache-2.0
//! The benchmarks: `cargo xtask bench NAME` builds all that is needed and starts `ochre-bench NAME`.
//!
//! Machines that people work on are never quiet. What is compared therefore takes turns in short
//! samples ([`turns`]), counts processor time where it can ([`clock`]), and is told as the median with
//! the quartiles' distance ([`stats`]).
//!
//! - [`participant`]: a program that does as it is told by lines, in the guest or on the host.
//! - [`bare`]: runs a guest program on wasmtime without a kernel, with or without preemption checks.
//! - [`image`]: a machine's file system with the programs in it.
//! - [`contest`]: several of them take turns at the measures of the program `system`.
//! - [`report`]: what was found, as JSON; [`render`]: the same for people; [`goals`]: what it is to be.
//! - [`table`]: tables for a terminal.
#![deny(unsafe_code)]

pub mod bare;
pub mod clock;
pub mod contest;
pub mod goals;
pub mod image;
pub mod limits;
pub mod participant;
pub mod render;
pub mod report;
pub mod stats;
pub mod table;
pub mod turns;

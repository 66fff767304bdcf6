// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Ochre virtual machine monitor: runs the kernel `vmlinux.wasm` and the user programs that the
//! kernel loads, on wasmtime.
//!
//! A tour of the types, outermost first:
//!
//! - [`vm::Vm`] is one machine: the engine, the [`memory::KernelMemory`], the kernel module linked to
//!   its host calls, and the tables of tasks, process memories and programs.
//! - [`vcpu::Vcpu`] is one host thread that polls one task at a time: the one the kernel switched to.
//! - [`task::Task`] is the host side of one `task_struct`: a future that owns a wasmtime `Store` with
//!   a kernel instance and, in user tasks, a user instance over a [`memory::ProcessMemory`].
//! - [`host_calls`] is everything that the kernel can ask for; [`loader`] is what happens to a user
//!   program before it is compiled; [`cache`] keeps the compiled code.
//! - [`handover`] is what vCPUs, devices and the timer thread tell each other without locks.
//! - [`profile`] counts and samples, where that is asked for.
//! - [`console`] and [`streams`] are the machine's byte channels, [`timer`] its one-shot timers.
//!
//! Invariants:
//! - Numbers, addresses and handles from the guest are checked before use; a bad one from the kernel
//!   stops the machine with a kernel trace, one from a user program gives an errno.
//! - No host call blocks its vCPU thread; only `host_vcpu_idle` parks it.
//! - `unsafe` stands in [`memory::region`], [`sys`] and one function of [`cache`], nowhere else.
#![deny(unsafe_code)]

pub mod boot;
pub mod cache;
pub mod console;
pub mod engine;
pub mod error;
pub mod fault;
pub mod handles;
pub mod handover;
pub mod host_calls;
pub mod image;
pub mod initramfs;
pub mod irq;
pub mod kernel;
pub mod limits;
pub mod loader;
pub mod memory;
pub mod newc;
pub mod ordering;
pub mod profile;
pub mod program;
pub mod queue;
pub mod reaper;
pub mod store;
pub mod streams;
pub mod sync;
pub mod sys;
pub mod task;
pub mod timer;
pub mod timing;
pub mod trace;
pub mod vcpu;
pub mod vm;

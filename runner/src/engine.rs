// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one wasmtime engine of a process and its settings.
#![forbid(unsafe_code)]

use crate::sys::faults;
use crate::sys::stacks::{MAX_WASM_STACK_BYTES, STACK_BYTES, StackPool};
use std::num::NonZeroUsize;
use std::sync::Arc;
use wasmtime::{Collector, Config, Engine};

/// Frames shown of a wasm stack.
const BACKTRACE_FRAMES: usize = 64;

/// Makes the engine.
///
/// # Errors
/// When this host cannot run compiled wasm at all.
pub fn new() -> wasmtime::Result<Engine> {
    // wasmtime installs its handlers with the first engine, and must find ours below them.
    faults::install()?;
    let mut config = Config::new();
    config
        .shared_memory(true)
        .wasm_threads(true)
        .wasm_exceptions(true)
        .wasm_tail_call(true)
        .wasm_multi_memory(true)
        .wasm_branch_hinting(true)
        .wasm_wide_arithmetic(true)
        // `null` leaks on every throw; only exceptions use the collector's heap at all.
        .collector(Collector::DeferredReferenceCounting)
        .gc_heap_reservation(16 << 20)
        .gc_heap_guard_size(64 << 10)
        // 4 GiB and a guard behind: no bounds checks, and memories never move.
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .memory_may_move(false)
        .guard_before_linear_memory(false)
        .max_wasm_stack(MAX_WASM_STACK_BYTES)
        .async_stack_size(STACK_BYTES)
        .with_host_stack(Arc::new(StackPool::default()))
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES));
    Engine::new(&config)
}

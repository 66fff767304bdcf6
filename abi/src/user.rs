// SPDX-License-Identifier: MIT OR Apache-2.0
//! The user ABI `wasm32-unknown-linux-musl`: what a program module imports and exports.
//!
//! ```text
//! ProcessMemory
//!   0x00000000 ┌─────────────────────────┐
//!              │ null page, never mapped │
//!   0x00001000 │ preemption flag (u32)   │  the lowest word of the stack
//!              │ stack, grows down       │  wasm-ld --stack-first
//!   stack top  │ data, bss               │  __stack_pointer starts at the stack top
//!   heap base  │ brk area, then mmap     │  managed by the kernel
//!              └─────────────────────────┘
//! ```
//!
//! Imports: `linux.syscall(nr, a0, a1, a2, a3, a4, a5: i32) -> i32`, and a shared memory
//! `env.memory` (a module may export its own instead; the loader turns that into the import).
//!
//! Exports: [`START`] and `__stack_pointer` always; [`SIGNAL`] and [`CLONE_START`] for programs with
//! handlers and threads; `__heap_base` where the heap starts (default: the end of the memory).
//!
//! The loader adds the *glue* to each module: a wrapper around the syscall import and the functions
//! `__preempt` and `__fault`, all of which run the handlers that the kernel asks for:
//!
//! ```text
//!   result = kernel_syscall(nr, a0..a5, __stack_pointer)
//!   while high(result) != 0 {
//!       saved = __stack_pointer;  __stack_pointer = high(result)
//!       __linux_signal(high(result))                  // may siglongjmp out: kernel frames are gone
//!       __stack_pointer = saved
//!       result = kernel_signal_return(high(result))
//!   }
//!   low(result)
//! ```
//!
//! A signal frame begins with these words (the rest is the kernel's own business):
//!
//! | offset | word                                                                            |
//! |--------|---------------------------------------------------------------------------------|
//! | 0      | handler: index in the program's function table                                  |
//! | 4      | signal number                                                                   |
//! | 8      | 1 if the handler takes `(int, siginfo_t *, void *)`, 0 if it takes `(int)`      |
//! | 12     | address of the `siginfo_t`                                                      |
//! | 16     | address of the `ucontext_t`                                                     |

/// Import of the system call.
pub const SYSCALL_IMPORT: (&str, &str) = ("linux", "syscall");
/// Import of the process memory.
pub const MEMORY_IMPORT: (&str, &str) = ("env", "memory");
/// `_start(stack_pointer)`: `stack_pointer` addresses argc, argv…, NULL, envp…, NULL, auxv.
pub const START: &str = "_start";
/// `__linux_signal(frame)`: calls the handler of a signal frame.
pub const SIGNAL: &str = "__linux_signal";
/// `__linux_clone_start(stack_pointer, tls)`: first function of a clone.
pub const CLONE_START: &str = "__linux_clone_start";
/// Mutable i32 global.
pub const STACK_POINTER: &str = "__stack_pointer";
/// Immutable i32 global.
pub const HEAP_BASE: &str = "__heap_base";

/// Bytes at address 0 that are never mapped.
pub const NULL_PAGE_BYTES: u32 = 4096;
/// Address of the preemption flag: not 0 when the kernel wants the vCPU back.
pub const PREEMPT_FLAG_ADDR: u32 = NULL_PAGE_BYTES;
/// Lowest table index that may hold a function (below: SIG_DFL, SIG_IGN and their like).
pub const FIRST_FUNCTION_INDEX: u32 = 3;

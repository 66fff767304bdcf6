// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the three parties of an Ochre machine.
//!
//! - the **kernel** (`vmlinux.wasm`), which imports *host calls* and exports *kernel entries*;
//! - the **runner** (the host), which supplies the one and calls the other;
//! - **user programs**, which import one function and export a few names.
//!
//! Everything here is data: the C header that the kernel includes is generated from it
//! ([`c_header`]), the runner registers its host calls through [`for_each_host_call`], and the
//! browser's stub will come from the same table. Nothing else may restate a number from this crate.
//!
//! Invariants:
//! - [`ABI_VERSION`] changes whenever a signature, a layout or a meaning changes. The kernel image
//!   carries it in the custom section [`ABI_SECTION`]; the runner refuses another version.
//! - A *plain* host call returns without switching stacks. Only a *suspending* one may run another
//!   task in between; the two kinds are told apart in the table because a browser binds them
//!   differently.
//! - Every address, length and handle that the kernel passes is checked by the host before use.
//!   Handles are small non-negative numbers given out by the host.
#![no_std]
#![forbid(unsafe_code)]

pub mod c_header;
pub mod host_calls;
pub mod kernel_entries;
pub mod layout;
pub mod user;

/// Version of the whole contract; see the crate documentation.
pub const ABI_VERSION: u32 = 4;

/// Name of the custom section of `vmlinux.wasm` that holds [`ABI_VERSION`] as a little-endian `u32`.
pub const ABI_SECTION: &str = "ochre.abi";

/// Import module of every host call.
pub const HOST_MODULE: &str = "host";

/// Import module and name of the kernel's memory in `vmlinux.wasm`.
pub const KERNEL_MEMORY_IMPORT: (&str, &str) = ("env", "memory");

/// Bits of a vCPU's `irq_pending` word. The host ORs them in and kicks the vCPU; the kernel takes
/// them with an atomic exchange. Bit numbers are also the kernel's interrupt numbers.
pub mod irq {
    /// The vCPU's one-shot timer has expired.
    pub const TIMER: u32 = 0;
    /// Another vCPU asks this one to reschedule.
    pub const RESCHEDULE: u32 = 1;
    /// Another vCPU has queued a function call for this one.
    pub const CALL_FUNCTION: u32 = 2;
    /// The console has input, room for output again, or a new size.
    pub const CONSOLE: u32 = 3;
    /// A host stream has become readable, writable or closed.
    pub const STREAM: u32 = 4;
    /// A program has finished loading (compiled or refused).
    pub const PROGRAM: u32 = 5;
    /// The host asks for an orderly shutdown.
    pub const SHUTDOWN: u32 = 6;
    /// First bit for devices found at run time.
    pub const FIRST_DEVICE: u32 = 8;
    /// Number of bits in the word.
    pub const COUNT: u32 = 32;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] = &[
        ("TIMER", TIMER),
        ("RESCHEDULE", RESCHEDULE),
        ("CALL_FUNCTION", CALL_FUNCTION),
        ("CONSOLE", CONSOLE),
        ("STREAM", STREAM),
        ("PROGRAM", PROGRAM),
        ("SHUTDOWN", SHUTDOWN),
        ("FIRST_DEVICE", FIRST_DEVICE),
        ("COUNT", COUNT),
    ];
}

/// Why a machine stops: first argument of `host_machine_stop`.
pub mod stop {
    /// `reboot(RB_POWER_OFF)`.
    pub const POWEROFF: u32 = 0;
    /// `reboot(RB_AUTOBOOT)`.
    pub const REBOOT: u32 = 1;
    /// `reboot(RB_HALT_SYSTEM)`.
    pub const HALT: u32 = 2;
    /// `panic()`.
    pub const PANIC: u32 = 3;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] =
        &[("POWEROFF", POWEROFF), ("REBOOT", REBOOT), ("HALT", HALT), ("PANIC", PANIC)];
}

/// Host streams: byte channels beside the console, used by `ochre exec`.
/// The kernel shows them as character devices (`/dev/host/stdin` and so on).
pub mod stream {
    /// Guest reads what the runner's standard input gives.
    pub const STDIN: u32 = 0;
    /// Guest writes; goes to the runner's standard output.
    pub const STDOUT: u32 = 1;
    /// Guest writes; goes to the runner's standard error.
    pub const STDERR: u32 = 2;
    /// Guest writes one line `exit N` or `signal N`: how the command of `ochre exec` ended.
    pub const STATUS: u32 = 3;
    /// Number of streams.
    pub const COUNT: u32 = 4;

    /// `host_stream_poll` result bit: a read would not give `-EAGAIN`.
    pub const READABLE: u32 = 1;
    /// `host_stream_poll` result bit: a write would not give `-EAGAIN`.
    pub const WRITABLE: u32 = 2;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] = &[
        ("STDIN", STDIN),
        ("STDOUT", STDOUT),
        ("STDERR", STDERR),
        ("STATUS", STATUS),
        ("COUNT", COUNT),
        ("READABLE", READABLE),
        ("WRITABLE", WRITABLE),
    ];
}

/// What `host_memory_protect` lets user code do with pages.
pub mod access {
    /// Everything.
    pub const FULL: u32 = 0;
    /// Reading.
    pub const READ: u32 = 1;
    /// Nothing.
    pub const NONE: u32 = 3;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] = &[("FULL", FULL), ("READ", READ), ("NONE", NONE)];
}

/// What a fence in the kernel's code orders. Each `atomic.fence` of the kernel's own barriers follows
/// `i32.const KIND; drop; nop`, so that a host whose processor orders some of that by itself may compile
/// something cheaper. The numbers are addresses that may be loaded from, and take three bytes each.
pub mod fence {
    /// Loads with loads, or stores with stores.
    pub const PARTIAL: u32 = 8192;
    /// Everything.
    pub const FULL: u32 = 8196;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] = &[("PARTIAL", PARTIAL), ("FULL", FULL)];
}

/// What a trap in user code means: argument `kind` of `kernel_user_fault`.
pub mod fault {
    /// Access outside the linear memory, to its first page, or to pages that are protected from it.
    /// SIGSEGV, with an address.
    pub const MEMORY: u32 = 0;
    /// The wasm stack is used up. SIGSEGV.
    pub const STACK: u32 = 1;
    /// Indirect call: index out of the table, null entry or wrong type; table access. SIGSEGV.
    pub const TABLE_ACCESS: u32 = 2;
    /// Integer division by zero. SIGFPE / FPE_INTDIV.
    pub const DIVIDE: u32 = 3;
    /// Integer overflow in a division or conversion. SIGFPE / FPE_INTOVF.
    pub const OVERFLOW: u32 = 4;
    /// `unreachable`. SIGILL.
    pub const UNREACHABLE: u32 = 5;
    /// Misaligned atomic access. SIGBUS / BUS_ADRALN.
    pub const MISALIGNED: u32 = 6;
    /// Anything else (an exception that nobody catches, a runner limit). SIGILL.
    pub const OTHER: u32 = 7;

    /// Names and numbers for the generated header.
    pub const TABLE: &[(&str, u32)] = &[
        ("MEMORY", MEMORY),
        ("STACK", STACK),
        ("TABLE_ACCESS", TABLE_ACCESS),
        ("DIVIDE", DIVIDE),
        ("OVERFLOW", OVERFLOW),
        ("UNREACHABLE", UNREACHABLE),
        ("MISALIGNED", MISALIGNED),
        ("OTHER", OTHER),
    ];
}

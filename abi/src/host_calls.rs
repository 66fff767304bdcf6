// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host-call table: every function that the kernel imports from the host.
//!
//! Parameter kinds:
//!
//! | kind    | wasm | C                | meaning                                              |
//! |---------|------|------------------|------------------------------------------------------|
//! | `kaddr` | i32  | `void *`         | address in KernelMemory                              |
//! | `uaddr` | i32  | `u32`            | address in a ProcessMemory                           |
//! | `u32`   | i32  | `u32`            | number, length, handle                               |
//! | `i32`   | i32  | `s32`            | as a result: a value ≥ 0 or a negative Linux errno   |
//! | `u64`   | i64  | `u64`            | nanoseconds                                          |
//! | `!`     | none | `void`, noreturn | the call never returns to its caller                 |

/// Calls `$callback!` once with the whole table. Each row is
/// `plain|suspends fn NAME(ARG: KIND, …) -> KIND;`, with its documentation.
#[macro_export]
macro_rules! for_each_host_call {
    ($callback:ident) => {
        $callback! {
            // --- machine -------------------------------------------------------------------
            /// Fills in `struct boot_info` (see `layout`) at `info`.
            plain fn host_boot_info(info: kaddr);
            /// Prints kernel text before (or without) the console; never blocks.
            plain fn host_early_print(text: kaddr, len_bytes: u32);
            /// Stops the machine. `reason` is one of `stop`, `code` is free for the reason.
            plain fn host_machine_stop(reason: u32, code: u32) -> !;
            /// Writes a symbolized backtrace of `task`, kernel and user frames, to `text`, lines ended
            /// by `\n`; returns its length in bytes, at most `len_bytes`.
            plain fn host_stack_trace(task: u32, text: kaddr, len_bytes: u32) -> u32;
            /// Writes the numbers of the kernel functions on the stack of `task` to the words at
            /// `functions`, innermost first; returns how many, at most `max_functions`: 0 when the
            /// task runs on another vCPU, has not run yet or has ended.
            plain fn host_stack_functions(task: u32, functions: kaddr, max_functions: u32) -> u32;
            /// Writes the name of a function that `host_stack_functions` has named to `text`, without
            /// a NUL; returns its length in bytes, at most `len_bytes`: 0 when it has none.
            plain fn host_symbol_name(function: u32, text: kaddr, len_bytes: u32) -> u32;
            /// Fills `len_bytes` at `bytes` from the host's random source.
            plain fn host_random_fill(bytes: kaddr, len_bytes: u32);

            // --- console and streams -------------------------------------------------------
            /// Queues console output; returns how many bytes were taken. After a short count the
            /// CONSOLE interrupt tells that there is room again.
            plain fn host_console_write(text: kaddr, len_bytes: u32) -> u32;
            /// Takes console input; returns the number of bytes, 0 when there is none now.
            plain fn host_console_read(buffer: kaddr, len_bytes: u32) -> u32;
            /// The console's size: columns in the high 16 bits, rows in the low 16; 0 if unknown.
            plain fn host_console_size() -> u32;
            /// Reads from a host stream: bytes read, 0 at end of file, or `-EAGAIN`.
            plain fn host_stream_read(stream: u32, buffer: kaddr, len_bytes: u32) -> i32;
            /// Writes to a host stream: bytes taken, `-EAGAIN` when full, `-EPIPE` when closed.
            plain fn host_stream_write(stream: u32, bytes: kaddr, len_bytes: u32) -> i32;
            /// The bits `stream::READABLE` and `stream::WRITABLE` that hold now.
            plain fn host_stream_poll(stream: u32) -> u32;

            // --- clock and timer -----------------------------------------------------------
            /// Nanoseconds of a clock that never goes back; 0 is the machine's start.
            plain fn host_clock_monotonic() -> u64;
            /// Nanoseconds since 1970-01-01 00:00 UTC.
            plain fn host_clock_realtime() -> u64;
            /// Nanoseconds of processor time that the host has given to the calling vCPU.
            plain fn host_clock_vcpu() -> u64;
            /// Arms the calling vCPU's one-shot timer for an absolute monotonic time;
            /// `u64::MAX` disarms it. Expiry sets the TIMER bit.
            plain fn host_timer_set(deadline_ns: u64);

            // --- vCPUs and interrupts ------------------------------------------------------
            /// Tells where the `irq_pending` words are: one `u32` per vCPU, `stride_bytes` apart.
            plain fn host_irq_setup(irq_pending: kaddr, stride_bytes: u32, vcpus: u32);
            /// Parks the calling vCPU until its `irq_pending` word is not 0.
            plain fn host_vcpu_idle();
            /// The calling vCPU waits for another one in a loop: the host's processor is better used by
            /// whoever else wants it. Comes back at once if nobody does.
            plain fn host_vcpu_yield();
            /// ORs `bits` into another vCPU's `irq_pending` word and makes it look.
            plain fn host_vcpu_kick(vcpu: u32, bits: u32);
            /// Starts a vCPU, which enters `kernel_vcpu_start(task, stack_top)`; `-EBUSY` while it
            /// runs or has not stopped to the end.
            plain fn host_vcpu_start(vcpu: u32, task: kaddr, stack_top: kaddr) -> i32;
            /// Ends the calling vCPU and its idle task. What interrupts it still has go to vCPU 0.
            suspends fn host_vcpu_stop() -> !;

            // --- tasks ---------------------------------------------------------------------
            /// Registers a task; it first runs as `kernel_task_start(task, stack_top)`.
            /// Returns its handle or `-ENOMEM`/`-EAGAIN`.
            plain fn host_task_create(task: kaddr, stack_top: kaddr) -> i32;
            /// Registers the running (boot or secondary idle) task; returns its handle.
            plain fn host_task_adopt(task: kaddr) -> i32;
            /// Runs task `next` on this vCPU; returns when somebody switches back to the caller.
            suspends fn host_task_switch(next: u32);
            /// Ends the calling task, whose handle becomes invalid, and runs `next`.
            suspends fn host_task_exit(next: u32) -> !;
            /// Forgets a task that has never run.
            plain fn host_task_destroy(task: u32);
            /// Drops everything below the calling task (its user instance and all wasm frames)
            /// and goes on in a fresh kernel instance as `kernel_task_resume(task, stack_top)`.
            suspends fn host_task_exec(task: kaddr, stack_top: kaddr) -> !;
            /// Names the calling task's ProcessMemory, to be kicked while user code runs;
            /// `u32::MAX` for none. Called when an exec has changed it.
            plain fn host_task_set_memory(task: u32, memory: u32);
            /// Copies the text of the task's last fault (symbolized user backtrace, lines ended
            /// by `\n`) to `text`; returns its length in bytes.
            plain fn host_fault_report(text: kaddr, len_bytes: u32) -> u32;

            // --- kernel memory -------------------------------------------------------------
            /// Gives pages of KernelMemory that nobody uses back to the host; what they hold is lost.
            /// `address` and `len_bytes` are multiples of 4096. A bad range is ignored.
            plain fn host_page_discard(address: kaddr, len_bytes: u32);

            // --- process memory ------------------------------------------------------------
            /// Creates a ProcessMemory of `wasm_pages` pages of 64 KiB, all zero;
            /// returns its handle or `-ENOMEM`.
            plain fn host_memory_create(wasm_pages: u32) -> i32;
            /// Releases the kernel's hold on a memory; tasks still inside keep it alive.
            plain fn host_memory_destroy(memory: u32);
            /// Makes the memory at least `wasm_pages` pages long: 0 or `-ENOMEM`.
            plain fn host_memory_grow(memory: u32, wasm_pages: u32) -> i32;
            /// Zeroes `len_bytes` at `address` (both multiples of 4096) and gives the pages back.
            plain fn host_memory_discard(memory: u32, address: uaddr, len_bytes: u32) -> i32;
            /// Lets user code do with `len_bytes` at `address` (both multiples of 4096) only what
            /// `access`, one of `access`, says. What it tries beyond that is a fault of kind
            /// `fault::MEMORY`, and for the calls below a bad address. The page of the preemption flag
            /// stays open. 0, or `-ENOMEM` when there are too many such ranges.
            plain fn host_memory_protect(memory: u32, address: uaddr, len_bytes: u32, access: u32) -> i32;
            /// Bytes that the host really holds of `len_bytes` at `address` (a multiple of 4096), in
            /// KiB. What of the range is not within the memory does not count.
            plain fn host_memory_resident(memory: u32, address: uaddr, len_bytes: u32) -> u32;
            /// Copies from a ProcessMemory; returns how many bytes could NOT be copied.
            plain fn host_memory_read(memory: u32, to: kaddr, from: uaddr, len_bytes: u32) -> u32;
            /// Copies to a ProcessMemory; returns how many bytes could NOT be copied.
            plain fn host_memory_write(memory: u32, to: uaddr, from: kaddr, len_bytes: u32) -> u32;
            /// Zeroes a range; returns how many bytes could NOT be zeroed.
            plain fn host_memory_clear(memory: u32, to: uaddr, len_bytes: u32) -> u32;
            /// Moves a range within one memory (overlap allowed): 0 or `-EFAULT`.
            plain fn host_memory_move(memory: u32, to: uaddr, from: uaddr, len_bytes: u32) -> i32;
            /// `strncpy_from_user`: length without the NUL, `max_bytes` if there was none in
            /// that many, or `-EFAULT`.
            plain fn host_memory_read_string(memory: u32, to: kaddr, from: uaddr, max_bytes: u32) -> i32;
            /// `strnlen_user`: length with the NUL, a number above `max_bytes` if there was none,
            /// 0 on a bad address.
            plain fn host_memory_string_len(memory: u32, from: uaddr, max_bytes: u32) -> u32;
            /// Atomically loads a naturally aligned word to `value`: 0 or `-EFAULT`.
            plain fn host_memory_load(memory: u32, address: uaddr, value: kaddr) -> i32;
            /// Atomic compare-and-exchange of a naturally aligned word. What was there goes to
            /// `seen`; 0 or `-EFAULT`.
            plain fn host_memory_cmpxchg(memory: u32, address: uaddr, old: u32, new: u32, seen: kaddr) -> i32;

            // --- programs ------------------------------------------------------------------
            /// Starts to hand a program file of `len_bytes` over; returns its handle or an errno.
            plain fn host_program_create(len_bytes: u32) -> i32;
            /// Hands over the next bytes of the file, in order: 0 or an errno.
            plain fn host_program_write(program: u32, bytes: kaddr, len_bytes: u32) -> i32;
            /// All bytes are there: 0 when the program is ready at once, `-EINPROGRESS` when it
            /// is being compiled (the PROGRAM interrupt tells when to look again).
            plain fn host_program_load(program: u32) -> i32;
            /// Fills in `struct program_info` at `info`: 0 when ready, `-EINPROGRESS`, or
            /// `-ENOEXEC`/`-ENOMEM` with the reason as text in `info`.
            plain fn host_program_info(program: u32, info: kaddr) -> i32;
            /// Releases the kernel's hold on a program; tasks that run it keep it alive.
            plain fn host_program_destroy(program: u32);
        }
    };
}

/// Kind of a parameter or result; see the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Address in KernelMemory.
    KernelAddr,
    /// Address in a ProcessMemory.
    UserAddr,
    /// Unsigned 32-bit number.
    U32,
    /// Signed 32-bit number.
    I32,
    /// Unsigned 64-bit number.
    U64,
    /// No value.
    Unit,
    /// Does not return.
    Never,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct HostCall {
    /// Import name.
    pub name: &'static str,
    /// May another task run before it returns?
    pub suspends: bool,
    /// Parameter names and kinds, in order.
    pub params: &'static [(&'static str, Kind)],
    /// Result kind.
    pub result: Kind,
    /// Documentation, one string per source line.
    pub doc: &'static [&'static str],
}

#[doc(hidden)]
#[macro_export]
macro_rules! host_call_kind {
    () => {
        $crate::host_calls::Kind::Unit
    };
    (kaddr) => {
        $crate::host_calls::Kind::KernelAddr
    };
    (uaddr) => {
        $crate::host_calls::Kind::UserAddr
    };
    (u32) => {
        $crate::host_calls::Kind::U32
    };
    (i32) => {
        $crate::host_calls::Kind::I32
    };
    (u64) => {
        $crate::host_calls::Kind::U64
    };
    (!) => {
        $crate::host_calls::Kind::Never
    };
}

macro_rules! suspends {
    (plain) => {
        false
    };
    (suspends) => {
        true
    };
}

macro_rules! host_call_rows {
    ($( $(#[doc = $doc:literal])* $mode:ident fn $name:ident ( $($arg:ident : $kind:tt),* ) $(-> $result:tt)? ; )*) => {
        /// The table as data.
        pub const HOST_CALLS: &[HostCall] = &[$(
            HostCall {
                name: stringify!($name),
                suspends: suspends!($mode),
                params: &[$((stringify!($arg), host_call_kind!($kind))),*],
                result: host_call_kind!($($result)?),
                doc: &[$($doc),*],
            },
        )*];
    };
}
for_each_host_call!(host_call_rows);

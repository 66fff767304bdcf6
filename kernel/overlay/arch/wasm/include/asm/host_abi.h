/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generated from the abi crate by `cargo xtask generate`; do not edit.
 * Host calls, layouts and numbers shared by kernel and runner.
 */
#ifndef _ASM_WASM_HOST_ABI_H
#define _ASM_WASM_HOST_ABI_H

#define HOST_ABI_VERSION 4

#define HOST_IRQ_TIMER 0
#define HOST_IRQ_RESCHEDULE 1
#define HOST_IRQ_CALL_FUNCTION 2
#define HOST_IRQ_CONSOLE 3
#define HOST_IRQ_STREAM 4
#define HOST_IRQ_PROGRAM 5
#define HOST_IRQ_SHUTDOWN 6
#define HOST_IRQ_FIRST_DEVICE 8
#define HOST_IRQ_COUNT 32

#define HOST_STOP_POWEROFF 0
#define HOST_STOP_REBOOT 1
#define HOST_STOP_HALT 2
#define HOST_STOP_PANIC 3

#define HOST_STREAM_STDIN 0
#define HOST_STREAM_STDOUT 1
#define HOST_STREAM_STDERR 2
#define HOST_STREAM_STATUS 3
#define HOST_STREAM_COUNT 4
#define HOST_STREAM_READABLE 1
#define HOST_STREAM_WRITABLE 2

#define HOST_FENCE_PARTIAL 8192
#define HOST_FENCE_FULL 8196

#define USER_FAULT_MEMORY 0
#define USER_FAULT_STACK 1
#define USER_FAULT_TABLE_ACCESS 2
#define USER_FAULT_DIVIDE 3
#define USER_FAULT_OVERFLOW 4
#define USER_FAULT_UNREACHABLE 5
#define USER_FAULT_MISALIGNED 6
#define USER_FAULT_OTHER 7

#define USER_ACCESS_FULL 0
#define USER_ACCESS_READ 1
#define USER_ACCESS_NONE 3

#define HOST_COMMAND_LINE_BYTES 2048
#define USER_NULL_PAGE_BYTES 4096
#define USER_PREEMPT_FLAG_ADDR 4096
#define USER_ENTRY_PROGRAM 0
#define USER_ENTRY_THREAD 1
#define PROGRAM_CAN_CLONE 1
#define PROGRAM_CAN_SIGNAL 2

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct boot_info {
	u32 memory_bytes;
	u32 initramfs_addr;
	u32 initramfs_bytes;
	u32 vcpus;
	u32 user_pages_limit;
	char command_line[HOST_COMMAND_LINE_BYTES];
};
_Static_assert(sizeof(struct boot_info) == 2068, "struct boot_info");

struct user_entry {
	u32 kind;
	u32 program;
	u32 memory;
	u32 stack_pointer;
	u32 tls;
};
_Static_assert(sizeof(struct user_entry) == 20, "struct user_entry");

struct program_info {
	u32 memory_pages;
	u32 stack_top;
	u32 heap_base;
	u32 flags;
	char message[240];
};
_Static_assert(sizeof(struct program_info) == 256, "struct program_info");

/* Fills in `struct boot_info` (see `layout`) at `info`. */
__attribute__((import_module("host"), import_name("host_boot_info")))
void host_boot_info(const void *info);

/* Prints kernel text before (or without) the console; never blocks. */
__attribute__((import_module("host"), import_name("host_early_print")))
void host_early_print(const void *text, u32 len_bytes);

/* Stops the machine. `reason` is one of `stop`, `code` is free for the reason. */
__attribute__((import_module("host"), import_name("host_machine_stop"), noreturn))
void host_machine_stop(u32 reason, u32 code);

/* Writes a symbolized backtrace of `task`, kernel and user frames, to `text`, lines ended
 * by `\n`; returns its length in bytes, at most `len_bytes`. */
__attribute__((import_module("host"), import_name("host_stack_trace")))
u32 host_stack_trace(u32 task, const void *text, u32 len_bytes);

/* Writes the numbers of the kernel functions on the stack of `task` to the words at
 * `functions`, innermost first; returns how many, at most `max_functions`: 0 when the
 * task runs on another vCPU, has not run yet or has ended. */
__attribute__((import_module("host"), import_name("host_stack_functions")))
u32 host_stack_functions(u32 task, const void *functions, u32 max_functions);

/* Writes the name of a function that `host_stack_functions` has named to `text`, without
 * a NUL; returns its length in bytes, at most `len_bytes`: 0 when it has none. */
__attribute__((import_module("host"), import_name("host_symbol_name")))
u32 host_symbol_name(u32 function, const void *text, u32 len_bytes);

/* Fills `len_bytes` at `bytes` from the host's random source. */
__attribute__((import_module("host"), import_name("host_random_fill")))
void host_random_fill(const void *bytes, u32 len_bytes);

/* Queues console output; returns how many bytes were taken. After a short count the
 * CONSOLE interrupt tells that there is room again. */
__attribute__((import_module("host"), import_name("host_console_write")))
u32 host_console_write(const void *text, u32 len_bytes);

/* Takes console input; returns the number of bytes, 0 when there is none now. */
__attribute__((import_module("host"), import_name("host_console_read")))
u32 host_console_read(const void *buffer, u32 len_bytes);

/* The console's size: columns in the high 16 bits, rows in the low 16; 0 if unknown. */
__attribute__((import_module("host"), import_name("host_console_size")))
u32 host_console_size(void);

/* Reads from a host stream: bytes read, 0 at end of file, or `-EAGAIN`. */
__attribute__((import_module("host"), import_name("host_stream_read")))
s32 host_stream_read(u32 stream, const void *buffer, u32 len_bytes);

/* Writes to a host stream: bytes taken, `-EAGAIN` when full, `-EPIPE` when closed. */
__attribute__((import_module("host"), import_name("host_stream_write")))
s32 host_stream_write(u32 stream, const void *bytes, u32 len_bytes);

/* The bits `stream::READABLE` and `stream::WRITABLE` that hold now. */
__attribute__((import_module("host"), import_name("host_stream_poll")))
u32 host_stream_poll(u32 stream);

/* Nanoseconds of a clock that never goes back; 0 is the machine's start. */
__attribute__((import_module("host"), import_name("host_clock_monotonic")))
u64 host_clock_monotonic(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
__attribute__((import_module("host"), import_name("host_clock_realtime")))
u64 host_clock_realtime(void);

/* Nanoseconds of processor time that the host has given to the calling vCPU. */
__attribute__((import_module("host"), import_name("host_clock_vcpu")))
u64 host_clock_vcpu(void);

/* Arms the calling vCPU's one-shot timer for an absolute monotonic time;
 * `u64::MAX` disarms it. Expiry sets the TIMER bit. */
__attribute__((import_module("host"), import_name("host_timer_set")))
void host_timer_set(u64 deadline_ns);

/* Tells where the `irq_pending` words are: one `u32` per vCPU, `stride_bytes` apart. */
__attribute__((import_module("host"), import_name("host_irq_setup")))
void host_irq_setup(const void *irq_pending, u32 stride_bytes, u32 vcpus);

/* Parks the calling vCPU until its `irq_pending` word is not 0. */
__attribute__((import_module("host"), import_name("host_vcpu_idle")))
void host_vcpu_idle(void);

/* The calling vCPU waits for another one in a loop: the host's processor is better used by
 * whoever else wants it. Comes back at once if nobody does. */
__attribute__((import_module("host"), import_name("host_vcpu_yield")))
void host_vcpu_yield(void);

/* ORs `bits` into another vCPU's `irq_pending` word and makes it look. */
__attribute__((import_module("host"), import_name("host_vcpu_kick")))
void host_vcpu_kick(u32 vcpu, u32 bits);

/* Starts a vCPU, which enters `kernel_vcpu_start(task, stack_top)`; `-EBUSY` while it
 * runs or has not stopped to the end. */
__attribute__((import_module("host"), import_name("host_vcpu_start")))
s32 host_vcpu_start(u32 vcpu, const void *task, const void *stack_top);

/* Ends the calling vCPU and its idle task. What interrupts it still has go to vCPU 0.
 * Suspends: other tasks may run before it returns. */
__attribute__((import_module("host"), import_name("host_vcpu_stop"), noreturn))
void host_vcpu_stop(void);

/* Registers a task; it first runs as `kernel_task_start(task, stack_top)`.
 * Returns its handle or `-ENOMEM`/`-EAGAIN`. */
__attribute__((import_module("host"), import_name("host_task_create")))
s32 host_task_create(const void *task, const void *stack_top);

/* Registers the running (boot or secondary idle) task; returns its handle. */
__attribute__((import_module("host"), import_name("host_task_adopt")))
s32 host_task_adopt(const void *task);

/* Runs task `next` on this vCPU; returns when somebody switches back to the caller.
 * Suspends: other tasks may run before it returns. */
__attribute__((import_module("host"), import_name("host_task_switch")))
void host_task_switch(u32 next);

/* Ends the calling task, whose handle becomes invalid, and runs `next`.
 * Suspends: other tasks may run before it returns. */
__attribute__((import_module("host"), import_name("host_task_exit"), noreturn))
void host_task_exit(u32 next);

/* Forgets a task that has never run. */
__attribute__((import_module("host"), import_name("host_task_destroy")))
void host_task_destroy(u32 task);

/* Drops everything below the calling task (its user instance and all wasm frames)
 * and goes on in a fresh kernel instance as `kernel_task_resume(task, stack_top)`.
 * Suspends: other tasks may run before it returns. */
__attribute__((import_module("host"), import_name("host_task_exec"), noreturn))
void host_task_exec(const void *task, const void *stack_top);

/* Names the calling task's ProcessMemory, to be kicked while user code runs;
 * `u32::MAX` for none. Called when an exec has changed it. */
__attribute__((import_module("host"), import_name("host_task_set_memory")))
void host_task_set_memory(u32 task, u32 memory);

/* Copies the text of the task's last fault (symbolized user backtrace, lines ended
 * by `\n`) to `text`; returns its length in bytes. */
__attribute__((import_module("host"), import_name("host_fault_report")))
u32 host_fault_report(const void *text, u32 len_bytes);

/* Gives pages of KernelMemory that nobody uses back to the host; what they hold is lost.
 * `address` and `len_bytes` are multiples of 4096. A bad range is ignored. */
__attribute__((import_module("host"), import_name("host_page_discard")))
void host_page_discard(const void *address, u32 len_bytes);

/* Creates a ProcessMemory of `wasm_pages` pages of 64 KiB, all zero;
 * returns its handle or `-ENOMEM`. */
__attribute__((import_module("host"), import_name("host_memory_create")))
s32 host_memory_create(u32 wasm_pages);

/* Releases the kernel's hold on a memory; tasks still inside keep it alive. */
__attribute__((import_module("host"), import_name("host_memory_destroy")))
void host_memory_destroy(u32 memory);

/* Makes the memory at least `wasm_pages` pages long: 0 or `-ENOMEM`. */
__attribute__((import_module("host"), import_name("host_memory_grow")))
s32 host_memory_grow(u32 memory, u32 wasm_pages);

/* Zeroes `len_bytes` at `address` (both multiples of 4096) and gives the pages back. */
__attribute__((import_module("host"), import_name("host_memory_discard")))
s32 host_memory_discard(u32 memory, u32 address, u32 len_bytes);

/* Lets user code do with `len_bytes` at `address` (both multiples of 4096) only what
 * `access`, one of `access`, says. What it tries beyond that is a fault of kind
 * `fault::MEMORY`, and for the calls below a bad address. The page of the preemption flag
 * stays open. 0, or `-ENOMEM` when there are too many such ranges. */
__attribute__((import_module("host"), import_name("host_memory_protect")))
s32 host_memory_protect(u32 memory, u32 address, u32 len_bytes, u32 access);

/* Bytes that the host really holds of `len_bytes` at `address` (a multiple of 4096), in
 * KiB. What of the range is not within the memory does not count. */
__attribute__((import_module("host"), import_name("host_memory_resident")))
u32 host_memory_resident(u32 memory, u32 address, u32 len_bytes);

/* Copies from a ProcessMemory; returns how many bytes could NOT be copied. */
__attribute__((import_module("host"), import_name("host_memory_read")))
u32 host_memory_read(u32 memory, const void *to, u32 from, u32 len_bytes);

/* Copies to a ProcessMemory; returns how many bytes could NOT be copied. */
__attribute__((import_module("host"), import_name("host_memory_write")))
u32 host_memory_write(u32 memory, u32 to, const void *from, u32 len_bytes);

/* Zeroes a range; returns how many bytes could NOT be zeroed. */
__attribute__((import_module("host"), import_name("host_memory_clear")))
u32 host_memory_clear(u32 memory, u32 to, u32 len_bytes);

/* Moves a range within one memory (overlap allowed): 0 or `-EFAULT`. */
__attribute__((import_module("host"), import_name("host_memory_move")))
s32 host_memory_move(u32 memory, u32 to, u32 from, u32 len_bytes);

/* `strncpy_from_user`: length without the NUL, `max_bytes` if there was none in
 * that many, or `-EFAULT`. */
__attribute__((import_module("host"), import_name("host_memory_read_string")))
s32 host_memory_read_string(u32 memory, const void *to, u32 from, u32 max_bytes);

/* `strnlen_user`: length with the NUL, a number above `max_bytes` if there was none,
 * 0 on a bad address. */
__attribute__((import_module("host"), import_name("host_memory_string_len")))
u32 host_memory_string_len(u32 memory, u32 from, u32 max_bytes);

/* Atomically loads a naturally aligned word to `value`: 0 or `-EFAULT`. */
__attribute__((import_module("host"), import_name("host_memory_load")))
s32 host_memory_load(u32 memory, u32 address, const void *value);

/* Atomic compare-and-exchange of a naturally aligned word. What was there goes to
 * `seen`; 0 or `-EFAULT`. */
__attribute__((import_module("host"), import_name("host_memory_cmpxchg")))
s32 host_memory_cmpxchg(u32 memory, u32 address, u32 old, u32 new, const void *seen);

/* Starts to hand a program file of `len_bytes` over; returns its handle or an errno. */
__attribute__((import_module("host"), import_name("host_program_create")))
s32 host_program_create(u32 len_bytes);

/* Hands over the next bytes of the file, in order: 0 or an errno. */
__attribute__((import_module("host"), import_name("host_program_write")))
s32 host_program_write(u32 program, const void *bytes, u32 len_bytes);

/* All bytes are there: 0 when the program is ready at once, `-EINPROGRESS` when it
 * is being compiled (the PROGRAM interrupt tells when to look again). */
__attribute__((import_module("host"), import_name("host_program_load")))
s32 host_program_load(u32 program);

/* Fills in `struct program_info` at `info`: 0 when ready, `-EINPROGRESS`, or
 * `-ENOEXEC`/`-ENOMEM` with the reason as text in `info`. */
__attribute__((import_module("host"), import_name("host_program_info")))
s32 host_program_info(u32 program, const void *info);

/* Releases the kernel's hold on a program; tasks that run it keep it alive. */
__attribute__((import_module("host"), import_name("host_program_destroy")))
void host_program_destroy(u32 program);

#endif /* __ASSEMBLY__ */
#endif /* _ASM_WASM_HOST_ABI_H */

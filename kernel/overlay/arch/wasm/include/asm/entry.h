/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of arch/wasm/kernel share among themselves: kernel entries,
 * exit to user code, signals, interrupt and time set-up.
 */
#ifndef _ASM_WASM_ENTRY_H
#define _ASM_WASM_ENTRY_H

#include <linux/init.h>
#include <linux/linkage.h>
#include <linux/types.h>
#include <asm/host_abi.h>

struct pt_regs;

/* Marks a function that the host or user glue calls: abi, kernel_entries.rs. */
#define KERNEL_ENTRY(name) __attribute__((export_name(#name))) asmlinkage

/* entry.S to C */
asmlinkage void wasm_boot(void);
asmlinkage void wasm_vcpu_start(void);
asmlinkage struct user_entry *wasm_task_start(void);
asmlinkage struct user_entry *wasm_task_resume(void);

/* Called by the host or the user glue */
KERNEL_ENTRY(kernel_syscall)
u64 kernel_syscall(long nr, long a0, long a1, long a2, long a3, long a4, long a5,
		   unsigned long sp);
KERNEL_ENTRY(kernel_preempt) u64 kernel_preempt(unsigned long sp);
KERNEL_ENTRY(kernel_signal_return) u64 kernel_signal_return(unsigned long frame);
KERNEL_ENTRY(kernel_user_fault)
u64 kernel_user_fault(u32 kind, unsigned long address, unsigned long sp);
KERNEL_ENTRY(kernel_oops) void kernel_oops(u32 kind, unsigned long address);

/*
 * Does what is due before user code goes on. Returns the address of a signal
 * frame whose handler must run, or 0. regs then say what goes on: several
 * signals at once lay a frame each, and the last one's handler runs first.
 */
unsigned long exit_to_user(struct pt_regs *regs);
/* The same where no handler can run: before the first user instruction. */
void enter_user_first(void);
/* Runs regs' syscall again and leaves; entry_user.c. */
u64 syscall_and_exit(struct pt_regs *regs);

/*
 * signal.c: what to run for a pending signal, 0 for nothing. Afterwards regs
 * stand for the start of that handler.
 */
unsigned long signal_deliver(struct pt_regs *regs, bool *restart);
/* signal.c: undoes signal_deliver(); false if the frame is not readable. */
bool signal_frame_restore(struct pt_regs *regs, unsigned long frame);

/* traps.c: turns a trap in user code into a signal. */
void user_fault_signal(struct pt_regs *regs, u32 kind, unsigned long address);

/* pt_regs.flags, and sigcontext.flags in a signal frame */
#define REGS_RESTART	2	/* run the syscall again when the handler returns */
#define REGS_HANDLER	4	/* about to run the handler of the signal frame at sp */

/* Takes pending interrupts; regs tells where the CPU was. */
void irq_take(struct pt_regs *regs);
void __init irq_setup_host(void);

/* time.c: starts and stops the calling CPU's timer. */
void timer_setup_cpu(void);
void timer_stop_cpu(void);

#endif /* _ASM_WASM_ENTRY_H */

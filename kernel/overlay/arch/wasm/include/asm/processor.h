/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The architecture's part of a task, and how a CPU waits.
 */
#ifndef _ASM_WASM_PROCESSOR_H
#define _ASM_WASM_PROCESSOR_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <asm/host_abi.h>
#include <asm/irqflags.h>
#include <asm/ptrace.h>

/* User addresses: all of a 32-bit linear memory, less the last page. */
#define TASK_SIZE		(0xfffff000UL)
#define TASK_UNMAPPED_BASE	(0UL)
#define STACK_TOP		TASK_SIZE
#define STACK_TOP_MAX		STACK_TOP

#define HOST_TASK_NONE		(-1)

struct thread_struct {
	int	host_task;		/* the host's handle, HOST_TASK_NONE without one */
	u32	program;		/* handle; see asm/program.h */
	int	(*kthread_fn)(void *);	/* kernel thread: what it runs */
	void	*kthread_arg;
	bool	exec_pending;		/* leave by host_task_exec() */
	struct user_entry user_entry;	/* how user code is entered next */
};

#define INIT_THREAD {				\
	.host_task = HOST_TASK_NONE,		\
	.program = 0xffffffffU,			\
}

struct task_struct;

#define task_pt_regs(task) \
	((struct pt_regs *)(task_stack_page(task) + THREAD_SIZE) - 1)

#define KSTK_EIP(task)	(0UL)
#define KSTK_ESP(task)	(task_pt_regs(task)->sp)

/* After exec: the task will enter `program` with its stack pointer at `sp`. */
void start_thread(struct pt_regs *regs, u32 program, u32 sp);

unsigned long __get_wchan(struct task_struct *task);

/* Rounds of a loop after which the host may run somebody else instead. */
#define SPINS_PER_YIELD		128

/*
 * Waiting for another CPU or an interrupt: the place to take interrupts. With
 * more vCPUs than the host has processors to spare, the one waited for may not
 * be running at all, and a ticket lock goes to exactly one of those that spin.
 */
static __always_inline void cpu_relax(void)
{
	if (unlikely(arch_irq_is_pending()) && arch_local_save_flags())
		irq_take_pending();
	if (unlikely(!(++irq_pending[__current_thread_info->cpu].spins % SPINS_PER_YIELD)))
		host_vcpu_yield();
	barrier();
}

#endif /* __ASSEMBLY__ */
#endif /* _ASM_WASM_PROCESSOR_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Low-level per-task data, at offset 0 of the task_struct.
 *
 * irqs_enabled is this machine's interrupt flag. It may live in the task because
 * a CPU switches tasks with interrupts disabled only; see asm/irqflags.h.
 */
#ifndef _ASM_WASM_THREAD_INFO_H
#define _ASM_WASM_THREAD_INFO_H

#include <linux/const.h>

/* Shadow stack: what C takes the address of. wasm's own stack is the host's. */
#define THREAD_SIZE_ORDER	2
#define THREAD_SIZE		(_AC(1, UL) << (12 + THREAD_SIZE_ORDER))

#ifndef __ASSEMBLY__

#include <asm/current.h>

struct thread_info {
	unsigned long	flags;		/* TIF_* */
	int		preempt_count;
	unsigned int	cpu;
	unsigned int	irqs_enabled;	/* owner only */
};

#define INIT_THREAD_INFO(tsk)			\
{						\
	.flags		= 0,			\
	.preempt_count	= INIT_PREEMPT_COUNT,	\
}

#endif /* __ASSEMBLY__ */

#define TIF_SIGPENDING		0
#define TIF_NEED_RESCHED	1
#define TIF_NOTIFY_RESUME	2
#define TIF_NOTIFY_SIGNAL	3
#define TIF_SYSCALL_TRACE	4
#define TIF_MEMDIE		5

#define _TIF_SIGPENDING		BIT(TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	BIT(TIF_NEED_RESCHED)
#define _TIF_NOTIFY_RESUME	BIT(TIF_NOTIFY_RESUME)
#define _TIF_NOTIFY_SIGNAL	BIT(TIF_NOTIFY_SIGNAL)
#define _TIF_SYSCALL_TRACE	BIT(TIF_SYSCALL_TRACE)

/* What must be done before user code goes on. */
#define _TIF_EXIT_WORK	(_TIF_SIGPENDING | _TIF_NEED_RESCHED | \
			 _TIF_NOTIFY_RESUME | _TIF_NOTIFY_SIGNAL)

#endif /* _ASM_WASM_THREAD_INFO_H */

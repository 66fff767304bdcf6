/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running task. Every task has an instance of the kernel module of its own,
 * so "current" is a wasm global that is set once, at the task's first
 * instruction (kernel/entry.S), and never changes afterwards.
 */
#ifndef _ASM_WASM_CURRENT_H
#define _ASM_WASM_CURRENT_H

#ifndef __ASSEMBLY__

struct task_struct;

/* A wasm global, not memory: it has no address. Defined in kernel/entry.S. */
extern unsigned int __current_task __attribute__((address_space(1)));

static __always_inline struct task_struct *get_current(void)
{
	return (struct task_struct *)__current_task;
}

#define current get_current()

#endif /* __ASSEMBLY__ */

#endif /* _ASM_WASM_CURRENT_H */

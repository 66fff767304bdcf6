// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stack traces as lists of addresses, as lockdep and the slab debugger want to
 * store them. wasm has no return addresses that the kernel could read, so every
 * trace is empty: reports name locks and objects, not callers. Backtraces for
 * the log come from the host; see show_stack() in traps.c.
 */

#include <linux/stacktrace.h>

void arch_stack_walk(stack_trace_consume_fn consume_entry, void *cookie,
		     struct task_struct *task, struct pt_regs *regs)
{
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stack traces as lists of addresses, as lockdep, the slab debugger and
 * /proc/PID/stack store them, and the names behind such addresses. Only the
 * host can walk a wasm stack; it tells which functions are on it. wasm code has
 * no addresses: a trace entry is TRACE_BASE + the function's number, which no
 * kernel memory has for an address (mm/init.c).
 *
 * Backtraces for the log, with offsets and user frames, are text from the host;
 * see show_stack() in traps.c.
 */
#include <linux/kallsyms.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include <asm/host_abi.h>
#include <asm/processor.h>
#include <asm/stacktrace.h>

#define MAX_FUNCTIONS	32

static unsigned int stack_functions(struct task_struct *task, u32 *functions)
{
	int handle = task->thread.host_task;

	/* The host forgets a task when it dies; who asks must hold it alive. */
	if (handle == HOST_TASK_NONE || READ_ONCE(task->__state) == TASK_DEAD)
		return 0;
	return host_stack_functions(handle, functions, MAX_FUNCTIONS);
}

void arch_stack_walk(stack_trace_consume_fn consume_entry, void *cookie,
		     struct task_struct *task, struct pt_regs *regs)
{
	u32 functions[MAX_FUNCTIONS];
	unsigned int count = stack_functions(task, functions), i;

	for (i = 0; i < count; i++) {
		if (!consume_entry(cookie, TRACE_BASE + functions[i]))
			break;
	}
}

/* As the generic one: symname has room for KSYM_NAME_LEN bytes. */
int lookup_symbol_name(unsigned long addr, char *symname)
{
	u32 len;

	if (addr < TRACE_BASE)
		return -ERANGE;
	len = host_symbol_name(addr - TRACE_BASE, symname, KSYM_NAME_LEN - 1);
	symname[min_t(u32, len, KSYM_NAME_LEN - 1)] = '\0';
	return len ? 0 : -ERANGE;
}

/* How a task waits, as opposed to what it waits for. */
static bool is_waiting_function(const char *name)
{
	static const char * const prefixes[] = {
		"__switch_to", "__schedule", "schedule", "io_schedule",
		"__down", "__mutex_lock", "mutex_lock", "rwsem_down", "rt_mutex_",
		"wait_for_completion", "do_wait_for_common", "__wait_for_common",
		"do_nanosleep", "hrtimer_nanosleep", "wait_woken",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

/* The innermost function that is not the scheduler's. The task is asleep. */
unsigned long __get_wchan(struct task_struct *task)
{
	u32 functions[MAX_FUNCTIONS];
	unsigned int count = stack_functions(task, functions), i;
	char name[KSYM_NAME_LEN];

	for (i = 0; i < count; i++) {
		if (!lookup_symbol_name(TRACE_BASE + functions[i], name) &&
		    !is_waiting_function(name))
			return TRACE_BASE + functions[i];
	}
	return 0;
}

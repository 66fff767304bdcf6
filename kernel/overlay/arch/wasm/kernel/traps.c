// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps in user code become signals; traps in kernel code end the task, or stop
 * the machine (the host prints the backtrace) where the task is part of the
 * machine or panic_on_oops asks for it. Also the backtraces that the kernel itself asks
 * for: only the host can walk a wasm stack.
 */
#include <linux/bug.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>

#include <asm/entry.h>

#define TRACE_BYTES	4096

/* Prints text line by line: the log wants lines, not blocks. */
static void print_lines(const char *loglvl, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line)
			printk("%s  %s\n", loglvl, line);
	}
}

void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
	/* One buffer: a kernel stack has no room for it. Garbled beats lost. */
	static char text[TRACE_BYTES];
	int handle = (task ?: current)->thread.host_task;
	u32 len;

	if (handle == HOST_TASK_NONE)
		return;
	len = host_stack_trace(handle, text, sizeof(text) - 1);
	text[min_t(u32, len, sizeof(text) - 1)] = '\0';
	printk("%sCall Trace:\n", loglvl);
	print_lines(loglvl, text);
}

void show_regs(struct pt_regs *regs)
{
	show_regs_print_info(KERN_DEFAULT);
	show_stack(NULL, NULL, KERN_DEFAULT);
}

struct fault_signal {
	int signo;
	int code;
	const char *what;
};

static const struct fault_signal fault_signals[] = {
	[USER_FAULT_MEMORY]	  = { SIGSEGV, SEGV_MAPERR, "bad memory access" },
	[USER_FAULT_STACK]	  = { SIGSEGV, SEGV_MAPERR, "stack overflow" },
	[USER_FAULT_TABLE_ACCESS] = { SIGSEGV, SEGV_ACCERR, "bad indirect call" },
	[USER_FAULT_DIVIDE]	  = { SIGFPE, FPE_INTDIV, "division by zero" },
	[USER_FAULT_OVERFLOW]	  = { SIGFPE, FPE_INTOVF, "integer overflow" },
	[USER_FAULT_UNREACHABLE]  = { SIGILL, ILL_ILLOPN, "unreachable executed" },
	[USER_FAULT_MISALIGNED]	  = { SIGBUS, BUS_ADRALN, "misaligned atomic access" },
	[USER_FAULT_OTHER]	  = { SIGILL, ILL_ILLTRP, "trap" },
};

/* Does the program handle this signal itself? Then the log is not bothered. */
static bool fault_is_handled(int signo)
{
	const struct k_sigaction *ka = &current->sighand->action[signo - 1];

	return ka->sa.sa_handler != SIG_DFL && ka->sa.sa_handler != SIG_IGN;
}

/* The host's text about the fault of the running task. */
static void fault_report_print(const char *loglvl)
{
	char *text = kmalloc(TRACE_BYTES, GFP_ATOMIC);
	u32 len;

	if (!text)
		return;
	len = host_fault_report(text, TRACE_BYTES - 1);
	text[min_t(u32, len, TRACE_BYTES - 1)] = '\0';
	print_lines(loglvl, text);
	kfree(text);
}

static void fault_log(const struct fault_signal *fault, struct pt_regs *regs)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	if (!show_unhandled_signals || !__ratelimit(&limit))
		return;
	if (fault != &fault_signals[USER_FAULT_OTHER] && fault_is_handled(fault->signo))
		return;
	pr_info("%s[%d]: %s at address %08lx, stack pointer %08lx\n", current->comm,
		task_pid_nr(current), fault->what, regs->fault_address, regs->sp);
	fault_report_print(KERN_INFO);
}

static const struct fault_signal *fault_of_kind(u32 kind)
{
	if (kind >= ARRAY_SIZE(fault_signals))
		kind = USER_FAULT_OTHER;
	return &fault_signals[kind];
}

/* An access beyond what a mapping allows, or one where there is none. */
static int memory_fault_code(unsigned long address)
{
	struct mm_struct *mm = current->mm;
	bool is_mapped;

	mmap_read_lock(mm);
	is_mapped = vma_lookup(mm, address);
	mmap_read_unlock(mm);
	return is_mapped ? SEGV_ACCERR : SEGV_MAPERR;
}

void user_fault_signal(struct pt_regs *regs, u32 kind, unsigned long address)
{
	const struct fault_signal *fault = fault_of_kind(kind);
	int code = kind == USER_FAULT_MEMORY ? memory_fault_code(address) : fault->code;

	fault_log(fault, regs);
	/*
	 * No other machine knows these, so no handler knows what to do: most
	 * often one has just tried to jump out of a fault.
	 */
	if (kind == USER_FAULT_OTHER)
		force_fatal_sig(fault->signo);
	else
		force_sig_fault(fault->signo, code, (void __user *)address);
}

/*
 * The frames of the kernel code that trapped are gone, and with them whatever
 * would have released its locks: as with any oops, the others may hang on them.
 */
void kernel_oops(u32 kind, unsigned long address)
{
	if (panic_on_oops || in_interrupt() || is_idle_task(current) || is_global_init(current))
		return;
	oops_enter();
	pr_alert("BUG: unable to handle kernel fault: %s at address %08lx\n",
		 fault_of_kind(kind)->what, address);
	show_regs_print_info(KERN_DEFAULT);
	fault_report_print(KERN_DEFAULT);
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	oops_exit();
	make_task_dead(SIGSEGV);
}

int is_valid_bugaddr(unsigned long addr)
{
	return 1;
}

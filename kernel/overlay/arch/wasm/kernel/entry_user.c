// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries from user code and the way back: system calls, preemption, return
 * from signal handlers, faults. Called by the user glue (a wasm to wasm call)
 * and, for faults, by the host.
 *
 * Each returns result | frame << 32; frame is a signal frame whose handler the
 * caller runs before anything else, or 0. The kernel's frames are gone by then,
 * so a handler may jump out (siglongjmp).
 */
#include <linux/resume_user_mode.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <linux/ptrace.h>

#include <asm/entry.h>
#include <asm/syscall.h>

static u64 entry_result(long result, unsigned long frame)
{
	return (u32)result | (u64)frame << 32;
}

static bool exit_work_pending(void)
{
	return (read_thread_flags() & _TIF_EXIT_WORK) || arch_irq_is_pending();
}

/* Everything but signals. An interrupt taken here has interrupted the kernel. */
static void exit_work_common(void)
{
	if (arch_irq_is_pending())
		irq_take_pending();
	if (test_thread_flag(TIF_NEED_RESCHED))
		schedule();
	if (test_and_clear_thread_flag(TIF_NOTIFY_RESUME))
		resume_user_mode_work(task_pt_regs(current));
}

unsigned long exit_to_user(struct pt_regs *regs)
{
	unsigned long frame = 0;
	bool restart = false;

	while (exit_work_pending() && !restart) {
		exit_work_common();
		if (test_thread_flag(TIF_SIGPENDING) || test_thread_flag(TIF_NOTIFY_SIGNAL))
			frame = signal_deliver(regs, &restart) ?: frame;
	}
	if (restart)
		regs->flags |= REGS_RESTART;
	if (unlikely(current->thread.exec_pending)) {
		current->thread.exec_pending = false;
		host_task_exec(current, task_pt_regs(current));
	}
	return frame;
}

/*
 * A handler cannot run before the program's first instruction, so of the
 * pending signals only a fatal one is acted on here; the others stay pending
 * and the first entry of the new code meets them.
 */
void enter_user_first(void)
{
	current->thread.exec_pending = false;
	while (arch_irq_is_pending() ||
	       (read_thread_flags() & (_TIF_NEED_RESCHED | _TIF_NOTIFY_RESUME)))
		exit_work_common();
	if (fatal_signal_pending(current)) {
		bool restart;

		signal_deliver(task_pt_regs(current), &restart);
	}
}

u64 syscall_and_exit(struct pt_regs *regs)
{
	unsigned long frame;

	do {
		unsigned long nr = regs->nr;

		regs->flags = 0;
		if (likely(nr < __NR_syscalls))
			regs->result = sys_call_table[nr](regs->args[0], regs->args[1],
							  regs->args[2], regs->args[3],
							  regs->args[4], regs->args[5]);
		else
			regs->result = -ENOSYS;
		frame = exit_to_user(regs);
	} while (regs->flags & REGS_RESTART);
	return entry_result(regs->result, frame);
}

u64 kernel_syscall(long nr, long a0, long a1, long a2, long a3, long a4, long a5,
		   unsigned long sp)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->sp = sp;
	regs->nr = nr;
	regs->args[0] = a0;
	regs->args[1] = a1;
	regs->args[2] = a2;
	regs->args[3] = a3;
	regs->args[4] = a4;
	regs->args[5] = a5;

	/* A tick that came while user code ran is the user's. */
	if (unlikely(arch_irq_is_pending()))
		irq_take(regs);
	return syscall_and_exit(regs);
}

u64 kernel_preempt(unsigned long sp)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->sp = sp;
	regs->nr = -1;
	regs->flags = 0;
	if (arch_irq_is_pending())
		irq_take(regs);
	/*
	 * A thread's first check may stand before the code that sets its thread
	 * pointer, without which no handler can run. The next tick brings it
	 * here again.
	 */
	if (unlikely(current->thread.user_entry.kind == USER_ENTRY_THREAD)) {
		current->thread.user_entry.kind = USER_ENTRY_PROGRAM;
		enter_user_first();
		return entry_result(0, 0);
	}
	return entry_result(0, exit_to_user(regs));
}

u64 kernel_signal_return(unsigned long frame)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->nr = -1;
	regs->flags = 0;
	if (!signal_frame_restore(regs, frame)) {
		force_sig(SIGSEGV);
		return entry_result(0, exit_to_user(regs));
	}
	if (regs->flags & REGS_HANDLER) {
		unsigned long first = regs->sp;

		return entry_result(0, exit_to_user(regs) ?: first);
	}
	if (regs->flags & REGS_RESTART)
		return syscall_and_exit(regs);
	/* That syscall is over: another signal must not restart it. */
	regs->nr = -1;
	return entry_result(regs->result, exit_to_user(regs));
}

/*
 * With the last handler's return the trapping instruction runs again, or the
 * host, which may have lost its frames, calls again.
 */
u64 kernel_user_fault(u32 kind, unsigned long address, unsigned long sp)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->sp = sp;
	regs->nr = -1;
	regs->result = kind;
	regs->fault_address = address;
	regs->flags = 0;
	user_fault_signal(regs, kind, address);
	return entry_result(0, exit_to_user(regs));
}

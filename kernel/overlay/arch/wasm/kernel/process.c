// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks: creation, switch, exit, idle. The host keeps a wasm stack and a kernel
 * instance for each; the kernel names them by thread.host_task.
 *
 * Invariants:
 * - switch_to() runs with interrupts disabled, in prev and in next.
 * - A dead task's last act is host_task_exit(), which ends its stack; nothing
 *   of its task_struct is touched after the next task runs.
 * - thread.host_task is valid from copy_thread() to that call.
 */
#include <linux/cpu.h>
#include <linux/elfcore.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <linux/tick.h>

#include <asm/entry.h>
#include <asm/program.h>
#include <asm/switch_to.h>

/* Who ran before on this CPU; written just before a switch. */
static DEFINE_PER_CPU(struct task_struct *, switched_from);

struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	this_cpu_write(switched_from, prev);
	if (READ_ONCE(prev->__state) == TASK_DEAD) {
		prev->thread.host_task = HOST_TASK_NONE;
		host_task_exit(next->thread.host_task);
	}
	host_task_switch(next->thread.host_task);
	return this_cpu_read(switched_from);
}

/* Says once who asked for what there is not: the next one has the same cause. */
static void tell_of_fork(void)
{
	pr_info_once("%s[%d] asked for fork(), which this machine does not have; use vfork() or posix_spawn()\n",
		     current->comm, task_pid_nr(current));
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct thread_struct *thread = &p->thread;
	struct pt_regs *regs = task_pt_regs(p);
	int handle;

	memset(thread, 0, sizeof(*thread));
	thread->host_task = HOST_TASK_NONE;
	thread->program = PROGRAM_NONE;
	memset(regs, 0, sizeof(*regs));
	regs->nr = -1;
	regs->user = true;
	task_thread_info(p)->irqs_enabled = 0;

	if (args->fn) {
		thread->kthread_fn = args->fn;
		thread->kthread_arg = args->fn_arg;
	} else {
		/* A copy of an address space would need MMU-like help. */
		if (!(args->flags & CLONE_VM) || !args->stack) {
			tell_of_fork();
			return -ENOSYS;
		}
		if (!(program_flags(current) & PROGRAM_CAN_CLONE))
			return -ENOSYS;
		thread->user_entry.kind = USER_ENTRY_THREAD;
		thread->user_entry.program = current->thread.program;
		thread->user_entry.memory = current->mm->context.memory;
		/* clone3 has added the size already. */
		thread->user_entry.stack_pointer = args->stack;
		if (args->flags & CLONE_SETTLS)
			thread->user_entry.tls = args->tls;
		regs->sp = thread->user_entry.stack_pointer;
	}

	/* An idle task gets its stack from the vCPU that starts in it. */
	if (args->idle)
		return 0;

	handle = host_task_create(p, regs);
	if (handle < 0)
		return handle;
	thread->host_task = handle;
	if (!args->fn) {
		thread->program = current->thread.program;
		program_get(p);
	}
	return 0;
}

/*
 * Called when creation of a task fails after copy_thread(), and by do_exit()
 * for the running task, which keeps its stack to the end.
 */
void exit_thread(struct task_struct *tsk)
{
	program_put(tsk);
	if (tsk == current || tsk->thread.host_task == HOST_TASK_NONE)
		return;
	host_task_destroy(tsk->thread.host_task);
	tsk->thread.host_task = HOST_TASK_NONE;
}

void flush_thread(void)
{
}

void start_thread(struct pt_regs *regs, u32 program, u32 sp)
{
	struct thread_struct *thread = &current->thread;

	memset(regs, 0, sizeof(*regs));
	regs->nr = -1;
	regs->user = true;
	regs->sp = sp;
	thread->user_entry = (struct user_entry) {
		.kind		= USER_ENTRY_PROGRAM,
		.program	= program,
		.memory		= current->mm->context.memory,
		.stack_pointer	= sp,
	};
	thread->exec_pending = true;
}

/* The host is told which memory to kick when the vCPU is wanted back. */
static struct user_entry *enter_user(void)
{
	struct thread_struct *thread = &current->thread;

	enter_user_first();
	host_task_set_memory(thread->host_task, thread->user_entry.memory);
	return &thread->user_entry;
}

/*
 * First run of a task, called through entry.S. A kernel thread's function
 * returns only when it has become a program (kernel_execve).
 */
asmlinkage struct user_entry *wasm_task_start(void)
{
	schedule_tail(this_cpu_read(switched_from));
	if (current->thread.kthread_fn) {
		int (*fn)(void *) = current->thread.kthread_fn;

		current->thread.kthread_fn = NULL;
		fn(current->thread.kthread_arg);
	}
	return enter_user();
}

/* After host_task_exec(): the old program's stack is gone. */
asmlinkage struct user_entry *wasm_task_resume(void)
{
	return enter_user();
}

/* Interrupts are disabled, and stay so: the caller enables them. */
void arch_cpu_idle(void)
{
	host_vcpu_idle();
}

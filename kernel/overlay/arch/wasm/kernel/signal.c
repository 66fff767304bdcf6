// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal frames: written to the user's stack here, run by the user glue, undone
 * when the handler has returned.
 *
 *   higher  | interrupted stack            |
 *           | struct ucontext              | registers = the interrupted syscall
 *           | siginfo                      |
 *   frame > | handler, signo, info?, &info, &ucontext, padding
 *   lower   | the handler's own stack      |
 *
 * A handler's address is its index in the program's function table. The glue
 * calls it after the kernel's frames have returned, through __linux_signal().
 *
 * A further signal that is pending then lays its frame on top, as on any other
 * machine: its handler interrupts the first one before its first instruction,
 * which REGS_HANDLER in its context says.
 */
#include <linux/ptrace.h>
#include <linux/resume_user_mode.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#include <asm/entry.h>
#include <asm/program.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

/* The first five words are the ABI of the crate abi, user.rs. */
struct signal_frame {
	u32 handler;
	u32 signo;
	u32 wants_info;
	u32 info_addr;
	u32 ucontext_addr;
	u32 padding[3];
	struct siginfo info;
	struct ucontext uc;
};

/*
 * Would a frame at addr lie below the alternate stack that its handler runs on?
 * Then other data of the program is there.
 */
static bool overflows_altstack(unsigned long sp, struct ksignal *ksig, unsigned long addr)
{
	bool entering = ksig->ka.sa.sa_flags & SA_ONSTACK && !sas_ss_flags(sp);

	return (on_sig_stack(sp) || entering) && !__on_sig_stack(addr);
}

static unsigned long signal_frame_write(struct ksignal *ksig, struct pt_regs *regs)
{
	unsigned long sp = sigsp(regs->sp, ksig);
	struct signal_frame __user *user;
	struct signal_frame frame = {
		.handler	= (u32)ksig->ka.sa.sa_handler,
		.signo		= ksig->sig,
		.wants_info	= !!(ksig->ka.sa.sa_flags & SA_SIGINFO),
		.uc.uc_mcontext	= {
			.sp		= regs->sp,
			.fault_address	= regs->fault_address,
			.result		= regs->result,
			.nr		= regs->nr,
			.flags		= regs->flags,
		},
	};
	int err;

	user = (struct signal_frame __user *)round_down(sp - sizeof(frame), 16);
	if ((unsigned long)user > sp || (unsigned long)user < 2 * USER_NULL_PAGE_BYTES ||
	    overflows_altstack(regs->sp, ksig, (unsigned long)user))
		return 0;
	frame.info_addr = (u32)&user->info;
	frame.ucontext_addr = (u32)&user->uc;
	memcpy(frame.uc.uc_mcontext.args, regs->args, sizeof(regs->args));
	frame.uc.uc_sigmask = *sigmask_to_save();

	if (copy_to_user(user, &frame, sizeof(frame)))
		return 0;
	err = copy_siginfo_to_user(&user->info, &ksig->info);
	err |= __save_altstack(&user->uc.uc_stack, regs->sp);
	return err ? 0 : (unsigned long)user;
}

/* The interrupted syscall, if a handler runs: EINTR, or again afterwards. */
static void syscall_interrupted(struct pt_regs *regs, const struct ksignal *ksig)
{
	if (regs->nr < 0)
		return;
	switch (regs->result) {
	case -ERESTARTSYS:
		if (ksig->ka.sa.sa_flags & SA_RESTART) {
			regs->flags |= REGS_RESTART;
			break;
		}
		fallthrough;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		regs->result = -EINTR;
		break;
	case -ERESTARTNOINTR:
		regs->flags |= REGS_RESTART;
		break;
	}
}

/* No handler runs: the syscall goes on as if nothing had happened. */
static bool syscall_restarts(struct pt_regs *regs)
{
	if (regs->nr < 0)
		return false;
	switch (regs->result) {
	case -ERESTARTSYS:
	case -ERESTARTNOHAND:
	case -ERESTARTNOINTR:
		return true;
	case -ERESTART_RESTARTBLOCK:
		regs->nr = __NR_restart_syscall;
		return true;
	}
	return false;
}

unsigned long signal_deliver(struct pt_regs *regs, bool *restart)
{
	struct ksignal ksig;
	unsigned long frame;

	*restart = false;
	if (!get_signal(&ksig)) {
		restore_saved_sigmask();
		*restart = syscall_restarts(regs);
		return 0;
	}

	syscall_interrupted(regs, &ksig);
	frame = 0;
	if (program_flags(current) & PROGRAM_CAN_SIGNAL)
		frame = signal_frame_write(&ksig, regs);
	if (frame) {
		/* The frame knows what was interrupted; now the handler goes on. */
		regs->sp = frame;
		regs->nr = -1;
		regs->result = 0;
		regs->flags = REGS_HANDLER;
	}
	signal_setup_done(!frame, &ksig, 0);
	return frame;
}

bool signal_frame_restore(struct pt_regs *regs, unsigned long addr)
{
	struct signal_frame __user *user = (struct signal_frame __user *)addr;
	struct ucontext uc;

	current->restart_block.fn = do_no_restart_syscall;
	if (copy_from_user(&uc, &user->uc, sizeof(uc)))
		return false;
	set_current_blocked(&uc.uc_sigmask);
	if (restore_altstack(&user->uc.uc_stack))
		return false;

	regs->sp = uc.uc_mcontext.sp;
	regs->fault_address = uc.uc_mcontext.fault_address;
	regs->result = uc.uc_mcontext.result;
	regs->nr = uc.uc_mcontext.nr;
	regs->flags = uc.uc_mcontext.flags & (REGS_RESTART | REGS_HANDLER);
	memcpy(regs->args, uc.uc_mcontext.args, sizeof(regs->args));
	return true;
}

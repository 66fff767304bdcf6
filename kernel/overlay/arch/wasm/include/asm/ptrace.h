/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel keeps of user code that has entered it: at the top of the
 * kernel stack, valid from the entry until the return. There is no program
 * counter; "where" is a wasm backtrace, which only the host can take.
 */
#ifndef _ASM_WASM_PTRACE_H
#define _ASM_WASM_PTRACE_H

#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct pt_regs {
	unsigned long	sp;		/* user's __stack_pointer */
	unsigned long	fault_address;	/* of the last fault */
	long		result;		/* of the syscall */
	long		nr;		/* syscall number, -1 if not in a syscall */
	unsigned long	args[6];
	unsigned long	flags;		/* SC_FLAG_* in kernel/signal.c */
	bool		user;		/* false in regs of an interrupt of the kernel */
};

#define user_mode(regs)			((regs)->user)
#define instruction_pointer(regs)	(0UL)
#define profile_pc(regs)		(0UL)
#define user_stack_pointer(regs)	((regs)->sp)
#define kernel_stack_pointer(regs)	((unsigned long)(regs))
#define frame_pointer(regs)		(0UL)

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long val)
{
}

static inline bool regs_irqs_disabled(struct pt_regs *regs)
{
	return false;
}

static inline long regs_return_value(struct pt_regs *regs)
{
	return regs->result;
}

#define is_syscall_success(regs)	((unsigned long)(regs)->result < -4095UL)

#define current_user_stack_pointer()	(current_pt_regs()->sp)
#define current_pt_regs()		task_pt_regs(current)

#endif /* __ASSEMBLY__ */
#endif /* _ASM_WASM_PTRACE_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What a tracer (PTRACE_GETREGSET, NT_PRSTATUS) sees of a task. A wasm task has
 * no registers: its state is the shadow stack pointer, the running system call
 * and the last fault. Locals and the wasm stack cannot be reached.
 */
#ifndef _UAPI_ASM_WASM_PTRACE_H
#define _UAPI_ASM_WASM_PTRACE_H

#ifndef __ASSEMBLY__

struct user_regs {
	unsigned long sp;		/* __stack_pointer at the last kernel entry */
	unsigned long fault_address;	/* of the last fault, or 0 */
	unsigned long result;		/* of the system call, at its exit */
	unsigned long nr;		/* system call number, or -1 */
	unsigned long args[6];		/* its arguments */
	unsigned long flags;		/* reserved, 0 */
	unsigned long reserved[5];
};

#endif /* __ASSEMBLY__ */
#endif /* _UAPI_ASM_WASM_PTRACE_H */

/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * uc_mcontext of a signal frame: what the kernel knows of the interrupted code.
 * Same 16 words as struct user_regs. Changing them does not change where the
 * code goes on: wasm has no way to set a program counter.
 */
#ifndef _UAPI_ASM_WASM_SIGCONTEXT_H
#define _UAPI_ASM_WASM_SIGCONTEXT_H

struct sigcontext {
	unsigned long sp;
	unsigned long fault_address;
	unsigned long result;
	unsigned long nr;
	unsigned long args[6];
	unsigned long flags;
	unsigned long reserved[5];
};

#endif /* _UAPI_ASM_WASM_SIGCONTEXT_H */

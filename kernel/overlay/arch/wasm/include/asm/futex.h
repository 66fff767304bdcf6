/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic operations on futex words of the current process, which other vCPUs
 * may be running. Implemented in mm/uaccess.c; the host does the atomic part.
 */
#ifndef _ASM_WASM_FUTEX_H
#define _ASM_WASM_FUTEX_H

#include <linux/mutex.h>
#include <linux/futex.h>
#include <linux/uaccess.h>
#include <asm/errno.h>

int arch_futex_atomic_op_inuser(int op, int oparg, int *oval, u32 __user *uaddr);
int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval,
				  u32 newval);

#endif /* _ASM_WASM_FUTEX_H */

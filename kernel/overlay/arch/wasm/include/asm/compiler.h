/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included into every C file, before anything else of the kernel's.
 *
 * wasm has no return addresses, so _RET_IP_ is 0. jiffies and the low half of
 * jiffies_64 are one word; the usual way, an assignment in the linker script,
 * does not exist here, so the names are made one at compile time.
 */
#ifndef _ASM_WASM_COMPILER_H
#define _ASM_WASM_COMPILER_H

#define __builtin_return_address(level)	((void *)0)
#define __builtin_frame_address(level)	wasm_frame_address()

#ifndef __ASSEMBLY__
/* An address in the running function's part of the shadow stack. */
static inline __attribute__((always_inline)) void *wasm_frame_address(void)
{
	void *sp;

	__asm__ volatile("global.get __stack_pointer\n\tlocal.set %0" : "=r"(sp));
	return sp;
}
#endif

#pragma redefine_extname jiffies jiffies_64

#endif /* _ASM_WASM_COMPILER_H */

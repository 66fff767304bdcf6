/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Busy waiting, by the host's clock. See kernel/time.c.
 */
#ifndef _ASM_WASM_DELAY_H
#define _ASM_WASM_DELAY_H

void __ndelay(unsigned long nsecs);
void __udelay(unsigned long usecs);

#define ndelay(n)	__ndelay(n)
#define udelay(n)	__udelay(n)

#endif /* _ASM_WASM_DELAY_H */

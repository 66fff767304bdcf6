/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cycle counter is the host's nanosecond clock.
 */
#ifndef _ASM_WASM_TIMEX_H
#define _ASM_WASM_TIMEX_H

#include <asm/host_abi.h>

typedef u64 cycles_t;

static inline cycles_t get_cycles(void)
{
	return host_clock_monotonic();
}
#define get_cycles get_cycles

#endif /* _ASM_WASM_TIMEX_H */

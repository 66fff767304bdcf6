/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Randomness of the host, through host_random_fill(). It is a real seed source,
 * so that the kernel's generator is ready before the first initcall
 * (random.trust_cpu, which is the default).
 */
#ifndef _ASM_WASM_ARCHRANDOM_H
#define _ASM_WASM_ARCHRANDOM_H

#include <asm/host_abi.h>

static inline size_t __must_check arch_get_random_longs(unsigned long *v,
							 size_t max_longs)
{
	return 0;
}

static inline size_t __must_check arch_get_random_seed_longs(unsigned long *v,
							      size_t max_longs)
{
	host_random_fill(v, max_longs * sizeof(*v));
	return max_longs;
}

#endif /* _ASM_WASM_ARCHRANDOM_H */

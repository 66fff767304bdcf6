/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchange and compare-and-exchange of 8, 16, 32 and 64 bits, all of which are
 * wasm instructions. Fully ordered.
 */
#ifndef _ASM_WASM_CMPXCHG_H
#define _ASM_WASM_CMPXCHG_H

#include <linux/types.h>

#define __wasm_uint(size)						\
	typeof(__builtin_choose_expr((size) == 1, (u8)0,		\
	       __builtin_choose_expr((size) == 2, (u16)0,		\
	       __builtin_choose_expr((size) == 8, (u64)0, (u32)0))))

#define arch_xchg(ptr, new)						\
({									\
	typeof(*(ptr)) __new = (new);					\
	union { typeof(*(ptr)) v; __wasm_uint(sizeof(*(ptr))) u; }	\
		__in = { .v = __new }, __out;				\
	__out.u = __atomic_exchange_n((__wasm_uint(sizeof(*(ptr))) *)(ptr), \
				      __in.u, __ATOMIC_SEQ_CST);	\
	__out.v;							\
})

#define arch_cmpxchg(ptr, old, new)					\
({									\
	union { typeof(*(ptr)) v; __wasm_uint(sizeof(*(ptr))) u; }	\
		__old = { .v = (old) }, __new = { .v = (new) };		\
	__old.u = __sync_val_compare_and_swap(				\
		(__wasm_uint(sizeof(*(ptr))) *)(ptr), __old.u, __new.u); \
	__old.v;							\
})

#define arch_cmpxchg_local	arch_cmpxchg
#define arch_cmpxchg64		arch_cmpxchg
#define arch_cmpxchg64_local	arch_cmpxchg

#endif /* _ASM_WASM_CMPXCHG_H */

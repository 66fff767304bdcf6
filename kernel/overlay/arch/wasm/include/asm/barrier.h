/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory barriers. wasm's atomic accesses and its fence are sequentially
 * consistent; weaker ones do not exist. Each fence says what it is for, so that
 * the host may compile less where its processor orders the rest by itself. For
 * the same reason no atomic store may be stronger than a release: what follows
 * one is ordered by a fence.
 */
#ifndef _ASM_WASM_BARRIER_H
#define _ASM_WASM_BARRIER_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <linux/stringify.h>
#include <asm/host_abi.h>

#define WASM_FENCE(kind)							\
	__asm__ volatile("i32.const " __stringify(kind) "\n\tdrop\n\tnop\n\tatomic.fence" \
			 ::: "memory")

#define mb()		WASM_FENCE(HOST_FENCE_FULL)
#define __smp_rmb()	WASM_FENCE(HOST_FENCE_PARTIAL)
#define __smp_wmb()	WASM_FENCE(HOST_FENCE_PARTIAL)

#define __smp_store_release(p, v)					\
do {									\
	compiletime_assert_atomic_type(*p);				\
	__atomic_store_n((p), (v), __ATOMIC_RELEASE);			\
} while (0)

#define __smp_load_acquire(p)						\
({									\
	compiletime_assert_atomic_type(*p);				\
	(typeof(*p))__atomic_load_n((p), __ATOMIC_ACQUIRE);		\
})

/* A locked read-modify-write is a full barrier already. */
#define __smp_mb__before_atomic()	barrier()
#define __smp_mb__after_atomic()	barrier()

#include <asm-generic/barrier.h>

#endif /* __ASSEMBLY__ */
#endif /* _ASM_WASM_BARRIER_H */

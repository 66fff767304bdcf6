/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory barriers. wasm's atomic accesses and its fence are sequentially
 * consistent; weaker ones do not exist.
 */
#ifndef _ASM_WASM_BARRIER_H
#define _ASM_WASM_BARRIER_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>

#define mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic counters of 32 and 64 bits over the compiler's builtins, each of which
 * is one wasm instruction. All are fully ordered; linux/atomic fills in the
 * weaker and the conditional forms.
 */
#ifndef _ASM_WASM_ATOMIC_H
#define _ASM_WASM_ATOMIC_H

#include <linux/types.h>
#include <asm/cmpxchg.h>
#include <asm/barrier.h>

typedef struct {
	s64 __aligned(8) counter;
} atomic64_t;

#define ATOMIC64_INIT(i)	{ (i) }

#define arch_atomic_read(v)		READ_ONCE((v)->counter)
#define arch_atomic_set(v, i)		WRITE_ONCE((v)->counter, (i))
#define arch_atomic64_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define arch_atomic64_set(v, i)		__atomic_store_n(&(v)->counter, (i), __ATOMIC_RELAXED)

#define WASM_ATOMIC(prefix, type, value, op, c_op, builtin)			\
static __always_inline void arch_##prefix##_##op(value i, type *v)		\
{										\
	__atomic_fetch_##builtin(&v->counter, i, __ATOMIC_SEQ_CST);		\
}										\
static __always_inline value arch_##prefix##_fetch_##op(value i, type *v)	\
{										\
	return __atomic_fetch_##builtin(&v->counter, i, __ATOMIC_SEQ_CST);	\
}

#define WASM_ATOMIC_RETURN(prefix, type, value, op, c_op, builtin)		\
static __always_inline value arch_##prefix##_##op##_return(value i, type *v)	\
{										\
	return __atomic_fetch_##builtin(&v->counter, i, __ATOMIC_SEQ_CST) c_op i; \
}

#define WASM_ATOMICS(prefix, type, value)			\
	WASM_ATOMIC(prefix, type, value, add, +, add)		\
	WASM_ATOMIC(prefix, type, value, sub, -, sub)		\
	WASM_ATOMIC(prefix, type, value, and, &, and)		\
	WASM_ATOMIC(prefix, type, value, or, |, or)		\
	WASM_ATOMIC(prefix, type, value, xor, ^, xor)		\
	WASM_ATOMIC_RETURN(prefix, type, value, add, +, add)	\
	WASM_ATOMIC_RETURN(prefix, type, value, sub, -, sub)

WASM_ATOMICS(atomic, atomic_t, int)
WASM_ATOMICS(atomic64, atomic64_t, s64)

#undef WASM_ATOMICS
#undef WASM_ATOMIC_RETURN
#undef WASM_ATOMIC

#define arch_atomic_fetch_add		arch_atomic_fetch_add
#define arch_atomic_fetch_sub		arch_atomic_fetch_sub
#define arch_atomic_fetch_and		arch_atomic_fetch_and
#define arch_atomic_fetch_or		arch_atomic_fetch_or
#define arch_atomic_fetch_xor		arch_atomic_fetch_xor
#define arch_atomic_add_return		arch_atomic_add_return
#define arch_atomic_sub_return		arch_atomic_sub_return
#define arch_atomic64_fetch_add		arch_atomic64_fetch_add
#define arch_atomic64_fetch_sub		arch_atomic64_fetch_sub
#define arch_atomic64_fetch_and		arch_atomic64_fetch_and
#define arch_atomic64_fetch_or		arch_atomic64_fetch_or
#define arch_atomic64_fetch_xor		arch_atomic64_fetch_xor
#define arch_atomic64_add_return	arch_atomic64_add_return
#define arch_atomic64_sub_return	arch_atomic64_sub_return

#endif /* _ASM_WASM_ATOMIC_H */

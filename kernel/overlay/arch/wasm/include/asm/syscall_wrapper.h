/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every entry of the system call table has the one type that call_indirect can
 * check: long (long, long, long, long, long, long). The wrapper unpacks the
 * typed arguments from those six slots; one of 64 bits takes two slots, low
 * half first, at any position.
 */
#ifndef _ASM_WASM_SYSCALL_WRAPPER_H
#define _ASM_WASM_SYSCALL_WRAPPER_H

struct pt_regs;

#define __WASM_SLOTS(t)		(sizeof(t) > 4 ? 2 : 1)
#define __WASM_PAIR(o)		((u64)(u32)s[o] | (u64)(u32)s[(o) + 1] << 32)
#define __WASM_ARG(o, t)	((__force t)__builtin_choose_expr(sizeof(t) > 4, __WASM_PAIR(o), s[o]))

#define __WASM_ARGS0(o, ...)
#define __WASM_ARGS1(o, t, a)		__WASM_ARG(o, t)
#define __WASM_ARGS2(o, t, a, ...)	__WASM_ARG(o, t), __WASM_ARGS1((o) + __WASM_SLOTS(t), __VA_ARGS__)
#define __WASM_ARGS3(o, t, a, ...)	__WASM_ARG(o, t), __WASM_ARGS2((o) + __WASM_SLOTS(t), __VA_ARGS__)
#define __WASM_ARGS4(o, t, a, ...)	__WASM_ARG(o, t), __WASM_ARGS3((o) + __WASM_SLOTS(t), __VA_ARGS__)
#define __WASM_ARGS5(o, t, a, ...)	__WASM_ARG(o, t), __WASM_ARGS4((o) + __WASM_SLOTS(t), __VA_ARGS__)
#define __WASM_ARGS6(o, t, a, ...)	__WASM_ARG(o, t), __WASM_ARGS5((o) + __WASM_SLOTS(t), __VA_ARGS__)

#define __SYSCALL_DEFINEx(x, name, ...)						\
	static inline long __do_sys##name(__MAP(x, __SC_DECL, __VA_ARGS__));	\
	asmlinkage long __wasm_sys##name(long, long, long, long, long, long);	\
	asmlinkage long __wasm_sys##name(long s0, long s1, long s2,		\
					 long s3, long s4, long s5)		\
	{									\
		const long s[7] = { s0, s1, s2, s3, s4, s5, 0 };		\
		long ret = __do_sys##name(__WASM_ARGS##x(0, __VA_ARGS__));	\
		(void)s;							\
		return ret;							\
	}									\
	static inline long __do_sys##name(__MAP(x, __SC_DECL, __VA_ARGS__))

#define SYSCALL_DEFINE0(sname)							\
	SYSCALL_METADATA(_##sname, 0);						\
	static inline long __do_sys_##sname(void);				\
	asmlinkage long __wasm_sys_##sname(long, long, long, long, long, long);	\
	asmlinkage long __wasm_sys_##sname(long s0, long s1, long s2,		\
					   long s3, long s4, long s5)		\
	{									\
		return __do_sys_##sname();					\
	}									\
	static inline long __do_sys_##sname(void)

#define COND_SYSCALL(name)							\
	asmlinkage long __wasm_sys_##name(long, long, long, long, long, long);	\
	asmlinkage long __weak __wasm_sys_##name(long s0, long s1, long s2,	\
						 long s3, long s4, long s5)	\
	{									\
		return sys_ni_syscall();					\
	}

#endif /* _ASM_WASM_SYSCALL_WRAPPER_H */

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * System calls: one import of the kernel with seven words. A 64-bit argument
 * takes two slots, low half first, at any position (as riscv32).
 */
#define __SYSCALL_LL_E(x) \
((union { long long ll; long l[2]; }){ .ll = x }).l[0], \
((union { long long ll; long l[2]; }){ .ll = x }).l[1]
#define __SYSCALL_LL_O(x) __SYSCALL_LL_E((x))

long __linux_syscall(long, long, long, long, long, long, long)
	__attribute__((__import_module__("linux"), __import_name__("syscall")));

/*
 * In a program that uses vfork, a thread may be between its two returns
 * (src/process/wasm32/vfork_window.c), and somebody else makes its calls. In
 * all others this symbol is a null constant, and the test is compiled away.
 */
long __vfork_syscall(long, long, long, long, long, long, long)
	__attribute__((__weak__, __visibility__("hidden")));

static inline long __linux_call(long n, long a, long b, long c, long d, long e, long f)
{
	if (__vfork_syscall)
		return __vfork_syscall(n, a, b, c, d, e, f);
	return __linux_syscall(n, a, b, c, d, e, f);
}

static inline long __syscall0(long n)
{
	return __linux_call(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
	return __linux_call(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
	return __linux_call(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
	return __linux_call(n, a, b, c, 0, 0, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
	return __linux_call(n, a, b, c, d, 0, 0);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __linux_call(n, a, b, c, d, e, 0);
}

static inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	return __linux_call(n, a, b, c, d, e, f);
}

#define IPC_64 0

/* The kernel has no such call; code that is never reached names it. */
#define SYS_nanosleep (-1)

/*
 * A variadic function that is called without further arguments gets a null
 * va_list, which cannot be read: for those that read more than they are given.
 */
#define VA_OR_ZEROS(ap) do { \
	static const long zeros[6]; \
	if (!(ap)) (ap) = (void *)zeros; \
} while (0)

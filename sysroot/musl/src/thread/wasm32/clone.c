/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * clone with a function. The child is a new instance of the program over the
 * same memory; the kernel has it call __linux_clone_start(stack, tls). What it
 * needs stands at the top of its stack.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdint.h>
#include <sched.h>
#include "pthread_impl.h"
#include "syscall.h"

struct clone_start {
	int (*func)(void *);
	void *arg;
	uintptr_t tls;
};

int __clone(int (*func)(void *), void *stack, int flags, void *arg, ...)
{
	struct clone_start *start;
	void *ptid = 0, *tls = 0, *ctid = 0;
	va_list ap;

	va_start(ap, arg);
	if (flags & (CLONE_PIDFD|CLONE_PARENT_SETTID|CLONE_SETTLS
		|CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID))
		ptid = va_arg(ap, void *);
	if (flags & (CLONE_SETTLS|CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID))
		tls = va_arg(ap, void *);
	if (flags & (CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID))
		ctid = va_arg(ap, void *);
	va_end(ap);

	start = (void *)(((uintptr_t)stack - sizeof *start) & -16);
	start->func = func;
	start->arg = arg;
	/* A vfork-style child runs as the calling thread. */
	start->tls = flags & CLONE_SETTLS ? (uintptr_t)tls : __get_tp();

	return __syscall(SYS_clone, flags, start, ptid, start->tls, ctid);
}

/* No thread-local access before __tls_base is set, nor any moved there. */
static _Noreturn __attribute__((__noinline__))
void run(struct clone_start *start)
{
	int status = start->func(start->arg);
	for (;;) __syscall(SYS_exit, status);
}

__attribute__((__visibility__("default")))
_Noreturn void __linux_clone_start(struct clone_start *start, uintptr_t tls)
{
	__asm__ volatile (".globaltype __tls_base, i32\n"
		"local.get %0\nglobal.set __tls_base" : : "r"(start->tls) : "memory");
	run(start);
}

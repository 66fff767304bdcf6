/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ends a detached thread and frees its stack. Calls and locals are on wasm's
 * own stack, so the code below does not touch what it has unmapped.
 */
#include "pthread_impl.h"
#include "syscall.h"

void __unmapself(void *base, size_t size)
{
	__syscall(SYS_munmap, base, size);
	for (;;) __syscall(SYS_exit, 0);
}

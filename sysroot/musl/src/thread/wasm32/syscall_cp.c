/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cancellable system call. Signals are delivered when a system call returns
 * and at the loader's preemption checks, none of which lies between the test
 * below and the call. A cancellation signal that comes after the test
 * therefore finds the call not begun or blocked; either way it ends with
 * EINTR (the handler has no SA_RESTART), and __syscall_cp_c looks again.
 */
#include "pthread_impl.h"
#include "syscall.h"

hidden long __cancel(void);

hidden long __syscall_cp_asm(volatile int *cancel, syscall_arg_t nr,
	syscall_arg_t u, syscall_arg_t v, syscall_arg_t w,
	syscall_arg_t x, syscall_arg_t y, syscall_arg_t z)
{
	if (*cancel) return __cancel();
	return __syscall6(nr, u, v, w, x, y, z);
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * raise asks the kernel for the thread's id: a vfork-style child shares the
 * memory, and with it the thread structure, of its parent.
 */
#include <signal.h>
#include "syscall.h"
#include "pthread_impl.h"

int raise(int sig)
{
	sigset_t set;
	__block_app_sigs(&set);
	int ret = syscall(SYS_tkill, __syscall(SYS_gettid), sig);
	__restore_sigs(&set);
	return ret;
}

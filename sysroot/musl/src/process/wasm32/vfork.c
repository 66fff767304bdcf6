/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * vfork as a function, for callers that do not see the macro of <unistd.h>:
 * a function cannot return twice, and the kernel says so.
 */
#define _GNU_SOURCE
#include <unistd.h>
#include <signal.h>
#include "syscall.h"

pid_t (vfork)(void)
{
	return syscall(SYS_clone, SIGCHLD, 0);
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Of a thread, as Linux has it and its manual says; musl itself refuses. */
#include <sched.h>
#include "syscall.h"

int sched_getscheduler(pid_t pid)
{
	return syscall(SYS_sched_getscheduler, pid);
}

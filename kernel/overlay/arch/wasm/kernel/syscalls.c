// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls with an architecture's name on them.
 */
#include <linux/ptrace.h>
#include <linux/syscalls.h>

SYSCALL_DEFINE6(mmap2, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, unsigned long, pgoff)
{
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, pgoff);
}

/* The glue returns from handlers by a kernel entry of its own. */
SYSCALL_DEFINE0(rt_sigreturn)
{
	return -ENOSYS;
}

/* Nothing of a task can be looked at but its memory, by the generic requests. */
long arch_ptrace(struct task_struct *child, long request, unsigned long addr,
		 unsigned long data)
{
	return ptrace_request(child, request, addr, data);
}

void ptrace_disable(struct task_struct *child)
{
}

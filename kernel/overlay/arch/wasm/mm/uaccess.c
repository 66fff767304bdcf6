// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the memory of the current process: the functions of asm/uaccess.h
 * and asm/futex.h, on top of the host's checked copies.
 *
 * Every user address is an allegation: it goes to the host unchecked, and the
 * host says how far it got. A task without a ProcessMemory (a kernel thread, or
 * a process in the middle of exec) faults on everything.
 */
#include <linux/export.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include <asm/futex.h>
#include <asm/host_abi.h>

static int current_memory(void)
{
	struct mm_struct *mm = current->mm;

	return mm ? mm->context.memory : PROCESS_MEMORY_NONE;
}

static bool is_aligned_word(const void __user *address, unsigned long n)
{
	return n == sizeof(u32) && IS_ALIGNED((unsigned long)address, sizeof(u32));
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	int memory = current_memory();

	if (unlikely(memory < 0))
		return n;
	/* Futex words are read with get_user() and must not be torn. */
	if (is_aligned_word(from, n))
		return host_memory_load(memory, (__force u32)from, to) ? n : 0;
	return host_memory_read(memory, to, (__force u32)from, n);
}
EXPORT_SYMBOL(raw_copy_from_user);

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	int memory = current_memory();

	if (unlikely(memory < 0))
		return n;
	return host_memory_write(memory, (__force u32)to, from, n);
}
EXPORT_SYMBOL(raw_copy_to_user);

unsigned long __clear_user(void __user *to, unsigned long n)
{
	int memory = current_memory();

	if (unlikely(memory < 0))
		return n;
	return host_memory_clear(memory, (__force u32)to, n);
}
EXPORT_SYMBOL(__clear_user);

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	int memory = current_memory();

	might_fault();
	if (should_fail_usercopy())
		return -EFAULT;
	if (unlikely(count <= 0))
		return 0;
	if (unlikely(memory < 0))
		return -EFAULT;
	return host_memory_read_string(memory, dst, (__force u32)src, count);
}
EXPORT_SYMBOL(strncpy_from_user);

long strnlen_user(const char __user *src, long count)
{
	int memory = current_memory();

	if (unlikely(count <= 0 || memory < 0))
		return 0;
	return host_memory_string_len(memory, (__force u32)src, count);
}
EXPORT_SYMBOL(strnlen_user);

static int futex_operand(int op, u32 oparg, u32 old, u32 *new)
{
	switch (op) {
	case FUTEX_OP_SET:
		*new = oparg;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + oparg;
		return 0;
	case FUTEX_OP_OR:
		*new = old | oparg;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~oparg;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ oparg;
		return 0;
	}
	return -ENOSYS;
}

/* Gives up after a few lost races, so that the caller may reschedule. */
#define FUTEX_OP_TRIES 128

int arch_futex_atomic_op_inuser(int op, int oparg, int *oval, u32 __user *uaddr)
{
	int memory = current_memory();
	u32 old = 0, new, seen = 0;
	int tries, err;

	if (unlikely(memory < 0) ||
	    host_memory_load(memory, (__force u32)uaddr, &old))
		return -EFAULT;

	for (tries = 0; tries < FUTEX_OP_TRIES; tries++) {
		err = futex_operand(op, oparg, old, &new);
		if (err)
			return err;
		if (host_memory_cmpxchg(memory, (__force u32)uaddr, old, new, &seen))
			return -EFAULT;
		if (seen == old) {
			*oval = old;
			return 0;
		}
		old = seen;
	}
	return -EAGAIN;
}

int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval,
				  u32 newval)
{
	int memory = current_memory();

	if (unlikely(memory < 0) ||
	    host_memory_cmpxchg(memory, (__force u32)uaddr, oldval, newval, uval))
		return -EFAULT;
	return 0;
}

bool kernel_range_accessible(const void *addr, unsigned long size)
{
	unsigned long start = (unsigned long)addr;
	unsigned long end = (unsigned long)high_memory;

	return start >= PAGE_SIZE && size <= end && start <= end - size;
}
EXPORT_SYMBOL(kernel_range_accessible);

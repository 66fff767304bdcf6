// SPDX-License-Identifier: GPL-2.0-only
/*
 * process_vm_readv and process_vm_writev: copies between the memories of two
 * processes through a kernel buffer. mm/process_vm_access.c would pin pages.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uio.h>

#define BUFFER_BYTES	(4 * PAGE_SIZE)

struct copy {
	struct mm_struct *mm;		/* the other process's */
	struct iov_iter *local;
	void *buffer;
	bool write;			/* to the other process */
};

/* Copies until one side ends or refuses; returns the number of bytes. */
static size_t copy_part(struct copy *copy, unsigned long addr, size_t len)
{
	size_t done = 0, part, got;

	while (done < len && iov_iter_count(copy->local)) {
		part = min3(len - done, (size_t)BUFFER_BYTES,
			    iov_iter_count(copy->local));
		if (copy->write) {
			got = copy_from_iter(copy->buffer, part, copy->local);
			got = access_remote_vm(copy->mm, addr + done, copy->buffer,
					       got, FOLL_WRITE);
		} else {
			got = access_remote_vm(copy->mm, addr + done, copy->buffer,
					       part, 0);
			got = copy_to_iter(copy->buffer, got, copy->local);
		}
		done += got;
		if (got < part)
			break;
		cond_resched();
	}
	return done;
}

static ssize_t copy_all(struct copy *copy, const struct iovec *remote,
			unsigned long count)
{
	size_t done = 0, want = 0, got, len;
	unsigned long i;

	for (i = 0; i < count && iov_iter_count(copy->local); i++) {
		len = min(remote[i].iov_len, iov_iter_count(copy->local));
		want += len;
		got = copy_part(copy, (unsigned long)remote[i].iov_base, len);
		done += got;
		if (got < len)
			break;
	}
	return done || !want ? done : -EFAULT;
}

static ssize_t copy_with_task(pid_t pid, struct copy *copy,
			      const struct iovec *remote, unsigned long count)
{
	struct task_struct *task = find_get_task_by_vpid(pid);
	ssize_t ret;

	if (!task)
		return -ESRCH;
	copy->mm = mm_access(task, PTRACE_MODE_ATTACH_REALCREDS);
	put_task_struct(task);
	if (IS_ERR_OR_NULL(copy->mm)) {
		ret = copy->mm ? PTR_ERR(copy->mm) : -ESRCH;
		/* What access is refused to here is a matter of permission. */
		return ret == -EACCES ? -EPERM : ret;
	}
	ret = -ENOMEM;
	copy->buffer = kmalloc(BUFFER_BYTES, GFP_KERNEL);
	if (copy->buffer)
		ret = copy_all(copy, remote, count);
	kfree(copy->buffer);
	mmput(copy->mm);
	return ret;
}

static ssize_t process_vm_copy(pid_t pid, const struct iovec __user *lvec,
			       unsigned long liovcnt,
			       const struct iovec __user *rvec,
			       unsigned long riovcnt, unsigned long flags,
			       bool write)
{
	struct iovec lstack[UIO_FASTIOV], rstack[UIO_FASTIOV];
	struct iovec *local = lstack, *remote;
	struct iov_iter iter;
	struct copy copy = { .local = &iter, .write = write };
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = import_iovec(write ? ITER_SOURCE : ITER_DEST, lvec, liovcnt,
			   UIO_FASTIOV, &local, &iter);
	if (ret < 0)
		return ret;
	remote = iovec_from_user(rvec, riovcnt, UIO_FASTIOV, rstack, false);
	if (IS_ERR(remote)) {
		ret = PTR_ERR(remote);
	} else {
		ret = copy_with_task(pid, &copy, remote, riovcnt);
		if (remote != rstack)
			kfree(remote);
	}
	kfree(local);
	return ret;
}

SYSCALL_DEFINE6(process_vm_readv, pid_t, pid, const struct iovec __user *, lvec,
		unsigned long, liovcnt, const struct iovec __user *, rvec,
		unsigned long, riovcnt, unsigned long, flags)
{
	return process_vm_copy(pid, lvec, liovcnt, rvec, riovcnt, flags, false);
}

SYSCALL_DEFINE6(process_vm_writev, pid_t, pid, const struct iovec __user *, lvec,
		unsigned long, liovcnt, const struct iovec __user *, rvec,
		unsigned long, riovcnt, unsigned long, flags)
{
	return process_vm_copy(pid, lvec, liovcnt, rvec, riovcnt, flags, true);
}

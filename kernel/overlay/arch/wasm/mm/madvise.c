// SPDX-License-Identifier: GPL-2.0-only
/*
 * Advice and questions about mapped pages: madvise, mincore, msync and the
 * mlock family. Pages are there from the moment they are mapped until they are
 * unmapped or discarded, and file mappings are never written back, so most of
 * this checks its arguments and is done.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#include "internal.h"

enum advice { ADVICE_UNKNOWN, ADVICE_NOTHING, ADVICE_DISCARD };

static enum advice classify(int behavior)
{
	switch (behavior) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return ADVICE_DISCARD;
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return ADVICE_NOTHING;
	}
	return ADVICE_UNKNOWN;
}

static int discard_part(struct vm_area_struct *vma, unsigned long start,
			unsigned long end, int behavior)
{
	if (vma->vm_file && behavior == MADV_FREE)
		return -EINVAL;
	/* A file's pages come back as the file has them now: cut, then refill. */
	if (vma->vm_file) {
		int err = vma_isolate(vma->vm_mm, start, end);

		if (err)
			return err;
		vma = vma_lookup(vma->vm_mm, start);
	}
	vma_discard(vma->vm_mm, start, end);
	return vma->vm_file ? vma_read_file(vma, start) : 0;
}

/* Does what it can in [start, end); a hole in it gives -ENOMEM at the end. */
static int discard(struct mm_struct *mm, unsigned long start, unsigned long end,
		   int behavior)
{
	int err = vma_covers(mm, start, end) ? 0 : -ENOMEM;
	struct vm_area_struct *vma;
	unsigned long part_end;
	int part_err;

	while ((vma = find_vma_intersection(mm, start, end))) {
		start = max(start, vma->vm_start);
		part_end = min(end, vma->vm_end);
		part_err = discard_part(vma, start, part_end, behavior);
		if (part_err)
			return part_err;
		start = part_end;
	}
	return err;
}

SYSCALL_DEFINE3(madvise, unsigned long, start, size_t, len_in, int, behavior)
{
	struct mm_struct *mm = current->mm;
	enum advice advice = classify(behavior);
	unsigned long len = PAGE_ALIGN(len_in);
	int err;

	if (advice == ADVICE_UNKNOWN || offset_in_page(start))
		return -EINVAL;
	if ((len_in && !len) || start + len < start)
		return -EINVAL;
	if (!len)
		return 0;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (advice == ADVICE_DISCARD)
		err = discard(mm, start, start + len, behavior);
	else
		err = vma_covers(mm, start, start + len) ? 0 : -ENOMEM;
	mmap_write_unlock(mm);
	return err;
}

/* 0 if [start, start + len) is mapped throughout, else -ENOMEM. */
static int check_mapped(unsigned long start, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	int err;

	if (start + len < start)
		return -ENOMEM;
	if (!len)
		return 0;
	mmap_read_lock(mm);
	err = vma_covers(mm, start, start + len) ? 0 : -ENOMEM;
	mmap_read_unlock(mm);
	return err;
}

SYSCALL_DEFINE3(mincore, unsigned long, start, size_t, len,
		unsigned char __user *, vec)
{
	static const u8 resident[64] = { [0 ... 63] = 1 };
	unsigned long pages = DIV_ROUND_UP(len, PAGE_SIZE), part;
	int err;

	if (offset_in_page(start))
		return -EINVAL;
	err = check_mapped(start, PAGE_ALIGN(len));
	for (; !err && pages; pages -= part, vec += part) {
		part = min_t(unsigned long, pages, sizeof(resident));
		if (copy_to_user(vec, resident, part))
			err = -EFAULT;
	}
	return err;
}

SYSCALL_DEFINE3(msync, unsigned long, start, size_t, len, int, flags)
{
	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & MS_ASYNC && flags & MS_SYNC) || offset_in_page(start))
		return -EINVAL;
	return check_mapped(start, PAGE_ALIGN(len));
}

/* Memory is never swapped out: locking checks its rights and its range. */
static int lock_range(unsigned long start, size_t len)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);

	len = PAGE_ALIGN(len + offset_in_page(start));
	if (!capable(CAP_IPC_LOCK)) {
		if (!limit)
			return -EPERM;
		if (len > limit)
			return -ENOMEM;
	}
	return check_mapped(start & PAGE_MASK, len);
}

SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
	return lock_range(start, len);
}

SYSCALL_DEFINE3(mlock2, unsigned long, start, size_t, len, int, flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return lock_range(start, len);
}

SYSCALL_DEFINE2(munlock, unsigned long, start, size_t, len)
{
	return check_mapped(start & PAGE_MASK,
			    PAGE_ALIGN(len + offset_in_page(start)));
}

SYSCALL_DEFINE1(mlockall, int, flags)
{
	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	if (capable(CAP_IPC_LOCK))
		return 0;
	if (!rlimit(RLIMIT_MEMLOCK))
		return -EPERM;
	if (flags & MCL_CURRENT &&
	    current->mm->total_vm > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		return -ENOMEM;
	return 0;
}

SYSCALL_DEFINE0(munlockall)
{
	return 0;
}

/*
 * SHM_LOCK of a System V segment: memory is never swapped out, so that only the
 * account of who has locked how much is kept. 1 if the limit allows it.
 */
int user_shm_lock(size_t size, struct ucounts *ucounts)
{
	unsigned long pages = DIV_ROUND_UP(size, PAGE_SIZE);
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	bool unlimited = rlimit(RLIMIT_MEMLOCK) == RLIM_INFINITY;
	long locked = inc_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK, pages);

	if (locked != LONG_MAX &&
	    (unlimited || locked <= limit || capable(CAP_IPC_LOCK)) &&
	    get_ucounts(ucounts))
		return 1;
	dec_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK, pages);
	return 0;
}

void user_shm_unlock(size_t size, struct ucounts *ucounts)
{
	dec_rlimit_ucounts(ucounts, UCOUNT_RLIMIT_MEMLOCK,
			   DIV_ROUND_UP(size, PAGE_SIZE));
	put_ucounts(ucounts);
}

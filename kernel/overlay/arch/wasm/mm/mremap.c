// SPDX-License-Identifier: GPL-2.0-only
/*
 * mremap: shrinks, grows in place, or moves a mapping by copying its pages.
 * Builds on vma.c.
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/security.h>
#include <linux/syscalls.h>

#include <asm/host_abi.h>
#include <asm/processor.h>
#include "internal.h"

#define MREMAP_FLAGS	(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)

/* Enters a copy of a mapping's description at [addr, addr + len). */
static struct vm_area_struct *enter_copy(struct vm_area_struct *vma,
					 unsigned long from, unsigned long addr,
					 unsigned long len)
{
	unsigned long pgoff = vma->vm_pgoff + ((from - vma->vm_start) >> PAGE_SHIFT);

	return vma_enter(vma->vm_mm, vma->vm_file, addr, addr + len,
			 vma->vm_flags, vma->vm_file ? pgoff : 0);
}

/* Copies to new pages what a mapping holds, which may be closed to its process. */
static int copy(struct vm_area_struct *vma, unsigned long old, unsigned long old_len,
		unsigned long new, unsigned long len)
{
	struct mm_struct *mm = vma->vm_mm;
	int err;

	err = vma_protect(mm, old, old + old_len, vma->vm_flags, VM_ACCESS_BITS);
	if (err)
		return err;
	err = host_memory_move(mm->context.memory, new, old, len);
	return vma_protect(mm, old, old + old_len, VM_ACCESS_BITS, vma->vm_flags) ?: err;
}

/*
 * Moves [old, old + old_len) of vma, which has been found to lie within it, to
 * new_len bytes of free memory at new.
 */
static unsigned long move(struct vm_area_struct *vma, unsigned long old,
			  unsigned long old_len, unsigned long new,
			  unsigned long new_len, unsigned long flags)
{
	unsigned long copied = min(old_len, new_len);
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *moved;
	int err = 0;

	moved = enter_copy(vma, old, new, new_len);
	if (IS_ERR(moved))
		return PTR_ERR(moved);

	err = copy(vma, old, old_len, new, copied);
	if (!err && moved->vm_file && copied < new_len)
		err = vma_read_file(moved, new + copied);
	if (!err)
		err = vma_protect(mm, new, new + new_len, VM_ACCESS_BITS, moved->vm_flags);
	if (!err && (flags & MREMAP_DONTUNMAP))
		vma_discard(mm, old, old + old_len);
	else if (!err)
		err = do_munmap(mm, old, old_len, NULL);
	if (err) {
		do_munmap(mm, new, new_len, NULL);
		return err;
	}
	return new;
}

static unsigned long grow_in_place(struct vm_area_struct *vma,
				   unsigned long new_end)
{
	unsigned long old_end = vma->vm_end;
	struct mm_struct *mm = vma->vm_mm;
	int err;

	if (new_end > TASK_SIZE ||
	    find_vma_intersection(mm, old_end, new_end))
		return -ENOMEM;
	err = vma_set_end(vma, new_end);
	if (err)
		return err;
	err = vma->vm_file ? vma_read_file(vma, old_end) :
			     vma_protect(mm, old_end, new_end, VM_ACCESS_BITS, vma->vm_flags);
	if (err)
		do_munmap(mm, old_end, new_end - old_end, NULL);
	return err;
}

static unsigned long do_mremap(struct mm_struct *mm, unsigned long old,
			       unsigned long old_len, unsigned long new_len,
			       unsigned long flags, unsigned long new)
{
	unsigned long more;
	struct vm_area_struct *vma;
	int err;

	if (flags & MREMAP_FIXED) {
		if (offset_in_page(new) || new_len > TASK_SIZE ||
		    new > TASK_SIZE - new_len || new < FIRST_USER_ADDRESS)
			return -EINVAL;
		if (old + old_len > new && new + new_len > old)
			return -EINVAL;
		err = security_mmap_addr(new);
		if (err)
			return err;
	}

	vma = vma_lookup(mm, old);
	if (!vma || old_len > vma->vm_end - old)
		return -EFAULT;
	/* Duplicating a mapping needs pages that two mappings share. */
	if (!old_len)
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && vma->vm_file)
		return -EINVAL;

	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) {
		if (new_len == old_len)
			return old;
		if (new_len < old_len) {
			err = do_munmap(mm, old + new_len, old_len - new_len, NULL);
			return err ? err : old;
		}
	}

	if (vma->vm_flags & VM_DONTEXPAND && new_len > old_len)
		return -EFAULT;
	more = flags & MREMAP_DONTUNMAP ? new_len :
	       new_len > old_len ? new_len - old_len : 0;
	if (!vma_within_limits(mm, vma->vm_flags, more >> PAGE_SHIFT))
		return -ENOMEM;

	if (flags & MREMAP_FIXED) {
		err = do_munmap(mm, new, new_len, NULL);
		if (err)
			return err;
		/* That may have split the mapping that is to be moved. */
		vma = vma_lookup(mm, old);
		return move(vma, old, old_len, new, new_len, flags);
	}
	if (!(flags & MREMAP_DONTUNMAP) && old + old_len == vma->vm_end &&
	    new_len <= TASK_SIZE - old && !grow_in_place(vma, old + new_len))
		return old;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	new = vma_find_room(mm, mm->context.mmap_base, new_len);
	if (IS_ERR_VALUE(new))
		return new;
	return move(vma, old, old_len, new, new_len, flags);
}

SYSCALL_DEFINE5(mremap, unsigned long, addr, unsigned long, old_len,
		unsigned long, new_len, unsigned long, flags,
		unsigned long, new_addr)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	if (flags & ~MREMAP_FLAGS)
		return -EINVAL;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if (offset_in_page(addr))
		return -EINVAL;

	old_len = PAGE_ALIGN(old_len);
	new_len = PAGE_ALIGN(new_len);
	if (!new_len)
		return -EINVAL;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = do_mremap(mm, addr, old_len, new_len, flags, new_addr);
	mmap_write_unlock(mm);
	return ret;
}

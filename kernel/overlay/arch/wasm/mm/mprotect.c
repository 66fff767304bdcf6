// SPDX-License-Identifier: GPL-2.0-only
/*
 * mprotect: changes the protection of mappings, which the host enforces; see
 * vma_protect().
 */
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/security.h>
#include <linux/syscalls.h>

#include "internal.h"

/* Changes a whole mapping; its pages are charged when it first gets access. */
static int change(struct vm_area_struct *vma, unsigned long prot)
{
	unsigned long old_flags = vma->vm_flags;
	unsigned long new_flags, pages = vma_pages(vma);
	struct mm_struct *mm = vma->vm_mm;
	bool charged = false;
	int err;

	new_flags = calc_vm_prot_bits(prot, 0) |
		    (old_flags & ~VM_ACCESS_BITS);
	/* VM_MAYREAD >> 4 == VM_READ, and so on. */
	if ((new_flags & ~(new_flags >> 4)) & VM_ACCESS_BITS)
		return -EACCES;
	err = security_file_mprotect(vma, prot, prot);
	if (err)
		return err;
	if (new_flags == old_flags)
		return 0;

	/* Takes the pages out of the old kind before it asks for the new one. */
	vma_count(mm, old_flags, -(long)pages);
	err = -ENOMEM;
	if (!vma_within_limits(mm, new_flags, pages))
		goto restore;
	if ((new_flags & VM_ACCESS_BITS) &&
	    !(new_flags & (VM_ACCOUNT | VM_NORESERVE))) {
		charged = process_memory_charge(mm, pages);
		if (!charged)
			goto restore;
		new_flags |= VM_ACCOUNT;
	}
	err = vma_protect(mm, vma->vm_start, vma->vm_end, old_flags, new_flags);
	if (err) {
		if (charged)
			process_memory_uncharge(mm, pages);
		goto restore;
	}
	vm_flags_reset(vma, new_flags);
	vma_set_page_prot(vma);
restore:
	vma_count(mm, vma->vm_flags, pages);
	return err;
}

static int do_mprotect(struct mm_struct *mm, unsigned long start,
		       unsigned long end, unsigned long prot)
{
	struct vm_area_struct *vma;
	unsigned long addr;
	int err;

	if (!vma_covers(mm, start, end))
		return -ENOMEM;
	err = vma_isolate(mm, start, end);
	for (addr = start; !err && addr < end; addr = vma->vm_end) {
		vma = vma_lookup(mm, addr);
		err = change(vma, prot);
	}
	return err;
}

SYSCALL_DEFINE3(mprotect, unsigned long, start, size_t, len,
		unsigned long, prot)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	int err;

	prot &= ~PROT_SEM;
	/* Nothing here grows, so no mapping has an end to reach for. */
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC) || offset_in_page(start))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + PAGE_ALIGN(len);
	if (end <= start)
		return -ENOMEM;
	if ((prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC))
		prot |= PROT_EXEC;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = do_mprotect(mm, start, end, prot);
	mmap_write_unlock(mm);
	return err;
}

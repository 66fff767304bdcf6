// SPDX-License-Identifier: GPL-2.0-only
/*
 * The brk area, and the layout of a new process: image, brk area, mmap area.
 *
 *   first page .. heap_base     image, one or two mappings
 *   heap_base .. mm->brk        brk area; its first page may hold image data
 *   mmap_base ..                mmap, lowest free place first
 *
 * brk may grow past mmap_base while nothing is mapped there.
 */
#include <linux/mman.h>
#include <linux/resource.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/syscalls.h>

#include <asm/processor.h>
#include "internal.h"

/* Room for brk below the first mapping. */
#define BRK_ROOM	SZ_32M

/*
 * What is charged of a stack, few of which are ever used to the end: without
 * this, a thousand sleeping processes would fill a gigabyte that they have not
 * touched.
 */
#define STACK_CHARGE_PAGES	(SZ_128K >> PAGE_SHIFT)

#define BRK_VM_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

int process_memory_map_image(struct mm_struct *mm, unsigned long start,
			     unsigned long end, unsigned long vm_flags)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct vm_area_struct *vma;

	mmap_assert_write_locked(mm);
	if (start >= end)
		return 0;
	vm_flags |= VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (!vma_within_limits(mm, vm_flags, pages))
		return -ENOMEM;
	if (vm_flags & VM_STACK) {
		vm_flags |= VM_NORESERVE;
		if (!process_memory_charge(mm, min(pages, STACK_CHARGE_PAGES)))
			return -ENOMEM;
	}
	vma = vma_enter(mm, NULL, start, end, vm_flags, 0);
	return PTR_ERR_OR_ZERO(vma);
}

void process_memory_set_heap(struct mm_struct *mm, unsigned long heap_base)
{
	mm->start_brk = heap_base;
	mm->brk = heap_base;
	if (heap_base > TASK_SIZE - 2 * BRK_ROOM)
		mm->context.mmap_base = PAGE_ALIGN(heap_base);
	else
		mm->context.mmap_base = ALIGN(heap_base + BRK_ROOM, SZ_1M);
}

static int grow(struct mm_struct *mm, unsigned long old_end, unsigned long new_end)
{
	struct vm_area_struct *vma;

	if (find_vma_intersection(mm, old_end, new_end))
		return -ENOMEM;
	if (!vma_within_limits(mm, BRK_VM_FLAGS, (new_end - old_end) >> PAGE_SHIFT))
		return -ENOMEM;

	vma = vma_lookup(mm, old_end - 1);
	if (vma && vma->vm_start >= PAGE_ALIGN(mm->start_brk) && !vma->vm_file &&
	    vma->vm_flags == (BRK_VM_FLAGS | VM_ACCOUNT))
		return vma_set_end(vma, new_end);
	vma = vma_enter(mm, NULL, old_end, new_end, BRK_VM_FLAGS, 0);
	return PTR_ERR_OR_ZERO(vma);
}

/* As everywhere: gives the new break, or the old one if it cannot be moved. */
SYSCALL_DEFINE1(brk, unsigned long, brk)
{
	struct mm_struct *mm = current->mm;
	unsigned long old_end, new_end, result;
	int err = 0;

	if (mmap_write_lock_killable(mm))
		return -EINTR;

	result = mm->brk;
	if (brk < mm->start_brk || brk > TASK_SIZE - PAGE_SIZE ||
	    check_data_rlimit(rlimit(RLIMIT_DATA), brk, mm->start_brk,
			      mm->end_data, mm->start_data))
		goto out;

	old_end = PAGE_ALIGN(mm->brk);
	new_end = PAGE_ALIGN(brk);
	if (new_end > old_end)
		err = grow(mm, old_end, new_end);
	else if (new_end < old_end)
		err = do_munmap(mm, new_end, old_end - new_end, NULL);
	if (!err)
		result = mm->brk = brk;
out:
	mmap_write_unlock(mm);
	return result;
}

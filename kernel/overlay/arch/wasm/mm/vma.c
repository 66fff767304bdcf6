// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of a process: vm_area_structs in mm->mm_mt, their accounting,
 * and the contents of their pages. Used by mmap.c, mprotect.c, mremap.c, brk.c
 * and the program loader.
 *
 * Invariants: see internal.h. Every change either happens completely or leaves
 * the tree as it was; a split that stays behind after a failure is harmless.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/host_abi.h>
#include <asm/processor.h>
#include "internal.h"

static bool counts_as_data(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_STACK)) == VM_WRITE;
}

bool vma_within_limits(struct mm_struct *mm, unsigned long vm_flags,
		       unsigned long pages)
{
	if (mm->total_vm + pages > rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	return !counts_as_data(vm_flags) ||
	       mm->data_vm + pages <= rlimit(RLIMIT_DATA) >> PAGE_SHIFT;
}

void vma_count(struct mm_struct *mm, unsigned long vm_flags, long pages)
{
	WRITE_ONCE(mm->total_vm, mm->total_vm + pages);
	mm->hiwater_vm = max(mm->hiwater_vm, mm->total_vm);
	if (vm_flags & VM_STACK)
		mm->stack_vm += pages;
	else if (counts_as_data(vm_flags))
		mm->data_vm += pages;
}

/* Stores entry (a mapping, or NULL for free space) over [start, end). */
static int store_range(struct mm_struct *mm, unsigned long start,
		       unsigned long end, struct vm_area_struct *entry)
{
	MA_STATE(mas, &mm->mm_mt, start, end - 1);

	return mas_store_gfp(&mas, entry, GFP_KERNEL);
}

struct vm_area_struct *vma_enter(struct mm_struct *mm, struct file *file,
				 unsigned long start, unsigned long end,
				 unsigned long vm_flags, unsigned long pgoff)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct vm_area_struct *vma;
	int err = -ENOMEM;

	if (mm->map_count >= sysctl_max_map_count)
		return ERR_PTR(-ENOMEM);
	if ((vm_flags & VM_ACCESS_BITS) && !(vm_flags & VM_NORESERVE))
		vm_flags |= VM_ACCOUNT;
	if ((vm_flags & VM_ACCOUNT) && !process_memory_charge(mm, pages))
		return ERR_PTR(-ENOMEM);

	err = process_memory_reach(mm, end);
	if (err)
		goto uncharge;

	err = -ENOMEM;
	vma = vm_area_alloc(mm);
	if (!vma)
		goto uncharge;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	vm_flags_init(vma, vm_flags);
	vma_set_page_prot(vma);
	if (file)
		vma->vm_file = get_file(file);
	else
		vma_set_anonymous(vma);

	err = store_range(mm, start, end, vma);
	if (err)
		goto free_vma;
	mm->map_count++;
	vma_count(mm, vm_flags, pages);
	return vma;

free_vma:
	if (file)
		fput(file);
	vm_area_free(vma);
uncharge:
	if (vm_flags & VM_ACCOUNT)
		process_memory_uncharge(mm, pages);
	return ERR_PTR(err);
}

static u32 access_of(unsigned long vm_flags)
{
	if (vm_flags & VM_WRITE)
		return USER_ACCESS_FULL;
	return vm_flags & VM_ACCESS_BITS ? USER_ACCESS_READ : USER_ACCESS_NONE;
}

int vma_protect(struct mm_struct *mm, unsigned long start, unsigned long end,
		unsigned long old_flags, unsigned long new_flags)
{
	u32 access = access_of(new_flags);

	if (access == access_of(old_flags))
		return 0;
	return host_memory_protect(mm->context.memory, start, end - start, access);
}

static int extend(struct vm_area_struct *vma, unsigned long end)
{
	unsigned long pages = (end - vma->vm_end) >> PAGE_SHIFT;
	struct mm_struct *mm = vma->vm_mm;
	int err = -ENOMEM;

	if ((vma->vm_flags & VM_ACCOUNT) && !process_memory_charge(mm, pages))
		return -ENOMEM;
	err = process_memory_reach(mm, end);
	if (!err)
		err = store_range(mm, vma->vm_start, end, vma);
	if (err) {
		if (vma->vm_flags & VM_ACCOUNT)
			process_memory_uncharge(mm, pages);
		return err;
	}
	vma->vm_end = end;
	vma_count(mm, vma->vm_flags, pages);
	return 0;
}

bool vma_join(struct mm_struct *mm, unsigned long start, unsigned long end,
	      unsigned long vm_flags)
{
	struct vm_area_struct *below = vma_lookup(mm, start - 1);

	if (vm_flags & VM_ACCESS_BITS)
		vm_flags |= VM_ACCOUNT;
	return below && !below->vm_file && below->vm_flags == vm_flags &&
	       !extend(below, end);
}

int vma_set_end(struct vm_area_struct *vma, unsigned long end)
{
	if (end <= vma->vm_end)
		return do_munmap(vma->vm_mm, end, vma->vm_end - end, NULL);
	return extend(vma, end);
}

int vma_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *upper;
	int err;

	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	upper = vm_area_dup(vma);
	if (!upper)
		return -ENOMEM;
	upper->vm_start = addr;
	upper->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;

	err = store_range(mm, addr, vma->vm_end, upper);
	if (err) {
		vm_area_free(upper);
		return err;
	}
	if (upper->vm_file)
		get_file(upper->vm_file);
	vma->vm_end = addr;
	mm->map_count++;
	return 0;
}

int vma_isolate(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	int err;

	vma = vma_lookup(mm, start);
	if (vma && vma->vm_start < start) {
		err = vma_split(vma, start);
		if (err)
			return err;
	}
	vma = vma_lookup(mm, end);
	if (vma && vma->vm_start < end)
		return vma_split(vma, end);
	return 0;
}

bool vma_covers(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, start);

	for_each_vma_range(vmi, vma, end) {
		if (vma->vm_start > start)
			return false;
		start = vma->vm_end;
	}
	return start >= end;
}

unsigned long vma_find_room(struct mm_struct *mm, unsigned long low,
			    unsigned long len)
{
	MA_STATE(mas, &mm->mm_mt, 0, 0);

	if (len > TASK_SIZE - low ||
	    mas_empty_area(&mas, low, TASK_SIZE - 1, len))
		return -ENOMEM;
	return mas.index;
}

void vma_discard(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	/* Mappings lie within the memory, so the host has no reason to refuse. */
	WARN_ON_ONCE(host_memory_discard(mm->context.memory, start, end - start));
}

static int read_file(struct vm_area_struct *vma, unsigned long start)
{
	loff_t pos = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) + (start - vma->vm_start);
	unsigned long len;
	ssize_t count;

	while (start < vma->vm_end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		len = min(vma->vm_end - start, 1UL << 20);
		count = vfs_read(vma->vm_file, (char __user *)start, len, &pos);
		if (count < 0)
			return count;
		if (!count)
			break;
		start += count;
	}
	return 0;
}

/*
 * Everything is read in at once: without page faults there is no later moment.
 * What lies beyond the end of the file is zero.
 */
int vma_read_file(struct vm_area_struct *vma, unsigned long start)
{
	struct mm_struct *mm = vma->vm_mm;
	int err;

	err = vma_protect(mm, start, vma->vm_end, vma->vm_flags, VM_ACCESS_BITS);
	if (!err)
		err = read_file(vma, start);
	if (!err)
		err = vma_protect(mm, start, vma->vm_end, VM_ACCESS_BITS, vma->vm_flags);
	return err;
}

/* Removes a whole mapping from the tree and gives all that it held back. */
static int remove(struct vm_area_struct *vma)
{
	unsigned long pages = vma_pages(vma);
	struct mm_struct *mm = vma->vm_mm;
	int err;

	err = vma_protect(mm, vma->vm_start, vma->vm_end, vma->vm_flags, VM_ACCESS_BITS);
	if (err)
		return err;
	err = store_range(mm, vma->vm_start, vma->vm_end, NULL);
	if (err) {
		vma_protect(mm, vma->vm_start, vma->vm_end, VM_ACCESS_BITS, vma->vm_flags);
		return err;
	}
	mm->map_count--;
	vma_count(mm, vma->vm_flags, -(long)pages);
	vma_discard(mm, vma->vm_start, vma->vm_end);
	if (vma->vm_flags & VM_ACCOUNT)
		process_memory_uncharge(mm, pages);
	if (vma->vm_file)
		fput(vma->vm_file);
	vm_area_free(vma);
	return 0;
}

int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
	      struct list_head *uf)
{
	struct vm_area_struct *vma;
	unsigned long end;
	int err;

	len = PAGE_ALIGN(len);
	if (offset_in_page(start) || !len || start > TASK_SIZE ||
	    len > TASK_SIZE - start)
		return -EINVAL;
	end = start + len;

	err = vma_isolate(mm, start, end);
	while (!err && (vma = find_vma_intersection(mm, start, end)))
		err = remove(vma);
	return err;
}

/*
 * Releases everything of an mm that nobody runs in any more. The memory goes as
 * a whole, here and not in destroy_context(), which an idle kernel thread that
 * still borrows the mm may put off for long.
 */
void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	if (!mm)
		return;

	mmap_write_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma->vm_file)
			fput(vma->vm_file);
		vm_area_free(vma);
		cond_resched();
	}
	__mt_destroy(&mm->mm_mt);
	mm->map_count = 0;
	mm->total_vm = 0;
	mm->data_vm = 0;
	mm->stack_vm = 0;
	process_memory_release(mm);
	mmap_write_unlock(mm);
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     unsigned long start_addr,
					     unsigned long end_addr)
{
	unsigned long index = start_addr;

	mmap_assert_locked(mm);
	return mt_find(&mm->mm_mt, &index, end_addr - 1);
}
EXPORT_SYMBOL(find_vma_intersection);

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	unsigned long index = addr;

	mmap_assert_locked(mm);
	return mt_find(&mm->mm_mt, &index, ULONG_MAX);
}
EXPORT_SYMBOL(find_vma);

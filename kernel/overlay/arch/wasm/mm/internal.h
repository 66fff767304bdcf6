/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of arch/wasm/mm that manage mappings.
 *
 * A mapping is a vm_area_struct in mm->mm_mt, without vm_region and outside the
 * inode's i_mmap: its pages are a private copy, whatever it was made from.
 * Everything here is called with mmap_lock held for writing, unless it says
 * otherwise, and may sleep.
 *
 * VM_ACCOUNT marks a mapping whose pages are charged to the machine-wide limit:
 * all but those that have been PROT_NONE from their beginning, and the initial
 * stack (VM_NORESERVE), of which only a part is charged.
 */
#ifndef _ARCH_WASM_MM_INTERNAL_H
#define _ARCH_WASM_MM_INTERNAL_H

#include <linux/mm.h>
#include <asm/process_memory.h>

#define VM_ACCESS_BITS	(VM_READ | VM_WRITE | VM_EXEC)

/* vma.c: the tree of mappings and its accounting. */

/* May the mm have that many more pages of this kind (RLIMIT_AS, RLIMIT_DATA)? */
bool vma_within_limits(struct mm_struct *mm, unsigned long vm_flags,
		       unsigned long pages);
/* Adds pages (or takes them away, if negative) to the mm's statistics. */
void vma_count(struct mm_struct *mm, unsigned long vm_flags, long pages);
/* Enters a new mapping in a free place; takes its own reference to file. */
struct vm_area_struct *vma_enter(struct mm_struct *mm, struct file *file,
				 unsigned long start, unsigned long end,
				 unsigned long vm_flags, unsigned long pgoff);
/* Lengthens an anonymous mapping of the same kind below [start, end) instead. */
bool vma_join(struct mm_struct *mm, unsigned long start, unsigned long end,
	      unsigned long vm_flags);
/* Moves the upper end of a mapping up into free space, or cuts it off there. */
int vma_set_end(struct vm_area_struct *vma, unsigned long end);
/* Cuts a mapping in two at addr, which lies strictly inside it. */
int vma_split(struct vm_area_struct *vma, unsigned long addr);
/* Makes mappings begin and end at start and end where they now straddle them. */
int vma_isolate(struct mm_struct *mm, unsigned long start, unsigned long end);
/* True if mappings cover [start, end) without a hole. Reading suffices. */
bool vma_covers(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Lowest free place of len bytes at or above low; an errno if there is none. */
unsigned long vma_find_room(struct mm_struct *mm, unsigned long low,
			    unsigned long len);
/* Zeroes pages and gives them back to the host. */
void vma_discard(struct mm_struct *mm, unsigned long start, unsigned long end);
/*
 * Makes the host hold user code, and the kernel's copies for it, to what a
 * mapping allows in [start, end), whose pages have been held to what old_flags
 * allow. Pages that no mapping covers are held to nothing: VM_ACCESS_BITS.
 */
int vma_protect(struct mm_struct *mm, unsigned long start, unsigned long end,
		unsigned long old_flags, unsigned long new_flags);
/*
 * Fills [start, vm_end) of a file mapping of current->mm from the file, and
 * protects it.
 */
int vma_read_file(struct vm_area_struct *vma, unsigned long start);

#endif /* _ARCH_WASM_MM_INTERNAL_H */

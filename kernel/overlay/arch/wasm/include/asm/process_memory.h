/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program loader needs to lay out a fresh ProcessMemory.
 * Implemented in mm/process_memory.c and mm/mmap.c.
 */
#ifndef _ASM_WASM_PROCESS_MEMORY_H
#define _ASM_WASM_PROCESS_MEMORY_H

#include <linux/types.h>

struct mm_struct;
struct file;

#define WASM_PAGE_SHIFT		16
#define WASM_PAGE_SIZE		(1UL << WASM_PAGE_SHIFT)

/* Makes the memory of a new mm; its handle is in mm->context afterwards. */
int process_memory_create(struct mm_struct *mm, u32 wasm_pages);

/* Gives the memory and all that it is charged for back. */
void process_memory_release(struct mm_struct *mm);

/* Grows it so that [0, end) can be accessed. mmap_lock held for writing. */
int process_memory_reach(struct mm_struct *mm, unsigned long end);

/* Books 4 KiB pages on the machine-wide limit; false if that is exceeded. */
bool process_memory_charge(struct mm_struct *mm, unsigned long pages);
void process_memory_uncharge(struct mm_struct *mm, unsigned long pages);

/* Copies between kernel buffers and any process's memory: bytes NOT copied. */
unsigned long process_memory_read(struct mm_struct *mm, void *to,
				  unsigned long from, unsigned long len);
unsigned long process_memory_write(struct mm_struct *mm, unsigned long to,
				   const void *from, unsigned long len);

/* Enters the pages [start, end), which a program's image occupies, as a mapping. */
int process_memory_map_image(struct mm_struct *mm, unsigned long start,
			     unsigned long end, unsigned long vm_flags);

/* Sets where brk starts and mmap looks for room, given the end of the image. */
void process_memory_set_heap(struct mm_struct *mm, unsigned long heap_base);

#endif /* _ASM_WASM_PROCESS_MEMORY_H */

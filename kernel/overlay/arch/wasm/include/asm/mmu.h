/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of an mm_struct that belongs to this architecture: the
 * ProcessMemory that holds the process's data. See mm/process_memory.c.
 *
 * memory is PROCESS_MEMORY_NONE from init_new_context() until the program
 * loader makes one, and stays the same afterwards until destroy_context().
 * The other fields change under mmap_lock held for writing.
 */
#ifndef _ASM_WASM_MMU_H
#define _ASM_WASM_MMU_H

#define PROCESS_MEMORY_NONE	(-1)

#ifndef __ASSEMBLY__

typedef struct {
	int		memory;		/* host's handle, or PROCESS_MEMORY_NONE */
	unsigned int	wasm_pages;	/* length in pages of 64 KiB */
	unsigned long	mmap_base;	/* mmap looks for room from here on */
	unsigned long	charged;	/* pages charged to the machine-wide limit */
} mm_context_t;

#define INIT_MM_CONTEXT(mm) \
	.context = { .memory = PROCESS_MEMORY_NONE },

#endif /* __ASSEMBLY__ */

#endif /* _ASM_WASM_MMU_H */

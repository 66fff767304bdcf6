/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Caches are coherent and code is never in memory; only the accessors of other
 * processes' pages differ from the generic ones, which would take a user
 * address for a kernel address.
 */
#ifndef _ASM_WASM_CACHEFLUSH_H
#define _ASM_WASM_CACHEFLUSH_H

#include <asm/process_memory.h>

#define copy_to_user_page(vma, page, vaddr, dst, src, len) \
	((void)process_memory_write((vma)->vm_mm, (vaddr), (src), (len)))
#define copy_from_user_page(vma, page, vaddr, dst, src, len) \
	((void)process_memory_read((vma)->vm_mm, (dst), (vaddr), (len)))

#include <asm-generic/cacheflush.h>

#endif /* _ASM_WASM_CACHEFLUSH_H */

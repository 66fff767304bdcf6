/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * There are no page tables: the names that generic code wants without an MMU.
 */
#ifndef _ASM_WASM_PGTABLE_H
#define _ASM_WASM_PGTABLE_H

#include <asm-generic/pgtable-nopud.h>

#ifndef __ASSEMBLY__

#include <linux/slab.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/io.h>

#define PGDIR_SHIFT		22
#define PGDIR_SIZE		(1UL << PGDIR_SHIFT)
#define PGDIR_MASK		(~(PGDIR_SIZE - 1))

#define pgd_present(pgd)	(1)
#define pgd_none(pgd)		(0)
#define pgd_bad(pgd)		(0)
#define pgd_clear(pgdp)
#define pmd_offset(a, b)	((void *)0)

#define PAGE_NONE		__pgprot(0)
#define PAGE_SHARED		__pgprot(0)
#define PAGE_COPY		__pgprot(0)
#define PAGE_READONLY		__pgprot(0)
#define PAGE_KERNEL		__pgprot(0)

#define pgprot_noncached(prot)		(prot)
#define pgprot_writecombine(prot)	(prot)
#define pgprot_device(prot)		(prot)

#define swapper_pg_dir		((pgd_t *)0)

extern unsigned long empty_zero_page[PAGE_SIZE / sizeof(unsigned long)];
#define ZERO_PAGE(vaddr)	(virt_to_page(empty_zero_page))

/* vmalloc() is kmalloc(), so its addresses may be any. */
#define VMALLOC_START		0UL
#define VMALLOC_END		0xffffffffUL
#define KMAP_START		0UL
#define KMAP_END		0xffffffffUL

#define FIRST_USER_ADDRESS	PAGE_SIZE

#endif /* __ASSEMBLY__ */

#endif /* _ASM_WASM_PGTABLE_H */

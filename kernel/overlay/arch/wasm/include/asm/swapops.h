/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What generic headers give mm/shmem.c where there is an MMU: names for pages
 * that are swapped out, and for page faults. None ever is, and there are none:
 * the code is compiled but not reached.
 */
#ifndef _ASM_WASM_SWAPOPS_H
#define _ASM_WASM_SWAPOPS_H

#include <linux/mm_types.h>
#include <linux/xarray.h>

static inline swp_entry_t swp_entry(unsigned long type, pgoff_t offset)
{
	return (swp_entry_t) { offset };
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return 0;
}

static inline pgoff_t swp_offset(swp_entry_t entry)
{
	return entry.val;
}

static inline swp_entry_t radix_to_swp_entry(void *value)
{
	return (swp_entry_t) { xa_to_value(value) };
}

static inline void *swp_to_radix_entry(swp_entry_t entry)
{
	return xa_mk_value(entry.val);
}

static inline swp_entry_t make_poisoned_swp_entry(void)
{
	return (swp_entry_t) { 0 };
}

static inline int is_poisoned_swp_entry(swp_entry_t entry)
{
	return false;
}

static inline void arch_swap_restore(swp_entry_t entry, struct folio *folio)
{
}

static inline struct file *maybe_unlock_mmap_for_io(struct vm_fault *vmf,
						    struct file *fpin)
{
	return fpin;
}

/* In mm/nommu.c */
unsigned long mm_get_unmapped_area(struct mm_struct *mm, struct file *file,
				   unsigned long addr, unsigned long len,
				   unsigned long pgoff, unsigned long flags);

#endif /* _ASM_WASM_SWAPOPS_H */

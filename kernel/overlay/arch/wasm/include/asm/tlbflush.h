/* SPDX-License-Identifier: GPL-2.0-only */
/* There is no TLB. */
#ifndef _ASM_WASM_TLBFLUSH_H
#define _ASM_WASM_TLBFLUSH_H

#include <linux/bug.h>

struct mm_struct;

static inline void flush_tlb_mm(struct mm_struct *mm)
{
	BUG();
}

#endif /* _ASM_WASM_TLBFLUSH_H */

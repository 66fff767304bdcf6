/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Birth and death of an mm's ProcessMemory. Called by kernel/fork.c.
 *
 * Nothing needs doing on a switch: an instance is bound to its memory for life,
 * and uaccess takes the handle from current->mm.
 */
#ifndef _ASM_WASM_MMU_CONTEXT_H
#define _ASM_WASM_MMU_CONTEXT_H

#include <asm-generic/mm_hooks.h>

struct mm_struct;
struct task_struct;

int init_new_context(struct task_struct *task, struct mm_struct *mm);
#define init_new_context init_new_context

void destroy_context(struct mm_struct *mm);
#define destroy_context destroy_context

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *task)
{
}

#include <asm-generic/mmu_context.h>

#endif /* _ASM_WASM_MMU_CONTEXT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to the memory of the current process. Implemented in mm/uaccess.c
 * with bounds-checked host calls.
 *
 * A __user pointer is an offset in the ProcessMemory of current->mm and means
 * nothing to a kernel load or store. The host refuses the first page and what
 * lies beyond the memory's end; a task without a memory can access nothing.
 * Nothing here ever sleeps.
 */
#ifndef _ASM_WASM_UACCESS_H
#define _ASM_WASM_UACCESS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <asm/processor.h>

/* The host checks exactly; this only keeps sums of address and length sane. */
static inline int __access_ok(const void __user *ptr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)ptr <= TASK_SIZE - size;
}
#define __access_ok __access_ok

/* Both return how many bytes could not be copied. */
unsigned long __must_check raw_copy_from_user(void *to, const void __user *from,
					      unsigned long n);
unsigned long __must_check raw_copy_to_user(void __user *to, const void *from,
					    unsigned long n);
unsigned long __must_check __clear_user(void __user *to, unsigned long n);
#define __clear_user __clear_user

/* True if a kernel load or store of [addr, addr + size) would not trap. */
bool kernel_range_accessible(const void *addr, unsigned long size);

#define __get_kernel_nofault(dst, src, type, err_label)			\
do {									\
	if (!kernel_range_accessible((src), sizeof(type)))		\
		goto err_label;						\
	*((type *)(dst)) = get_unaligned((type *)(src));		\
} while (0)

#define __put_kernel_nofault(dst, src, type, err_label)			\
do {									\
	if (!kernel_range_accessible((dst), sizeof(type)))		\
		goto err_label;						\
	put_unaligned(*((type *)(src)), (type *)(dst));			\
} while (0)

#include <asm-generic/uaccess.h>

#endif /* _ASM_WASM_UACCESS_H */

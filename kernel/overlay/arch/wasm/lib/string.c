// SPDX-License-Identifier: GPL-2.0-only
/*
 * memcpy(), memmove() and memset() as wasm's bulk memory instructions.
 *
 * Invariant: built with bulk-memory, so that the builtins become instructions;
 * without it they would call themselves.
 */

/* These are what the fortified ones call. */
#define __NO_FORTIFY

#include <linux/export.h>
#include <linux/string.h>

#ifndef __wasm_bulk_memory__
#error "bulk memory instructions are needed"
#endif

#undef memcpy
void *memcpy(void *to, const void *from, __kernel_size_t len)
{
	return __builtin_memcpy(to, from, len);
}
EXPORT_SYMBOL(memcpy);

#undef memmove
void *memmove(void *to, const void *from, __kernel_size_t len)
{
	return __builtin_memmove(to, from, len);
}
EXPORT_SYMBOL(memmove);

#undef memset
void *memset(void *to, int byte, __kernel_size_t len)
{
	return __builtin_memset(to, byte, len);
}
EXPORT_SYMBOL(memset);

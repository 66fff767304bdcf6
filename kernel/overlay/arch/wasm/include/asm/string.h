/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block copies and fills. The compiler turns most calls into memory.copy and
 * memory.fill by itself; the functions of lib/string.c in this folder are for
 * the rest and for callers that take their address.
 */
#ifndef _ASM_WASM_STRING_H
#define _ASM_WASM_STRING_H

#define __HAVE_ARCH_MEMCPY
extern void *memcpy(void *to, const void *from, __kernel_size_t len);

#define __HAVE_ARCH_MEMMOVE
extern void *memmove(void *to, const void *from, __kernel_size_t len);

#define __HAVE_ARCH_MEMSET
extern void *memset(void *to, int byte, __kernel_size_t len);

#endif /* _ASM_WASM_STRING_H */

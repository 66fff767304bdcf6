/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The compiler's size_t and ptrdiff_t are long on wasm32, not int as on most
 * 32-bit machines; the kernel's must agree with the compiler's.
 */
#ifndef _UAPI_ASM_WASM_POSIX_TYPES_H
#define _UAPI_ASM_WASM_POSIX_TYPES_H

typedef unsigned long __kernel_size_t;
typedef long __kernel_ssize_t;
typedef long __kernel_ptrdiff_t;
#define __kernel_size_t __kernel_size_t

#include <asm-generic/posix_types.h>

#endif /* _UAPI_ASM_WASM_POSIX_TYPES_H */

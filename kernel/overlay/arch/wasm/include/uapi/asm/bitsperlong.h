/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* ILP32: int, long and pointers have 32 bits. */
#ifndef _UAPI_ASM_WASM_BITSPERLONG_H
#define _UAPI_ASM_WASM_BITSPERLONG_H

#define __BITS_PER_LONG 32

#include <asm-generic/bitsperlong.h>

#endif /* _UAPI_ASM_WASM_BITSPERLONG_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Without an MMU vmalloc() is an ordinary allocation: nothing to say here. */
#ifndef _ASM_WASM_VMALLOC_H
#define _ASM_WASM_VMALLOC_H
#endif /* _ASM_WASM_VMALLOC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounds of the image. The markers stand in kernel/head.c; first and last are symbols
 * of wasm-ld's. A function's address is its number in the table, and numbers
 * run from 4096 up to 64 KiB at most, which is what "text" means here.
 */
#ifndef _ASM_WASM_SECTIONS_H
#define _ASM_WASM_SECTIONS_H

#define _text		__stack_high	/* 4096: the first function number */
#define _stext		__stack_high
#define _etext		__global_base	/* 64 KiB: the first data address */
#define __bss_stop	__heap_base
#define _end		__heap_base

#include <asm-generic/sections.h>

#endif /* _ASM_WASM_SECTIONS_H */

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the compiler's setjmp lowering keeps (src/setjmp/wasm32/setjmp.c):
 * the activation's id, the label, and the argument of the exception.
 */
typedef unsigned long __jmp_buf[4];

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As riscv32: the kernel's asm-generic 32-bit ABI, 64-bit time only. */
#define _POSIX_V6_ILP32_OFFBIG 1
#define _POSIX_V7_ILP32_OFFBIG 1

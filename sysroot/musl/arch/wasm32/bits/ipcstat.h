/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As riscv32: the kernel's asm-generic 32-bit ABI, 64-bit time only. */
#define IPC_STAT 0x102

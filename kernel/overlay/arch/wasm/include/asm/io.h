/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * There are no I/O ports. Should a driver use one all the same, it gets an
 * address at the very end of the 4 GiB, where no memory is: a trap.
 */
#ifndef _ASM_WASM_IO_H
#define _ASM_WASM_IO_H

#define PCI_IOBASE	((void __iomem *)0xffff0000UL)

#include <asm-generic/io.h>

#endif /* _ASM_WASM_IO_H */

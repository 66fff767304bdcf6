/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt numbers are the bits of irq_pending: HOST_IRQ_* of asm/host_abi.h.
 */
#ifndef _ASM_WASM_IRQ_H
#define _ASM_WASM_IRQ_H

#include <asm/host_abi.h>

#define NR_IRQS	HOST_IRQ_COUNT

#include <asm-generic/irq.h>

#endif /* _ASM_WASM_IRQ_H */

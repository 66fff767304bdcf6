/* SPDX-License-Identifier: GPL-2.0-only */
/* Ticket locks of asm-generic; they wait with this port's cpu_relax(). */
#ifndef _ASM_WASM_SPINLOCK_H
#define _ASM_WASM_SPINLOCK_H

#include <asm/processor.h>
#include <asm-generic/spinlock.h>

#endif /* _ASM_WASM_SPINLOCK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupt flag, and where interrupts are taken.
 *
 * Nothing interrupts wasm code. The host ORs bits into the vCPU's word in
 * irq_pending[]; the kernel looks there whenever it enables interrupts, in
 * cpu_relax(), on the way to and from user code, and when it idles.
 */
#ifndef _ASM_WASM_IRQFLAGS_H
#define _ASM_WASM_IRQFLAGS_H

#ifndef __ASSEMBLY__

#include <linux/compiler.h>
#include <asm/thread_info.h>

#define ARCH_IRQ_DISABLED	0
#define ARCH_IRQ_ENABLED	1

/* One word per vCPU, each in a cache line of its own: the host writes them. */
struct irq_pending {
	unsigned int bits;
	unsigned int spins;	/* owner only: rounds of cpu_relax() */
} __attribute__((aligned(64)));

extern struct irq_pending irq_pending[CONFIG_NR_CPUS];

/* Takes all pending interrupts of this CPU. Interrupts are enabled. */
void irq_take_pending(void);

#define __current_thread_info	((struct thread_info *)__current_task)

static __always_inline unsigned long arch_local_save_flags(void)
{
	return __current_thread_info->irqs_enabled;
}
#define arch_local_save_flags arch_local_save_flags

static __always_inline int arch_irq_is_pending(void)
{
	return READ_ONCE(irq_pending[__current_thread_info->cpu].bits) != 0;
}

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	barrier();
	__current_thread_info->irqs_enabled = flags;
	barrier();
	if (flags && unlikely(arch_irq_is_pending()))
		irq_take_pending();
}
#define arch_local_irq_restore arch_local_irq_restore

#include <asm-generic/irqflags.h>

#endif /* __ASSEMBLY__ */

#endif /* _ASM_WASM_IRQFLAGS_H */

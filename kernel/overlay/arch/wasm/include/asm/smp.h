/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs: each is one host thread. See kernel/smp.c.
 */
#ifndef _ASM_WASM_SMP_H
#define _ASM_WASM_SMP_H

#include <linux/cpumask.h>
#include <asm/current.h>

#define raw_smp_processor_id()	(current_thread_info()->cpu)

void arch_send_call_function_single_ipi(int cpu);
void arch_send_call_function_ipi_mask(const struct cpumask *mask);

int __cpu_disable(void);

/* The CPU ends itself; see arch_cpu_idle_dead(). */
static inline void __cpu_die(unsigned int cpu)
{
}

#endif /* _ASM_WASM_SMP_H */

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

#ifdef CONFIG_HOTPLUG_CPU
#error "CPU hotplug is not implemented"
#endif

#endif /* _ASM_WASM_SMP_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs: which there are, how one is started, and interrupts between them.
 */
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/sched/mm.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>

#include <asm/entry.h>
#include <asm/setup.h>

/* Only the boot vCPU is started so far, whatever the host allows. */
void __init smp_setup_vcpus(void)
{
	unsigned int cpu, vcpus = clamp(boot_info.vcpus, 1U, (u32)NR_CPUS);

	for (cpu = 0; cpu < vcpus; cpu++) {
		set_cpu_possible(cpu, true);
		set_cpu_present(cpu, true);
	}
}

void __init smp_prepare_cpus(unsigned int max_cpus)
{
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	int ret;

	task_thread_info(idle)->cpu = cpu;
	ret = host_vcpu_start(cpu, idle, task_pt_regs(idle));
	if (ret)
		return ret;
	while (!cpu_online(cpu))
		cpu_relax();
	return 0;
}

/* Called through entry.S on a new vCPU, in its idle task. */
asmlinkage void wasm_vcpu_start(void)
{
	unsigned int cpu = smp_processor_id();

	current->thread.host_task = host_task_adopt(current);
	mmgrab(&init_mm);
	current->active_mm = &init_mm;
	notify_cpu_starting(cpu);
	timer_setup_cpu();
	set_cpu_online(cpu, true);
	local_irq_enable();
	cpu_startup_entry(CPUHP_AP_ONLINE_IDLE);
}

void arch_smp_send_reschedule(int cpu)
{
	host_vcpu_kick(cpu, BIT(HOST_IRQ_RESCHEDULE));
}

void arch_send_call_function_single_ipi(int cpu)
{
	host_vcpu_kick(cpu, BIT(HOST_IRQ_CALL_FUNCTION));
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	unsigned int cpu;

	for_each_cpu(cpu, mask)
		host_vcpu_kick(cpu, BIT(HOST_IRQ_CALL_FUNCTION));
}

/* The host stops all vCPUs with the machine. */
void smp_send_stop(void)
{
}

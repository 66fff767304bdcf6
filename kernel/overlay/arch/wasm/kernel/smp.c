// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs: which there are, how one is started, and interrupts between them.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/irq_work.h>
#include <linux/sched/mm.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>

#include <asm/entry.h>
#include <asm/processor.h>
#include <asm/setup.h>

/* All that the host has are there from the start. */
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
	/* One that has just been taken offline may still be on its way out. */
	while ((ret = host_vcpu_start(cpu, idle, task_pt_regs(idle))) == -EBUSY)
		cpu_relax();
	if (ret)
		return ret;
	while (!cpu_online(cpu))
		cpu_relax();
	return 0;
}

#ifdef CONFIG_HOTPLUG_CPU
/* The boot CPU takes what interrupts others leave behind. */
bool arch_cpu_is_hotpluggable(int cpu)
{
	return cpu != 0;
}

/* On the CPU that goes, with all others stopped and interrupts disabled. */
int __cpu_disable(void)
{
	set_cpu_online(smp_processor_id(), false);
	timer_stop_cpu();
	return 0;
}

/* The last thing that the idle task of a CPU that went does. */
void __noreturn arch_cpu_idle_dead(void)
{
	idle_task_exit();
	current->thread.host_task = HOST_TASK_NONE;
	cpuhp_ap_report_dead();
	host_vcpu_stop();
}

void arch_cpuhp_cleanup_dead_cpu(unsigned int cpu)
{
}
#endif

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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: bits that the host sets in irq_pending[], taken here. See
 * asm/irqflags.h for when.
 *
 * Interrupt number = bit number, one flow for all: a bit is taken (cleared)
 * before its handler runs, so an event during the handler sets it again.
 */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/kernel_stat.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>

#include <asm/entry.h>
#include <asm/irq_regs.h>

struct irq_pending irq_pending[NR_CPUS];

/* Where an interrupt of kernel code was: nobody knows. */
static struct pt_regs kernel_regs = { .nr = -1 };

static void host_irq_noop(struct irq_data *data)
{
}

static struct irq_chip host_irq_chip = {
	.name		= "host",
	.irq_mask	= host_irq_noop,
	.irq_unmask	= host_irq_noop,
	.irq_ack	= host_irq_noop,
};

/* Interrupts are disabled. */
static void irq_handle_bits(struct pt_regs *regs)
{
	struct pt_regs *old_regs = set_irq_regs(regs);
	unsigned int *word = &irq_pending[smp_processor_id()].bits;
	unsigned long bits;
	unsigned int irq;

	irq_enter();
	while ((bits = xchg(word, 0))) {
		if (bits & BIT(HOST_IRQ_RESCHEDULE))
			scheduler_ipi();
		if (bits & BIT(HOST_IRQ_CALL_FUNCTION))
			generic_smp_call_function_interrupt();
		bits &= ~(BIT(HOST_IRQ_RESCHEDULE) | BIT(HOST_IRQ_CALL_FUNCTION));
		for_each_set_bit(irq, &bits, HOST_IRQ_COUNT)
			generic_handle_irq(irq);
	}
	irq_exit();
	set_irq_regs(old_regs);
}

void irq_take(struct pt_regs *regs)
{
	local_irq_disable();
	irq_handle_bits(regs);
	local_irq_enable();
}

/*
 * The flag has just been set, or cpu_relax() found it set. lockdep's view of it
 * is the caller's business (local_irq_enable() traces before it enables).
 */
noinline void irq_take_pending(void)
{
	__current_thread_info->irqs_enabled = ARCH_IRQ_DISABLED;
	trace_hardirqs_off();
	irq_handle_bits(&kernel_regs);
	trace_hardirqs_on();
	arch_local_irq_restore(ARCH_IRQ_ENABLED);
}

void __init irq_setup_host(void)
{
	host_irq_setup(irq_pending, sizeof(irq_pending[0]), NR_CPUS);
}

void __init init_IRQ(void)
{
	unsigned int irq;

	for (irq = 0; irq < HOST_IRQ_COUNT; irq++) {
		irq_set_chip_and_handler(irq, &host_irq_chip,
			irq == HOST_IRQ_TIMER ? handle_percpu_irq : handle_edge_irq);
		if (irq == HOST_IRQ_TIMER)
			irq_set_percpu_devid(irq);
	}
}

int arch_show_interrupts(struct seq_file *p, int prec)
{
	return 0;
}

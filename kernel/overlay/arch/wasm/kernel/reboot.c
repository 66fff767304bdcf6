// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the machine ends: power-off, reboot, halt and panic, each reported to the
 * host with host_machine_stop(), which ends all vCPUs and does not return; and
 * the host's own wish for an orderly shutdown (the SHUTDOWN interrupt).
 *
 * A shutdown wish is SIGPWR to init. If the machine still runs GRACE_SECONDS
 * later, or the host asks again, the kernel powers off by itself.
 */

#include <linux/console.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/pm.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include <asm/host_abi.h>

#define GRACE_SECONDS	10

void machine_power_off(void)
{
	host_machine_stop(HOST_STOP_POWEROFF, 0);
}

/* Not NULL: tells reboot(2) that power-off is more than halt. */
void (*pm_power_off)(void) = machine_power_off;
EXPORT_SYMBOL(pm_power_off);

void machine_restart(char *command)
{
	host_machine_stop(HOST_STOP_REBOOT, 0);
}

void machine_halt(void)
{
	host_machine_stop(HOST_STOP_HALT, 0);
}

static int stop_on_panic(struct notifier_block *block, unsigned long action,
			 void *message)
{
	console_flush_on_panic(CONSOLE_FLUSH_PENDING);
	host_machine_stop(HOST_STOP_PANIC, 0);
}

static struct notifier_block panic_block = {
	.notifier_call	= stop_on_panic,
	.priority	= INT_MIN,	/* the others first: it does not return */
};

static void force_power_off(struct work_struct *work)
{
	pr_emerg("init has not shut down: powering off\n");
	kernel_power_off();
}

static DECLARE_DELAYED_WORK(force_power_off_work, force_power_off);

static irqreturn_t shutdown_interrupt(int irq, void *data)
{
	static bool asked;

	if (asked) {
		mod_delayed_work(system_wq, &force_power_off_work, 0);
		return IRQ_HANDLED;
	}
	asked = true;
	kill_cad_pid(SIGPWR, 1);
	schedule_delayed_work(&force_power_off_work, GRACE_SECONDS * HZ);
	return IRQ_HANDLED;
}

static int __init reboot_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return request_irq(HOST_IRQ_SHUTDOWN, shutdown_interrupt, 0,
			   "shutdown", NULL);
}
core_initcall(reboot_init);

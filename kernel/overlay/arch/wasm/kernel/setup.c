// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot: from the host's call of kernel_boot() (entry.S) to start_kernel(), and
 * setup_arch() with what the host tells about the machine. Also /proc/cpuinfo.
 */
#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/of_fdt.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/start_kernel.h>
#include <linux/string.h>

#include <asm/entry.h>
#include <asm/sections.h>
#include <asm/setup.h>

struct boot_info boot_info;

/* head.o's stack leaves room for pt_regs, as every kernel stack does. */
static_assert(sizeof(struct pt_regs) <= THREAD_SIZE - 16256);

/* Called by entry.S on the boot CPU's own stack, with current set. */
asmlinkage void __init wasm_boot(void)
{
	current->thread.host_task = host_task_adopt(current);
	start_kernel();
}

void __init setup_arch(char **cmdline_p)
{
	early_console_register();
	host_boot_info(&boot_info);
	irq_setup_host();

	strscpy(boot_command_line, CONFIG_CMDLINE, COMMAND_LINE_SIZE);
	if (boot_command_line[0])
		strlcat(boot_command_line, " ", COMMAND_LINE_SIZE);
	strlcat(boot_command_line, boot_info.command_line, COMMAND_LINE_SIZE);
	*cmdline_p = boot_command_line;

	setup_initial_init_mm(_stext, _etext, _edata, _end);
	parse_early_param();
	wasm_memory_init();
	/* The host gives no device tree: with CONFIG_OF an empty one. */
	unflatten_device_tree();
	smp_setup_vcpus();
}

/* Init sections are scattered over the image (head.c): nothing to free. */
void free_initmem(void)
{
}

/* The host's clock needs no calibration; delays look at it (time.c). */
void calibrate_delay(void)
{
	loops_per_jiffy = 1000000;
}

static int cpuinfo_show(struct seq_file *m, void *v)
{
	unsigned int cpu = (unsigned long)v - 1;

	seq_printf(m, "processor\t: %u\n", cpu);
	seq_puts(m, "vendor_id\t: WebAssembly\n");
	seq_puts(m, "model name\t: wasm32 virtual CPU\n");
	seq_puts(m, "features\t: threads bulk-memory mutable-globals sign-ext multivalue tail-call exceptions\n\n");
	return 0;
}

static void *cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	*pos = cpumask_next(*pos - 1, cpu_online_mask);
	return *pos < nr_cpu_ids ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	(*pos)++;
	return cpuinfo_start(m, pos);
}

static void cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start	= cpuinfo_start,
	.next	= cpuinfo_next,
	.stop	= cpuinfo_stop,
	.show	= cpuinfo_show,
};

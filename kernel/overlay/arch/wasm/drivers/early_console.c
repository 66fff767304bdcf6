// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot console: kernel messages through host_early_print() until hvc0 takes
 * over (printk unregisters boot consoles then; keep_bootcon keeps it).
 *
 * Needs nothing of the kernel but printk, so that setup_arch() can register it
 * before there is memory management. The host call never blocks.
 */

#include <linux/console.h>
#include <linux/init.h>

#include <asm/early_console.h>
#include <asm/host_abi.h>

static void early_console_write(struct console *console, const char *text,
				unsigned int len_bytes)
{
	host_early_print(text, len_bytes);
}

static struct console boot_console = {
	.name	= "early",
	.write	= early_console_write,
	.flags	= CON_BOOT | CON_PRINTBUFFER | CON_ANYTIME,
	.index	= -1,
};

void __init early_console_register(void)
{
	register_console(&boot_console);
}

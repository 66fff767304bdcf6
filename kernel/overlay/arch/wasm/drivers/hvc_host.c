// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/hvc0: the host's console as a tty, and as printk's console.
 *
 * Talks to the host through host_console_{write,read,size}(); the CONSOLE
 * interrupt tells of input, of room for output after a short count, and of a
 * new window size. The tty side is drivers/tty/hvc.
 *
 * Invariants:
 * - What a program has written to the tty is not lost while the machine runs:
 *   what the host does not take stays in hvc's buffer until it does. At
 *   shutdown it has DRAIN_MS to go out.
 * - printk spins while the host takes nothing, with interrupts off, but not for
 *   longer than STALL_NS in a row; after that its text goes to the log only,
 *   until the host takes output again. A stopped terminal cannot stop the
 *   machine.
 */

#include <linux/console.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/reboot.h>
#include <linux/tty.h>

#include <asm/host_abi.h>

#include "hvc_console.h"

#define VTERM_NUMBER	0
#define OUTPUT_BYTES	4096
#define STALL_NS	(100 * NSEC_PER_MSEC)
#define DRAIN_MS	1000

static struct hvc_struct *host_console;

/* When the host began to refuse output; 0 while it takes some. */
static u64 stalled_since_ns;

/* Last size reported by the host, as host_console_size() packs it. */
static u32 last_size;

static ssize_t host_console_get_chars(uint32_t vterm, u8 *buffer, size_t count)
{
	return host_console_read(buffer, count);
}

/*
 * A short count makes hvc keep the rest. For none at all hvc's tty side takes
 * 0 and -EAGAIN alike ("later"), while its printk side spins on -EAGAIN and
 * drops the text on 0.
 */
static ssize_t host_console_put_chars(uint32_t vterm, const u8 *buffer,
				      size_t count)
{
	u32 taken = host_console_write(buffer, count);
	u64 now_ns, since_ns;

	if (taken) {
		WRITE_ONCE(stalled_since_ns, 0);
		return taken;
	}
	now_ns = host_clock_monotonic();
	since_ns = READ_ONCE(stalled_since_ns);
	if (!since_ns) {
		WRITE_ONCE(stalled_since_ns, now_ns);
		return -EAGAIN;
	}
	return now_ns - since_ns < STALL_NS ? -EAGAIN : 0;
}

static struct winsize unpack_size(u32 size)
{
	return (struct winsize) {
		.ws_col = size >> 16,
		.ws_row = size & 0xffff,
	};
}

/* First open: the size must be right before the program asks for it. */
static int host_console_notifier_add(struct hvc_struct *hp, int data)
{
	u32 size = host_console_size();
	struct tty_struct *tty;
	struct winsize ws;

	hp->irq_requested = 1;	/* hvc: no polling for input */
	if (!size)
		return 0;
	last_size = size;
	ws = unpack_size(size);
	tty = tty_port_tty_get(&hp->port);
	if (tty) {
		tty_do_resize(tty, &ws);
		tty_kref_put(tty);
	}
	return 0;
}

static const struct hv_ops host_console_ops = {
	.get_chars	= host_console_get_chars,
	.put_chars	= host_console_put_chars,
	.notifier_add	= host_console_notifier_add,
};

static irqreturn_t host_console_interrupt(int irq, void *data)
{
	struct hvc_struct *hp = data;
	u32 size = host_console_size();

	if (size && size != last_size) {
		last_size = size;
		hvc_resize(hp, unpack_size(size));
	}
	if (hvc_poll(hp))
		hvc_kick();
	return IRQ_HANDLED;
}

static int host_console_drain(struct notifier_block *block,
			      unsigned long action, void *data)
{
	int waited_ms;

	for (waited_ms = 0; waited_ms < DRAIN_MS; waited_ms++) {
		if (!READ_ONCE(host_console->n_outbuf))
			break;
		hvc_poll(host_console);
		msleep(1);
	}
	return NOTIFY_DONE;
}

static struct notifier_block host_console_reboot_notifier = {
	.notifier_call	= host_console_drain,
	.priority	= INT_MIN,	/* after everybody who may print */
};

static int __init host_console_console_init(void)
{
	return hvc_instantiate(VTERM_NUMBER, 0, &host_console_ops);
}
console_initcall(host_console_console_init);

static int __init host_console_init(void)
{
	struct hvc_struct *hp;
	int error;

	hp = hvc_alloc(VTERM_NUMBER, HOST_IRQ_CONSOLE, &host_console_ops,
		       OUTPUT_BYTES);
	if (IS_ERR(hp))
		return PTR_ERR(hp);
	host_console = hp;

	error = request_irq(HOST_IRQ_CONSOLE, host_console_interrupt, 0,
			    "console", hp);
	if (error) {
		hvc_remove(hp);
		return error;
	}
	return register_reboot_notifier(&host_console_reboot_notifier);
}
device_initcall(host_console_init);

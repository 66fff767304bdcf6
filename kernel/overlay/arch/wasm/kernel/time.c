// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time: the host's monotonic clock as clocksource and sched_clock, the host's
 * wall clock at boot, and one one-shot timer per vCPU as clock event device.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/nmi.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>

#include <asm/entry.h>
#include <asm/kvm_para.h>

static u64 host_clock_read(struct clocksource *cs)
{
	return host_clock_monotonic();
}

/* Counts nanoseconds: mult / 2^shift is 1. */
static struct clocksource host_clocksource = {
	.name	= "host",
	.rating	= 400,
	.read	= host_clock_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.mult	= 1U << 22,
	.shift	= 22,
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
};

/*
 * In use from the first moment. On top of the generic default, jiffies, time
 * would go by ticks: once a tick is late, host_timer_set_next() would see its
 * successor in the past, each tick in turn, and jiffies would run away.
 */
struct clocksource * __init clocksource_default_clock(void)
{
	return &host_clocksource;
}

unsigned long long notrace sched_clock(void)
{
	return host_clock_monotonic();
}

void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(host_clock_realtime());
}

/*
 * Has the host kept this CPU from running since the last question? The watchdog's
 * timer asks every few seconds. Seconds that the CPU's thread has not had are no
 * lockup of ours: the host was stopped, suspended or very busy.
 */
bool host_was_away(void)
{
	static DEFINE_PER_CPU(u64, last_clock);
	static DEFINE_PER_CPU(u64, last_run);
	u64 clock = host_clock_monotonic(), run = host_clock_vcpu();
	u64 passed = clock - this_cpu_read(last_clock);
	u64 had = run - this_cpu_read(last_run);

	this_cpu_write(last_clock, clock);
	this_cpu_write(last_run, run);
	if (passed < 10ULL * NSEC_PER_SEC || had > passed / 2)
		return false;
	touch_softlockup_watchdog_sync();
	clocksource_touch_watchdog();
	rcu_cpu_stall_reset();
	reset_hung_task_detector();
	return true;
}

static DEFINE_PER_CPU(struct clock_event_device, host_timer);

static int host_timer_set_next(ktime_t expires, struct clock_event_device *evt)
{
	s64 delta = ktime_to_ns(ktime_sub(expires, ktime_get()));

	host_timer_set(host_clock_monotonic() + max_t(s64, delta, 0));
	return 0;
}

static int host_timer_shutdown(struct clock_event_device *evt)
{
	host_timer_set(U64_MAX);
	return 0;
}

static irqreturn_t host_timer_interrupt(int irq, void *dev)
{
	struct clock_event_device *evt = this_cpu_ptr(&host_timer);

	evt->event_handler(evt);
	return IRQ_HANDLED;
}

void timer_setup_cpu(void)
{
	struct clock_event_device *evt = this_cpu_ptr(&host_timer);

	evt->name = "host";
	evt->features = CLOCK_EVT_FEAT_ONESHOT | CLOCK_EVT_FEAT_KTIME;
	evt->rating = 400;
	evt->cpumask = cpumask_of(smp_processor_id());
	evt->irq = HOST_IRQ_TIMER;
	evt->set_next_ktime = host_timer_set_next;
	evt->set_state_shutdown = host_timer_shutdown;
	evt->set_state_oneshot_stopped = host_timer_shutdown;
	enable_percpu_irq(HOST_IRQ_TIMER, IRQ_TYPE_NONE);
	clockevents_config_and_register(evt, NSEC_PER_SEC, 1, LONG_MAX);
}

void timer_stop_cpu(void)
{
	disable_percpu_irq(HOST_IRQ_TIMER);
	host_timer_set(U64_MAX);
}

void __init time_init(void)
{
	__clocksource_register(&host_clocksource);
	if (request_percpu_irq(HOST_IRQ_TIMER, host_timer_interrupt, "timer", &host_timer))
		panic("cannot register the timer interrupt");
	timer_setup_cpu();
}

void __ndelay(unsigned long nsecs)
{
	u64 end = host_clock_monotonic() + nsecs;

	while (host_clock_monotonic() < end)
		cpu_relax();
}
EXPORT_SYMBOL(__ndelay);

void __udelay(unsigned long usecs)
{
	u64 end = host_clock_monotonic() + (u64)usecs * NSEC_PER_USEC;

	while (host_clock_monotonic() < end)
		cpu_relax();
}
EXPORT_SYMBOL(__udelay);

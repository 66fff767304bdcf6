/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Priorities, policies, affinity, processor time and clocks. */
#include "probe.h"

#include <sys/resource.h>
#include <sys/times.h>

static volatile unsigned long work;

static long stat_ticks(pid_t pid)
{
	char path[64], text[512], *field;
	unsigned long user = 0, system = 0;
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -1;
	text[len] = 0;
	field = strrchr(text, ')');
	sscanf(field + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	return user + system;
}

static void nice_levels(void)
{
	struct rlimit limit;

	setpriority(PRIO_PROCESS, 0, 0);
	outcome("nice", (errno = 0, nice(5)));
	outcome("getpriority", getpriority(PRIO_PROCESS, 0));
	outcome("setpriority", setpriority(PRIO_PROCESS, 0, 100));
	outcome("clamped", getpriority(PRIO_PROCESS, 0));
	outcome("as root, up", setpriority(PRIO_PROCESS, 0, -5));
	errno = 0;
	say("raw %ld", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	setpriority(PRIO_PROCESS, 0, 0);
	outcome("nobody", setpriority(PRIO_PROCESS, 0x3fffffff, 1));
	outcome("a bad kind", setpriority(7, 0, 1));
	getrlimit(RLIMIT_NICE, &limit);
	say("RLIMIT_NICE %d", (int)limit.rlim_cur);
}

/* Two hogs of one processor: who gets how much, by processor time. */
static void share(const char *nice)
{
	pid_t calm = start("hog", nice), eager = start("hog", "0");
	long low = 0, high = 0, tries = 0;

	/* By the time that they have had, not by the clock: the machine is not ours alone. */
	while (low + high < 120 && tries++ < 400) {
		sleep_ms(50);
		low = stat_ticks(calm);
		high = stat_ticks(eager);
	}
	kill(calm, SIGKILL);
	kill(eager, SIGKILL);
	waitpid(calm, NULL, 0);
	waitpid(eager, NULL, 0);
	fprintf(stderr, "nice %s: %ld and %ld ticks\n", nice, low, high);
	if (atoi(nice))
		/* By the weights, 15 to 1024. */
		say("nice %s: a small part %d, ran %d", nice, low * 8 < high, low > 0 || high > 60);
	else
		say("nice 0: alike %d", low > 0 && high < low * 2 && low < high * 2);
}

static void policies(void)
{
	static const struct { const char *name; int policy; } all[] = {
		{ "OTHER", SCHED_OTHER }, { "FIFO", SCHED_FIFO }, { "RR", SCHED_RR },
		{ "BATCH", SCHED_BATCH }, { "IDLE", SCHED_IDLE },
	};
	struct sched_param param = { 0 };
	struct timespec slice;
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int least = syscall(SYS_sched_get_priority_min, all[i].policy);

		say("%s: priorities %d to %ld", all[i].name, least,
		    syscall(SYS_sched_get_priority_max, all[i].policy));
		param.sched_priority = least ? least + 9 : 0;
		outcome("  set", syscall(SYS_sched_setscheduler, 0, all[i].policy, &param));
		say("  got %d", (int)syscall(SYS_sched_getscheduler, 0) == all[i].policy);
		memset(&param, 0, sizeof(param));
		syscall(SYS_sched_getparam, 0, &param);
		say("  priority %d", param.sched_priority);
		param.sched_priority = 100;
		outcome("  too high", syscall(SYS_sched_setscheduler, 0, all[i].policy, &param));
		outcome("  slice", sched_rr_get_interval(0, &slice));
		if (all[i].policy == SCHED_FIFO)
			say("  of FIFO: %ld ns", slice.tv_nsec);
		param.sched_priority = 0;
		syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param);
	}
	outcome("a bad policy", syscall(SYS_sched_setscheduler, 0, 77, &param));
	outcome("reset on fork", syscall(SYS_sched_setscheduler, 0, SCHED_BATCH | 0x40000000, &param));
	say("policy %#lx", syscall(SYS_sched_getscheduler, 0));
}

static void affinity(void)
{
	cpu_set_t set, got;
	int cpus;

	outcome("getaffinity", sched_getaffinity(0, sizeof(set), &set));
	cpus = CPU_COUNT(&set);
	say("as many as online %d", cpus == sysconf(_SC_NPROCESSORS_ONLN));
	CPU_ZERO(&set);
	outcome("no processor", sched_setaffinity(0, sizeof(set), &set));
	CPU_SET(0, &set);
	outcome("the first", sched_setaffinity(0, sizeof(set), &set));
	sched_getaffinity(0, sizeof(got), &got);
	say("only it %d, runs there %d", CPU_COUNT(&got) == 1 && CPU_ISSET(0, &got), sched_getcpu() == 0);
	outcome("nobody", sched_setaffinity(0x3fffffff, sizeof(set), &set));
	outcome("too short", syscall(SYS_sched_getaffinity, 0, 1, &got));
}

static void processor_time(void)
{
	long begin = clock_ms(CLOCK_PROCESS_CPUTIME_ID), hz = sysconf(_SC_CLK_TCK);
	struct rusage used;
	struct tms ticks;
	long usage_ms, spent;

	while (clock_ms(CLOCK_PROCESS_CPUTIME_ID) - begin < 300)
		work++;
	spent = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	getrusage(RUSAGE_SELF, &used);
	times(&ticks);
	usage_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
		   (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
	say("ticks a second %ld", hz);
	say("getrusage agrees %d", labs(usage_ms - spent) < 60);
	say("times agrees %d", labs((long)(ticks.tms_utime + ticks.tms_stime) * 1000 / hz - spent) < 60);
	say("stat agrees %d", labs(stat_ticks(getpid()) * 1000 / hz - spent) < 60);
	say("maximum resident set %d", used.ru_maxrss > 100);
	finish("a child", start("burn", "200"));
	getrusage(RUSAGE_CHILDREN, &used);
	usage_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
		   (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
	say("children's time is told after the wait %d", usage_ms >= 150);
}

static void clocks(void)
{
	static const struct { const char *name; clockid_t id; } all[] = {
		{ "REALTIME", 0 }, { "MONOTONIC", 1 }, { "PROCESS", 2 }, { "THREAD", 3 },
		{ "MONOTONIC_RAW", 4 }, { "REALTIME_COARSE", 5 }, { "MONOTONIC_COARSE", 6 },
		{ "BOOTTIME", 7 }, { "TAI", 11 }, { "none", 66 },
	};
	struct timespec first, second, resolution;
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (clock_getres(all[i].id, &resolution)) {
			say("%s: %s", all[i].name, error_name(errno));
			continue;
		}
		clock_gettime(all[i].id, &first);
		sched_yield();
		clock_gettime(all[i].id, &second);
		/* The coarse ones tick as HZ says. */
		say("%s: fine %d, goes on %d", all[i].name, resolution.tv_nsec == 1,
		    second.tv_sec > first.tv_sec ||
		    (second.tv_sec == first.tv_sec && second.tv_nsec >= first.tv_nsec));
	}
	clock_gettime(CLOCK_MONOTONIC, &first);
	/* The second's beginning: a machine may be younger than one. */
	first.tv_nsec = 0;
	thread_outcome("sleep until the past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &first, NULL));
	clock_gettime(CLOCK_REALTIME, &first);
	first.tv_nsec += 20000000;
	first.tv_sec += first.tv_nsec / 1000000000;
	first.tv_nsec %= 1000000000;
	thread_outcome("sleep until soon", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &first, NULL));
	clock_gettime(CLOCK_REALTIME, &second);
	say("not early %d", second.tv_sec > first.tv_sec ||
	    (second.tv_sec == first.tv_sec && second.tv_nsec >= first.tv_nsec));
	first.tv_nsec = -1;
	thread_outcome("bad time", clock_nanosleep(CLOCK_MONOTONIC, 0, &first, NULL));
	thread_outcome("bad clock", clock_nanosleep(99, 0, &second, NULL));
	second.tv_sec = 0;
	second.tv_nsec = 20000000;
	first = second;
	thread_outcome("on the clock of the process", clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &second, NULL));
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "hog")) {
		cpu_set_t first;

		CPU_ZERO(&first);
		CPU_SET(0, &first);
		sched_setaffinity(0, sizeof(first), &first);
		if (nice(atoi(argv[2])) < 0)
			return 1;
		for (;;)
			work++;
	}
	if (argc > 2) {
		while (clock_ms(CLOCK_PROCESS_CPUTIME_ID) < atoi(argv[2]))
			work++;
		return 0;
	}
	nice_levels();
	policies();
	processor_time();
	clocks();
	share("19");
	share("0");
	affinity();
	return 0;
}

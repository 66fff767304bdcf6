/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* /proc as top, free and vmstat read it: of the whole machine. */
#include "proc.h"

int main(void)
{
	float one, five, fifteen, up, idle;
	int running, all, last, fields;

	slurp("/proc/loadavg");
	fields = sscanf(text, "%f %f %f %d/%d %d", &one, &five, &fifteen, &running, &all, &last);
	say("loadavg: %d fields", fields);
	slurp("/proc/uptime");
	fields = sscanf(text, "%f %f", &up, &idle);
	say("uptime: %d fields, up %d", fields, up > 0);
	has("/proc/stat", "cpu cpu0 intr ctxt btime processes procs_running procs_blocked softirq");
	has("/proc/meminfo", "MemTotal: MemFree: MemAvailable: Buffers: Cached: SwapTotal: SwapFree: Shmem: Slab: AnonPages: Mapped: Committed_AS:");
	has("/proc/vmstat", "nr_free_pages pgfault pgalloc_normal");
	has("/proc/cpuinfo", "processor");
	has("/proc/filesystems", "nodev");
	has("/proc/version", "Linux");
	slurp("/proc/sys/kernel/ostype");
	say("ostype: %s", strtok(text, "\n"));
	slurp("/proc/sys/kernel/pid_max");
	say("pid_max %d", atoi(text) >= 1024);
	slurp("/proc/sys/kernel/threads-max");
	say("threads-max %d", atoi(text) >= 100);
	slurp("/proc/sys/kernel/ngroups_max");
	say("ngroups_max %d", atoi(text));
	slurp("/proc/sys/kernel/cap_last_cap");
	say("cap_last_cap %d", atoi(text));
	slurp("/proc/sys/kernel/overflowuid");
	say("overflowuid %d", atoi(text));
	say("random uuid %d", slurp("/proc/sys/kernel/random/uuid"));
	say("boot_id %d", slurp("/proc/sys/kernel/random/boot_id"));
	say("osrelease %d", slurp("/proc/sys/kernel/osrelease") > 4);
	say("hostname %d", slurp("/proc/sys/kernel/hostname") > 1);
	say("mountinfo %d", slurp("/proc/self/mountinfo") > 20);
	say("auxv %d", slurp("/proc/self/auxv") > 40);
	return 0;
}

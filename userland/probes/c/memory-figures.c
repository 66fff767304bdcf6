/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Do maps, status, statm and meminfo agree with what was mapped, and with each other? */
#include "probe.h"

#include <sys/mman.h>
#include <sys/sysinfo.h>

#define MIB (1024 * 1024L)

static char global[100000];
static char text[1 << 18];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY), len = 0, got;

	if (fd < 0) {
		say("%s: %s", path, error_name(errno));
		return "";
	}
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	text[len] = 0;
	return text;
}

/* In KiB. */
static long figure(const char *path, const char *key)
{
	const char *line = strstr(slurp(path), key);

	return line ? atol(line + strlen(key)) : -1;
}

static long size(void) { return figure("/proc/self/status", "VmSize:"); }
static long resident(void) { return figure("/proc/self/status", "VmRSS:"); }

struct map { unsigned long start, end; char bits[5]; char path[128]; };

/* The mapping that holds an address; counts all, checks their order, sums them up. */
static int look(const void *address, struct map *found, long *sum_kib)
{
	const char *line = slurp("/proc/self/maps");
	unsigned long last = 0;
	int ordered = 1, hit = 0;
	struct map map;

	*sum_kib = 0;
	for (; *line; line = strchr(line, '\n') + 1) {
		unsigned long offset, inode;
		unsigned int major, minor;

		map.path[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu%*[ ]%127[^\n]", &map.start, &map.end,
			   map.bits, &offset, &major, &minor, &inode, map.path) < 7)
			say("a line of another form: %.60s", line);
		ordered &= map.start >= last && map.end > map.start;
		last = map.end;
		if (strcmp(map.path, "[vsyscall]"))
			*sum_kib += (map.end - map.start) / 1024;
		if ((unsigned long)address >= map.start && (unsigned long)address < map.end) {
			*found = map;
			hit = 1;
		}
	}
	if (!ordered)
		say("the maps are out of order");
	return hit;
}

static void maps(void)
{
	int local = 0, fd = open("/proc/self/exe", O_RDONLY);
	char *fresh = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *file = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	char *shared, *heap = (char *)syscall(SYS_brk, 0) + 4096, exe[128] = "";
	struct map map;
	int hit;
	long sum;

	syscall(SYS_brk, heap + 100000);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return;
	hit = look(&local, &map, &sum);
	say("a local %d, %.4s, stack %d", hit, map.bits, !strcmp(map.path, "[stack]"));
	hit = look(global, &map, &sum);
	say("a global %d, %.3s", hit, map.bits);
	hit = look(heap, &map, &sum);
	say("the heap %d, %.4s, %d", hit, map.bits, !strcmp(map.path, "[heap]"));
	hit = look(fresh, &map, &sum);
	say("a fresh one %d, %.4s, path %d", hit, map.bits, map.path[0] != 0);
	hit = look(file, &map, &sum);
	say("a file %d, %.4s, path %d", hit, map.bits, !strcmp(map.path, exe));
	shared = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hit = look(shared, &map, &sum);
	say("a shared one %d, %.4s", hit, map.bits);
	mprotect(fresh, 4096, PROT_READ);
	hit = look(fresh, &map, &sum);
	say("after mprotect %d, %.4s, one page %d", hit, map.bits,
	    map.end - map.start == 4096);
	munmap(fresh, MIB);
	hit = look(fresh, &map, &sum);
	say("after munmap %d", hit);
	look(global, &map, &sum);
	say("VmSize is their sum %d", labs(size() - sum) <= 4 * 64);
	close(fd);
}

static void figures(void)
{
	long size_before = size(), resident_before = resident(), rss, pages, peak;
	char *at = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("mapped: VmSize grows by %ld MiB", (size() - size_before) / 1024);
	say("nothing is resident yet %d", resident() - resident_before < 2048);
	memset(at, 1, 16 * MIB);
	rss = resident() - resident_before;
	say("touched: VmRSS grows %d", rss >= 15 * 1024 && rss <= 18 * 1024);
	madvise(at, 8 * MIB, MADV_DONTNEED);
	rss = resident() - resident_before;
	say("half is given back %d", rss >= 7 * 1024 && rss <= 10 * 1024);
	sscanf(slurp("/proc/self/statm"), "%ld %ld", &pages, &rss);
	say("statm agrees %d %d", pages * 4 == size(), labs(rss * 4 - resident()) < 512);
	peak = figure("/proc/self/status", "VmPeak:");
	munmap(at, 16 * MIB);
	say("unmapped: VmSize back %d, VmRSS back %d", size() - size_before < 512,
	    resident() - resident_before < 2048);
	say("VmPeak stays %d, VmHWM %d", figure("/proc/self/status", "VmPeak:") == peak,
	    figure("/proc/self/status", "VmHWM:") > resident() + 8 * 1024);
}

/* Of all mappings, or of the one that starts there. */
static long smaps(const void *start, const char *key)
{
	const char *line = slurp("/proc/self/smaps");
	long sum = 0;
	int within = !start;

	for (; *line; line = strchr(line, '\n') + 1) {
		unsigned long from, to;

		if (start && sscanf(line, "%lx-%lx ", &from, &to) == 2)
			within = from == (unsigned long)start;
		if (within && !strncmp(line, key, strlen(key)))
			sum += atol(line + strlen(key));
	}
	return sum;
}

static void figures_of_mappings(void)
{
	char *at = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long rss, sum, rollup;

	memset(at, 1, MIB);
	/* Or it would be one with its neighbours. */
	mprotect(at, 4 * MIB, PROT_READ);
	say("smaps: Size %ld KiB", smaps(at, "Size:"));
	rss = smaps(at, "Rss:");
	say("a quarter of it is resident %d", rss >= 1024 && rss <= 1536);
	say("the process's own %d %d %d", smaps(at, "Pss:") == rss, smaps(at, "Anonymous:") == rss,
	    smaps(at, "Private_Dirty:") == rss);
	say("pages of %ld KiB, in swap %ld", smaps(at, "KernelPageSize:"), smaps(at, "Swap:"));
	sum = smaps(NULL, "Rss:");
	rollup = figure("/proc/self/smaps_rollup", "Rss:");
	say("the rollup is their sum %d", labs(sum - rollup) <= 128);
	say("and what is resident %d", labs(sum - resident()) <= 512);
	munmap(at, 4 * MIB);
	say("unmapped: Size %ld KiB", smaps(at, "Size:"));
}

static long available(void) { return figure("/proc/meminfo", "MemFree:"); }

static void machine(void)
{
	long before, during, after, total = figure("/proc/meminfo", "MemTotal:");
	struct sysinfo info;
	int fds[2];
	pid_t pid;
	char byte;

	sysinfo(&info);
	say("sysinfo agrees %d", labs((long)((unsigned long long)info.totalram * info.mem_unit / 1024) - total) < 4);
	say("free of total %d", available() > 0 && available() < total);
	if (pipe(fds))
		return;
	dup2(fds[1], 50);
	before = available();
	pid = start("hold", "96");
	if (read(fds[0], &byte, 1) != 1)
		say("no answer");
	during = available();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sleep_ms(300);
	after = available();
	fprintf(stderr, "free KiB: %ld, %ld, %ld of %ld\n", before, during, after, total);
	say("96 MiB of a child are counted %d", before - during > 60 * 1024 && before - during < 140 * 1024);
	say("and come back %d", after - during > 60 * 1024);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		long bytes = atol(argv[2]) * MIB;
		char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(at, 1, bytes);
		if (write(50, "x", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	if (argc > 1) {
		machine();
	} else {
		maps();
		figures();
	figures_of_mappings();
	}
	return 0;
}

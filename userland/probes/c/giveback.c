/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Takes memory and gives it back in every way that there is, a step at a time.
 * Each step is told to the kernel's log, where a test that looks at the machine
 * from outside waits for it. For the guest only.
 */
#include "probe.h"

#include <sys/mman.h>

#define BYTES (128L << 20)

static void step(const char *what)
{
	char line[64];
	int fd = open("/dev/kmsg", O_WRONLY), len;

	len = snprintf(line, sizeof(line), "giveback: %s\n", what);
	if (write(fd, line, len) != len)
		say("no kernel log: %s", error_name(errno));
	close(fd);
	sleep_ms(800);
}

static char *take(void)
{
	char *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(at, 1, BYTES);
	return at;
}

int main(void)
{
	char *at, *end;

	step("begin");
	at = take();
	step("mapped");
	madvise(at, BYTES, MADV_DONTNEED);
	step("not needed");
	memset(at, 1, BYTES);
	step("touched");
	munmap(at, BYTES);
	step("unmapped");
	end = (char *)syscall(SYS_brk, 0);
	if ((char *)syscall(SYS_brk, end + BYTES) != end + BYTES)
		say("no break");
	memset(end, 1, BYTES);
	step("broken");
	syscall(SYS_brk, end);
	step("mended");
	take();
	step("taken");
	return 0;
}

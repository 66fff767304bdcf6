/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pages that may not be read or written: `protect CASE` faults on purpose and
 * says what the handler is told. Without arguments: all cases, a child each.
 * `protect race` is for the guest alone: threads that use memory which another
 * one opens and closes; a fault ends it with 0, too.
 */
#include "probe.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
/* More than Linux grants a process of, and the runner its programs. */
#define MANY 70000

static char stack_memory[65536] __attribute__((aligned(16)));
static volatile char sink;
static char *area;
static volatile int any_place;
static sig_atomic_t ends_well;

static void caught(int signo, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	(void)context;
	if (ends_well)
		_exit(0);
	say("  %s, %s", signal_name(signo), code_name(signo, info->si_code));
	if (any_place)
		say("  page %d", at >= area && at < area + PAGE * any_place);
	else
		say("  byte %ld", (long)(at - area));
	_exit(3);
}

static char *map(unsigned long pages, int prot)
{
	area = mmap(NULL, pages * PAGE, prot, ANON, -1, 0);
	if (area == MAP_FAILED)
		say("mmap: %s", error_name(errno));
	return area;
}

static void protect(const char *what, char *at, unsigned long pages, int prot)
{
	success(what, mprotect(at, pages * PAGE, prot));
}

static void system_calls(void)
{
	char *none = map(3, RW), *fixed = none + PAGE;
	struct iovec here = { stack_memory, 8 }, there = { none, 8 };
	int fds[2];

	memset(none, 'x', 3 * PAGE);
	if (pipe(fds))
		return;
	protect("nothing may be done with a page", none, 1, PROT_NONE);
	protect("one may be read", fixed, 1, PROT_READ);
	outcome("write from what is closed", write(fds[1], none + 8, 8));
	outcome("write from what may be read", write(fds[1], fixed, 8));
	outcome("read to what may be read", read(fds[0], fixed, 8));
	outcome("read elsewhere", read(fds[0], stack_memory, 8));
	outcome("write across the border", write(fds[1], fixed - 4, 8));
	protect("the third is closed", none + 2 * PAGE, 1, PROT_NONE);
	outcome("write up to it", write(fds[1], fixed + PAGE - 4, 8));
	outcome("uname", uname((struct utsname *)fixed));
	outcome("open", open(none + 3, O_RDONLY));
	outcome("sysinfo", sysinfo((struct sysinfo *)fixed));
	outcome("getrandom", syscall(SYS_getrandom, none, 8, 0));
	outcome("futex wait", syscall(SYS_futex, none, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
	outcome("futex wake", syscall(SYS_futex, none, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	outcome("futex lock of what may be read",
		syscall(SYS_futex, fixed, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	outcome("process_vm_readv", process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	protect("open again", none, 3, RW);
	say("what was in it %d", none[0] == 'x' && none[PAGE] == 'x' && none[3 * PAGE - 1] == 'x');
	outcome("write", write(fds[1], none, 8));
	outcome("an odd place", syscall(SYS_mprotect, none + 1, PAGE, PROT_NONE));
	outcome("what is not", mprotect((char *)0xf0000000UL, PAGE, PROT_NONE));
	outcome("no such protection", mprotect(none, PAGE, 0x40));
}

/* What becomes of closed pages that are unmapped, moved or given back. */
static void changes(void)
{
	char *at = map(8, PROT_NONE), *moved;

	success("unmapped", munmap(at, 8 * PAGE));
	at = mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	at[0] = at[8 * PAGE - 1] = 1;
	protect("two closed in the middle", at + 3 * PAGE, 2, PROT_NONE);
	success("unmapped across them", munmap(at + 2 * PAGE, 2 * PAGE));
	at = mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	memset(at, 7, 8 * PAGE);
	say("mapped over them");

	protect("all may be read", at, 8, PROT_READ);
	success("given back", madvise(at, PAGE, MADV_DONTNEED));
	say("zero %d, kept %d", at[0], at[PAGE]);
	moved = mremap(at, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	say("moved: %s", moved == MAP_FAILED ? error_name(errno) : "ok");
	say("kept %d, new %d", moved[8 * PAGE - 1], moved[64 * PAGE - 1]);
	protect("open again", moved, 64, RW);
	moved[0] = moved[64 * PAGE - 1] = 1;
	protect("writing only", moved, 1, PROT_WRITE);
	moved[1] = 1;
	success("unmapped", munmap(moved, 64 * PAGE));
}

/* Every second page: there is a limit to that, and a way back. */
static void many(void)
{
	char *at = map(MANY, PROT_NONE);
	int i, error = 0;

	for (i = 0; i < MANY && !error; i += 2)
		error = mprotect(at + i * PAGE, PAGE, PROT_READ) ? errno : 0;
	say("more than a thousand %d, then: %s", i > 2000, error_name(error));
	sink = at[0];
	outcome("closed next to it", write(1, at + PAGE, 1));
	success("unmapped", munmap(at, MANY * PAGE));
	at = map(3, PROT_NONE);
	protect("as at first", at + PAGE, 1, RW);
	at[PAGE] = 1;
}

static int __attribute__((noinline)) recurse(int depth)
{
	volatile char frame[512];

	frame[depth % 512] = depth;
	return depth == 1 << 30 ? 0 : recurse(depth + 1) + frame[depth % 512];
}

static void *overflow(void *unused)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
	volatile char here = 0;

	/* Its stack and guard are below: 128 KiB and 64 KiB, and what the library adds. */
	any_place = 64;
	area = (char *)((uintptr_t)&here & -PAGE) - 63 * PAGE;
	sigaltstack(&stack, NULL);
	sink = recurse(0);
	return unused;
}

static void in_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_attr_setguardsize(&attr, 64 << 10);
	if (!pthread_create(&thread, &attr, overflow, NULL))
		pthread_join(thread, NULL);
}

static void of_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	area = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	sink = area[0];
	area[9] = 1;
}

static void fault(const char *what)
{
	if (!strcmp(what, "read what is closed"))
		sink = map(2, PROT_NONE)[PAGE + 5];
	if (!strcmp(what, "write what is closed"))
		map(2, PROT_NONE)[7] = 1;
	if (!strcmp(what, "write what may be read")) {
		sink = map(2, PROT_READ)[PAGE];
		area[PAGE + 6] = 1;
	}
	if (!strcmp(what, "add to what may be read"))
		__atomic_fetch_add((int *)(map(1, PROT_READ) + 8), 1, __ATOMIC_SEQ_CST);
	if (!strcmp(what, "closed later")) {
		map(3, RW)[PAGE] = 1;
		protect("  mprotect", area + PAGE, 1, PROT_NONE);
		area[PAGE - 1] = area[2 * PAGE] = 1;
		sink = area[PAGE];
	}
	if (!strcmp(what, "given back and written")) {
		map(2, PROT_READ);
		madvise(area, 2 * PAGE, MADV_DONTNEED);
		area[3] = 1;
	}
	if (!strcmp(what, "moved and written")) {
		map(4, PROT_READ);
		area = mremap(area, 4 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
		area[39 * PAGE] = 1;
	}
	if (!strcmp(what, "a file written"))
		of_file();
	/* Where in the page depends on how the library copies. */
	if (!strcmp(what, "copy to what is closed") || !strcmp(what, "fill what is closed") ||
	    !strcmp(what, "copy from what is closed") || !strcmp(what, "move far")) {
		char *at = map(102, RW);

		mprotect(at + 100 * PAGE, PAGE, strstr(what, "from") ? PROT_NONE : PROT_READ);
		area += 100 * PAGE;
		any_place = 1;
		if (!strcmp(what, "copy to what is closed"))
			memcpy(area - 1000, at, 1500);
		if (!strcmp(what, "copy from what is closed"))
			memcpy(at, area - 1000, 1500);
		if (!strcmp(what, "fill what is closed"))
			memset(at + PAGE, 1, 101 * PAGE);
		if (!strcmp(what, "move far"))
			memmove(at + 2 * PAGE, at, 99 * PAGE + 1);
	}
	if (!strcmp(what, "a thread's stack"))
		in_thread();
}

static void *open_and_close(void *at)
{
	for (;;) {
		mprotect(at, 32 * PAGE, PROT_NONE);
		mprotect(at, 32 * PAGE, PROT_READ);
		mprotect(at, 32 * PAGE, RW);
	}
	return NULL;
}

/* Copies by the kernel and by this program, until one faults. */
static int race(void)
{
	char *at = map(32, RW), *other = malloc(32 * PAGE);
	pthread_t thread;
	int fds[2], i;

	handle(SIGSEGV, caught, 0);
	ends_well = 1;
	/* A write that faults leaves an empty buffer in the pipe, which may so be full of nothing. */
	if (pipe2(fds, O_NONBLOCK) || pthread_create(&thread, NULL, open_and_close, at))
		return 1;
	for (i = 0; i < 20000; i++) {
		syscall(SYS_getrandom, at, 8 * PAGE, 0);
		sink = write(fds[1], at + PAGE, 4096) + read(fds[0], other, 4096);
		syscall(SYS_futex, at, FUTEX_WAKE_OP_PRIVATE, 1, 1L, at + 64, 0x01000000);
	}
	for (;;) {
		memset(at, i++, 32 * PAGE);
		memcpy(other, at, 32 * PAGE);
	}
}

int main(int argc, char **argv)
{
	static const char *const cases[] = {
		"read what is closed", "write what is closed", "write what may be read",
		"add to what may be read", "closed later", "given back and written",
		"moved and written", "a file written", "copy to what is closed",
		"copy from what is closed", "fill what is closed", "move far", "a thread's stack",
	};
	unsigned int i;

	if (argc > 1 && !strcmp(argv[1], "race"))
		return race();
	if (argc > 1) {
		handle(SIGSEGV, caught, SA_ONSTACK);
		fault(argv[1]);
		return 0;
	}
	system_calls();
	changes();
	many();
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		say("%s:", cases[i]);
		finish("  it", start(cases[i], ""));
	}
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * mmap and its kin at their edges. Only what a machine without MMU can do too:
 * no writable shared files. What protection forbids is in protect.c.
 */
#include "probe.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int file;

static void mapped(const char *what, const void *at)
{
	say("%s: %s", what, at == MAP_FAILED ? error_name(errno) : "ok");
}

static char *map(unsigned long pages)
{
	char *at = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);

	if (at == MAP_FAILED)
		say("mmap of %lu pages: %s", pages, error_name(errno));
	return at;
}

/* Every page begins with this byte and ends with it. */
static int holds(const char *at, unsigned long pages, int byte)
{
	for (unsigned long i = 0; i < pages; i++)
		if (at[i * PAGE] != (char)byte || at[i * PAGE + PAGE - 1] != (char)byte)
			return 0;
	return 1;
}

static void make_file(void)
{
	char page[PAGE], name[64];
	int i;

	snprintf(name, sizeof(name), "/tmp/probe-mm-%d", getpid());
	file = open(name, O_RDWR | O_CREAT, 0600);
	unlink(name);
	for (i = 1; i <= 3; i++) {
		memset(page, i, sizeof(page));
		if (write(file, page, i == 3 ? 100 : PAGE) < 0)
			say("write: %s", error_name(errno));
	}
}

static void arguments(void)
{
	int folder = open("/tmp", O_RDONLY), fds[2];
	char *at = map(4);

	mapped("no length", mmap(NULL, 0, RW, ANON, -1, 0));
	mapped("more than there is", mmap(NULL, (size_t)-PAGE, RW, ANON, -1, 0));
	mapped("neither private nor shared", mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	mapped("no file", mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0));
	mapped("a folder", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0));
	if (!pipe(fds))
		mapped("a pipe", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0));
	mapped("an odd offset", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100));
	mapped("a fixed odd place", mmap(at + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	mapped("an odd hint", mmap(at + 1, PAGE, RW, ANON, -1, 0));
	mapped("a hint", mmap(at + 64 * PAGE, PAGE, RW, ANON, -1, 0));
	mapped("flags that only advise", mmap(NULL, PAGE, RW, ANON | MAP_POPULATE | MAP_NORESERVE |
	       MAP_STACK | MAP_LOCKED, -1, 0));
	mapped("shared anonymous", mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	mapped("shared and checked", mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
	mapped("no access", mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0));
	outcome("munmap at an odd place", munmap(at + 1, PAGE));
	outcome("munmap of no length", munmap(at, 0));
	outcome("munmap of an odd length", munmap(at + 3 * PAGE, 1));
	outcome("munmap of what is not", munmap(at + 3 * PAGE, PAGE));
	outcome("munmap with holes", munmap(at, 4 * PAGE));
	outcome("mprotect of what is not", mprotect(at, PAGE, PROT_READ));
	at = map(4);
	outcome("mprotect at an odd place", syscall(SYS_mprotect, at + 1, PAGE, PROT_READ));
	outcome("mprotect with odd bits", mprotect(at, PAGE, 0x100));
	outcome("mprotect of nothing", mprotect(at, 0, PROT_READ));
	outcome("mprotect", mprotect(at, PAGE, PROT_READ));
	outcome("mprotect back", mprotect(at, 4 * PAGE, RW));
	at[0] = 1;
	close(folder);
}

static void placed(void)
{
	char *at = map(8), *got;

	memset(at, 7, 8 * PAGE);
	got = mmap(at + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	say("fixed over a part: there %d, zero %d, around %d %d", got == at + 2 * PAGE,
	    holds(got, 2, 0), holds(at, 2, 7), holds(at + 4 * PAGE, 4, 7));
	mapped("not to replace", mmap(at + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	munmap(at + 3 * PAGE, PAGE);
	got = mmap(at + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	say("in a hole %d, zero %d", got == at + 3 * PAGE, holds(got, 1, 0));
	munmap(at, 8 * PAGE);

	at = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, file, 0);
	say("a file: %d %d %d, behind its end %d", holds(at, 1, 1), holds(at + PAGE, 1, 2),
	    at[2 * PAGE] == 3 && at[2 * PAGE + 99] == 3, at[2 * PAGE + 100]);
	at[0] = 9;
	lseek(file, 0, SEEK_SET);
	if (read(file, at + PAGE, 1) == 1)
		say("private: the file keeps %d", at[PAGE]);
	outcome("MADV_DONTNEED", madvise(at, 2 * PAGE, MADV_DONTNEED));
	say("the file's again: %d %d", holds(at, 1, 1), holds(at + PAGE, 1, 2));
	munmap(at, 4 * PAGE);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, PAGE);
	say("from its second page: %d", holds(at, 1, 2));
	munmap(at, PAGE);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	say("shared to read: %d", holds(at, 1, 1));
	munmap(at, PAGE);
}

static void moved(void)
{
	char *at = map(4), *to = map(16), *got;

	memset(at, 5, 4 * PAGE);
	got = mremap(at, 4 * PAGE, 2 * PAGE, 0);
	say("shrunk: stays %d, holds %d", got == at, holds(at, 2, 5));
	mapped("the rest is free", mmap(at + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	mapped("no room to grow", mremap(at, 2 * PAGE, 4 * PAGE, 0));
	got = mremap(at, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	say("grown: holds %d, then zero %d", holds(got, 2, 5), holds(got + 2 * PAGE, 62, 0));
	at = got;
	got = mremap(at, 64 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	say("fixed: there %d, holds %d", got == to, holds(to, 2, 5));
	mapped("over itself", mremap(to, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE));
	mapped("fixed but not to move", mremap(to, 2 * PAGE, 2 * PAGE, MREMAP_FIXED, at));
	mapped("what is not", mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	mapped("an odd place", mremap(to + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	mapped("to nothing", mremap(to, PAGE, 0, 0));
	mapped("a private one twice", mremap(to, 0, PAGE, MREMAP_MAYMOVE));
	mapped("bad flags", mremap(to, PAGE, PAGE, 64));
	got = mremap(to, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */);
	say("left mapped: holds %d, zero %d", holds(got, 2, 5), holds(to, 2, 0));
}

static void advised(void)
{
	static const int advices[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
				       MADV_DONTFORK, MADV_DOFORK, MADV_COLD, MADV_PAGEOUT };
	unsigned char resident[4] = { 0 };
	char *at = map(4);
	unsigned int i;

	memset(at, 3, 4 * PAGE);
	for (i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (madvise(at, 4 * PAGE, advices[i]))
			say("advice %d: %s", advices[i], error_name(errno));
	say("still %d", holds(at, 4, 3));
	outcome("MADV_DONTNEED", madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED));
	say("gone %d, around %d %d", holds(at + PAGE, 2, 0), holds(at, 1, 3), holds(at + 3 * PAGE, 1, 3));
	munmap(at + PAGE, PAGE);
	outcome("with a hole", madvise(at, 4 * PAGE, MADV_DONTNEED));
	say("done all the same %d", holds(at, 1, 0) && holds(at + 3 * PAGE, 1, 0));
	outcome("an odd place", madvise(at + 1, PAGE, MADV_DONTNEED));
	outcome("no such advice", madvise(at, PAGE, 77));
	outcome("of nothing", madvise(at, 0, MADV_DONTNEED));
	outcome("MADV_FREE", madvise(at, PAGE, MADV_FREE));
	at[0] = 1;
	outcome("mincore", mincore(at, PAGE, resident));
	say("resident %d", resident[0] & 1);
	outcome("mincore of a hole", mincore(at, 2 * PAGE, resident));
	outcome("mlock", mlock(at, PAGE));
	outcome("mlock of a hole", mlock(at + PAGE, PAGE));
	outcome("munlock", munlock(at, PAGE));
	outcome("mlockall", mlockall(MCL_CURRENT));
	outcome("mlockall of nothing", mlockall(0));
	outcome("munlockall", munlockall());
	outcome("msync", msync(at, PAGE, MS_SYNC));
	outcome("msync both ways", msync(at, PAGE, MS_SYNC | MS_ASYNC));
	outcome("msync of a hole", msync(at + PAGE, PAGE, MS_ASYNC));
}

static void the_break(void)
{
	char *start = (char *)syscall(SYS_brk, 0), *end = start + 20 * PAGE;

	say("up %d", (char *)syscall(SYS_brk, end) == end);
	say("zero %d", holds((char *)(((uintptr_t)start + PAGE - 1) & -PAGE), 19, 0));
	memset(start, 6, 20 * PAGE);
	say("down %d", (char *)syscall(SYS_brk, start + PAGE) == start + PAGE);
	say("kept %d", start[0] == 6);
	say("up %d", (char *)syscall(SYS_brk, end) == end);
	say("zero again %d", holds((char *)(((uintptr_t)start + 3 * PAGE) & -PAGE), 16, 0));
	say("too low: stays %d", (char *)syscall(SYS_brk, 1) == end);
	syscall(SYS_brk, start);
}

static void others_memory(void)
{
	static int secret = 1;
	struct iovec mine = { &secret, sizeof(secret) }, theirs = { (void *)8, 4 };
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return;
	dup2(fds[1], 50);
	pid = start("secret", "");
	if (read(fds[0], &theirs.iov_base, sizeof(void *)) != sizeof(void *))
		say("no address");
	outcome("process_vm_readv", process_vm_readv(pid, &mine, 1, &theirs, 1, 0));
	say("secret %d", secret);
	secret = 31;
	outcome("process_vm_writev", process_vm_writev(pid, &mine, 1, &theirs, 1, 0));
	kill(pid, SIGUSR1);
	finish("it", pid);
	theirs.iov_base = (void *)8;
	outcome("at null", process_vm_readv(getpid(), &mine, 1, &theirs, 1, 0));
	outcome("of nobody", process_vm_readv(0x3fffffff, &mine, 1, &theirs, 1, 0));
}

static volatile int secret = 4711;

static void quit(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	_exit(secret);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "secret")) {
		volatile int *place = &secret;

		handle(SIGUSR1, quit, 0);
		if (write(50, &place, sizeof(place)) != sizeof(place))
			return 1;
		for (;;)
			pause();
	}
	make_file();
	arguments();
	placed();
	moved();
	advised();
	the_break();
	others_memory();
	return 0;
}

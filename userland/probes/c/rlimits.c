/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Resource limits: setting them, and what happens at each. Run as root. */
#include "probe.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define MIB (1024 * 1024L)

static void limit(int resource, rlim_t soft)
{
	struct rlimit now;

	getrlimit(resource, &now);
	now.rlim_cur = soft;
	if (setrlimit(resource, &now))
		say("setrlimit: %s", error_name(errno));
}

static void *map(long bytes, int prot)
{
	return mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void said(const char *what, void *at)
{
	say("  %s: %s", what, at == MAP_FAILED ? error_name(errno) : "ok");
}

static long size_of(const char *key)
{
	char text[4096], *line;
	int fd = open("/proc/self/status", O_RDONLY), len = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len < 0 ? 0 : len] = 0;
	line = strstr(text, key);
	return line ? atol(line + strlen(key)) * 1024 : -1;
}

/* The call itself: one C library does not move the break. */
static void say_break(void)
{
	long now = syscall(SYS_brk, 0);

	say("  brk within %d, beyond %d", syscall(SYS_brk, now + MIB) == now + MIB,
	    syscall(SYS_brk, now + 16 * MIB) == now + 16 * MIB);
}

static int address_space(void)
{
	void *at = map(8 * MIB, PROT_READ | PROT_WRITE);

	limit(RLIMIT_AS, size_of("VmSize:") + 4 * MIB);
	said("within", map(2 * MIB, PROT_READ | PROT_WRITE));
	said("beyond", map(8 * MIB, PROT_READ | PROT_WRITE));
	said("beyond, no access", map(8 * MIB, PROT_NONE));
	said("mremap beyond", mremap(at, 8 * MIB, 32 * MIB, MREMAP_MAYMOVE));
	say_break();
	munmap(at, 8 * MIB);
	said("after unmapping", map(8 * MIB, PROT_READ | PROT_WRITE));
	return 0;
}

static int data(void)
{
	limit(RLIMIT_DATA, size_of("VmData:") + 4 * MIB);
	said("within", map(2 * MIB, PROT_READ | PROT_WRITE));
	said("beyond", map(8 * MIB, PROT_READ | PROT_WRITE));
	said("not to write", map(8 * MIB, PROT_READ));
	say_break();
	return 0;
}

static int files(void)
{
	int first = dup(0), last = -1, fd;

	close(first);
	limit(RLIMIT_NOFILE, first + 5);
	while ((fd = dup(0)) >= 0)
		last = fd;
	say("  dup: %s, last %d", error_name(errno), last - first);
	outcome("  open", open("/dev/null", O_RDONLY));
	outcome("  dup2 beyond", dup2(0, first + 5));
	outcome("  F_DUPFD beyond", fcntl(0, F_DUPFD, first + 5));
	outcome("  pipe", pipe((int[2]) { 0 }));
	/* Does not take away what is open. */
	limit(RLIMIT_NOFILE, 0);
	outcome("  close", close(last));
	outcome("  again", dup(0));
	return 0;
}

static int file_size(const char *how)
{
	char name[64], bytes[3000] = "";
	int fd;

	snprintf(name, sizeof(name), "/tmp/probe-fsize-%d", getpid());
	fd = open(name, O_RDWR | O_CREAT, 0600);
	unlink(name);
	limit(RLIMIT_FSIZE, 5000);
	if (*how)
		signal(SIGXFSZ, SIG_IGN);
	outcome("  within", write(fd, bytes, 3000));
	outcome("  cut", write(fd, bytes, 3000));
	outcome("  ftruncate within", ftruncate(fd, 5000));
	outcome("  beyond", write(fd, bytes, 3000));
	outcome("  ftruncate beyond", ftruncate(fd, 5001));
	outcome("  lseek beyond", lseek(fd, 6000, SEEK_SET));
	return 0;
}

static void *nothing(void *arg) { sleep_ms(50); return arg; }

static int processes(void)
{
	pthread_t thread;

	limit(RLIMIT_NPROC, 2);
	if (setgid(54321) || setuid(54321))
		return 1;
	thread_outcome("  a thread", pthread_create(&thread, NULL, nothing, NULL));
	thread_outcome("  one more", pthread_create(&thread, NULL, nothing, NULL));
	return 0;
}

static int unprivileged(void)
{
	struct rlimit now = { 100, 200 };

	setrlimit(RLIMIT_NOFILE, &now);
	if (setgid(54321) || setuid(54321))
		return 1;
	now.rlim_cur = 150;
	outcome("  soft up", setrlimit(RLIMIT_NOFILE, &now));
	now.rlim_cur = 201;
	outcome("  soft above hard", setrlimit(RLIMIT_NOFILE, &now));
	now.rlim_max = 300;
	outcome("  hard up", setrlimit(RLIMIT_NOFILE, &now));
	now.rlim_cur = now.rlim_max = 120;
	outcome("  hard down", setrlimit(RLIMIT_NOFILE, &now));
	outcome("  of init", prlimit(1, RLIMIT_NOFILE, NULL, &now));
	return 0;
}

static int locked(void)
{
	char *at = map(MIB, PROT_READ | PROT_WRITE);

	limit(RLIMIT_MEMLOCK, 65536);
	if (setgid(54321) || setuid(54321))
		return 1;
	outcome("  mlock within", mlock(at, 65536));
	outcome("  mlock beyond", mlock(at, MIB));
	outcome("  mlockall", mlockall(MCL_CURRENT | MCL_FUTURE));
	return 0;
}

static int child(const char *role, const char *argument)
{
	if (!strcmp(role, "address space"))
		return address_space();
	if (!strcmp(role, "data"))
		return data();
	if (!strcmp(role, "files"))
		return files();
	if (!strcmp(role, "file size"))
		return file_size(argument);
	if (!strcmp(role, "processes"))
		return processes();
	if (!strcmp(role, "unprivileged"))
		return unprivileged();
	if (!strcmp(role, "locked"))
		return locked();
	if (!strcmp(role, "sleep"))
		sleep_ms(5000);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const roles[][2] = {
		{ "address space", "" }, { "data", "" }, { "files", "" }, { "file size", "" },
		{ "file size", "ignored" }, { "processes", "" }, { "unprivileged", "" },
		{ "locked", "" },
	};
	struct rlimit now = { 1, 2 }, old;
	unsigned int i;
	pid_t pid;

	if (argc > 2)
		return child(argv[1], argv[2]);
	outcome("no such limit", getrlimit(99, &now));
	now.rlim_cur = 3;
	now.rlim_max = 2;
	outcome("soft above hard", setrlimit(RLIMIT_CORE, &now));
	pid = start("sleep", "");
	now.rlim_cur = 11;
	now.rlim_max = 22;
	outcome("prlimit of a child", prlimit(pid, RLIMIT_CORE, &now, &old));
	prlimit(pid, RLIMIT_CORE, NULL, &old);
	say("has now %d %d", (int)old.rlim_cur, (int)old.rlim_max);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		say("%s %s:", roles[i][0], roles[i][1]);
		finish("  it", start(roles[i][0], roles[i][1]));
	}
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * vfork(2): what is the child's own, what it shares, and that its parent waits.
 * Beyond what POSIX allows in the child, all that Linux documents of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include "transcript.h"

extern char **environ;

static volatile int shared;
static volatile pid_t handler_pid;
static volatile int handled;

static void handler(int signal)
{
	handled++;
	handler_pid = getpid();
}

static void ids(void)
{
	pid_t me = getpid(), pid = vfork();
	if (!pid) {
		say("child: own id %d, own thread id %d, parent %d\n", getpid() != me,
			syscall(SYS_gettid) == getpid(), getppid() == me);
		shared = getpid();
		_exit(7);
	}
	say("parent: own id %d, told the child's %d\n", getpid() == me, shared == pid);
	say_end("_exit", pid);
}

static void exec(void)
{
	pid_t pid = vfork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "echo from sh; exit 3", (char *)0);
		_exit(126);
	}
	say_end("exec", pid);

	pid = vfork();
	if (!pid) {
		execl("/nonexistent/program", "program", (char *)0);
		shared = errno;
		_exit(127);
	}
	say_end("exec of nothing", pid);
	say("errno %s\n", shared == ENOENT ? "ENOENT" : strerror(shared));

	pid = vfork();
	if (!pid) {
		char *arguments[] = { "sh", "-c", "echo $A-$B", 0 };
		char *environment[] = { "A=1", "B=2", 0 };
		execve("/bin/sh", arguments, environment);
		_exit(126);
	}
	say_end("exec with an environment", pid);
	say("own environment: %d\n", getenv("PATH") != 0);
}

static void descriptors(void)
{
	/* Not automatic: those are undefined when changed before a second return. */
	static int waiting;
	int ends[2], n;
	char text[64] = "";
	if (pipe(ends))
		return;
	pid_t pid = vfork();
	if (!pid) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", "echo through a pipe", (char *)0);
		_exit(126);
	}
	say("still open: %d %d\n", fcntl(ends[0], F_GETFD), fcntl(ends[1], F_GETFD));
	say_end("redirected", pid);
	n = read(ends[0], text, sizeof text - 1);
	say("read %d bytes: %s", n, text);

	pid = vfork();
	if (!pid) {
		if (write(ends[1], "12345", 5) == 5)
			ioctl(ends[0], FIONREAD, &waiting);
		_exit(0);
	}
	say_end("ioctl", pid);
	say("%d bytes wait\n", waiting);
}

static void own_state(void)
{
	char before[256], after[256];
	struct rlimit limit;
	sigset_t set, now;
	pid_t group = getpgrp(), session = getsid(0);
	if (!getcwd(before, sizeof before))
		return;
	signal(SIGUSR1, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, 0);

	pid_t pid = vfork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, 0, &now);
		say("child: mask %d %d\n", sigismember(&now, SIGUSR2), sigismember(&now, SIGUSR1));
		signal(SIGUSR1, SIG_IGN);
		sigfillset(&now);
		sigprocmask(SIG_SETMASK, &now, 0);
		umask(0123);
		say("child: chdir %d, setsid %d\n", chdir("/"), setsid() == getpid());
		say("child: group %d, session %d\n", getpgrp() == getpid(), getsid(0) == getpid());
		limit = (struct rlimit){ 17, 17 };
		setrlimit(RLIMIT_NOFILE, &limit);
		execl("/bin/sh", "sh", "-c", "pwd; umask; ulimit -n", (char *)0);
		_exit(126);
	}
	say_end("own state", pid);
	sigprocmask(SIG_SETMASK, 0, &now);
	say("parent: mask %d %d\n", sigismember(&now, SIGUSR2), sigismember(&now, SIGUSR1));
	getrlimit(RLIMIT_NOFILE, &limit);
	say("parent: limit kept %d, directory kept %d\n", limit.rlim_cur != 17,
		getcwd(after, sizeof after) && !strcmp(before, after));
	say("parent: group kept %d, session kept %d\n", getpgrp() == group, getsid(0) == session);
	handled = 0;
	raise(SIGUSR1);
	say("parent: handler kept %d\n", handled);

	pid = vfork();
	if (!pid) {
		setpgid(0, 0);
		_exit(getpgrp() == getpid() ? 0 : 1);
	}
	say_end("setpgid", pid);
}

static void signals(void)
{
	pid_t me = getpid(), pid;
	signal(SIGUSR1, handler);
	handled = 0;
	pid = vfork();
	if (!pid) {
		kill(me, SIGUSR1);
		say("child: signalled its parent, which has run %d\n", handled);
		_exit(0);
	}
	say_end("signal to the parent", pid);
	say("parent: ran %d, in the parent %d\n", handled, handler_pid == me);

	handled = 0;
	pid = vfork();
	if (!pid) {
		raise(SIGUSR1);
		say("child: ran %d, in the child %d\n", handled, handler_pid == getpid());
		signal(SIGUSR1, SIG_DFL);
		raise(SIGUSR1);
		_exit(0);
	}
	say_end("raise", pid);
	pid = vfork();
	if (!pid) {
		kill(getpid(), SIGKILL);
		_exit(0);
	}
	say_end("kill", pid);
	pid = vfork();
	if (!pid) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		abort();
	}
	say_end("abort", pid);
	say("parent: handler kept %d\n", signal(SIGUSR1, SIG_DFL) == handler);
}

static void death_signal(void)
{
	static int found = -1, set = -1;
	pid_t pid = vfork();
	if (!pid) {
		prctl(PR_GET_PDEATHSIG, &found);
		prctl(PR_SET_PDEATHSIG, SIGUSR2);
		prctl(PR_GET_PDEATHSIG, &set);
		_exit(prctl(PR_SET_PDEATHSIG, 1000) == -1 && errno == EINVAL ? 0 : 1);
	}
	say_end("prctl", pid);
	say("death signal %d, then %d\n", found, set);
}

static long millis(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void suspended(void)
{
	long start = millis();
	pid_t pid = vfork();
	if (!pid) {
		usleep(60000);
		_exit(0);
	}
	say("waited: %d\n", millis() - start >= 60);
	say_end("sleeper", pid);
}

static int to_child[2];

static void *other(void *arg)
{
	/* The thread that calls vfork is in its child now, and reads. */
	usleep(50000);
	*(pid_t *)arg = getpid();
	return write(to_child[1], "x", 1) == 1 ? arg : 0;
}

static void threads(void)
{
	pid_t seen = 0, me = getpid(), pid;
	pthread_t thread;
	char byte = 0;
	if (pipe(to_child) || pthread_create(&thread, 0, other, &seen))
		return;
	pid = vfork();
	if (!pid) {
		int n = read(to_child[0], &byte, 1);
		say("child: read %d while another thread ran\n", n);
		_exit(0);
	}
	say_end("beside a thread", pid);
	pthread_join(thread, 0);
	say("the other thread was in the parent: %d\n", seen == me);
}

static void nested(void)
{
	pid_t pid = vfork();
	if (!pid) {
		pid_t child = getpid(), inner = vfork();
		if (!inner) {
			say("grandchild: parent %d\n", getppid() == child);
			_exit(5);
		}
		say_end("grandchild", inner);
		char *arguments[] = { "sh", "-c", "exit 4", 0 };
		int error = posix_spawn(&inner, "/bin/sh", 0, 0, arguments, environ);
		say("spawn in the child: %d\n", error);
		say_end("spawned", inner);
		say("child again: %d\n", getpid() == child);
		_exit(6);
	}
	say_end("child", pid);
}

static void memory(void)
{
	/* One memory: what the child maps is there in the parent, too. */
	char *volatile map = 0;
	pid_t pid = vfork();
	if (!pid) {
		map = mmap(0, 100000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
		strcpy(map, "mapped by the child");
		_exit(0);
	}
	say_end("mmap", pid);
	say("%s\n", map);
	say("unmapped: %d\n", munmap(map, 100000));
}

static void many(void)
{
	volatile int good = 0;
	for (volatile int i = 0; i < 300; i++) {
		int status;
		pid_t pid = vfork();
		if (!pid)
			_exit(i % 100);
		if (waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == i % 100)
			good++;
	}
	say("good: %d\n", good);
}

static void relatives(void)
{
	char text[64] = "";
	say("system: %d\n", WEXITSTATUS(system("exit 9")));
	FILE *file = popen("echo from popen", "r");
	if (file && fgets(text, sizeof text, file))
		say("popen: %s", text);
	say("pclose: %d\n", file ? pclose(file) : -1);
	say("left to wait for: %d\n", waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD ? 0 : 1);
}

/* For a test of its own: a parent that is killed in the middle. */
static int orphan(void)
{
	if (!vfork()) {
		say("%d\n", getpid());
		pause();
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "orphan"))
		return orphan();
	ids();
	exec();
	descriptors();
	own_state();
	signals();
	death_signal();
	suspended();
	threads();
	nested();
	memory();
	many();
	relatives();
	return 0;
}

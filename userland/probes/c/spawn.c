/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * posix_spawn(3) with its attributes and file actions. The child is this
 * program again, "spawn report", which says in what state it was started.
 *
 *   spawn              the transcript
 *   spawn priority     one that needs privileges: a child with a real-time policy
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include "transcript.h"

extern char **environ;

static int report(void)
{
	char directory[256] = "";
	struct sigaction one, two;
	sigset_t mask;

	sigprocmask(SIG_SETMASK, 0, &mask);
	sigaction(SIGUSR1, 0, &one);
	sigaction(SIGUSR2, 0, &two);
	say("  group own %d parent's %d, session own %d\n", getpgrp() == getpid(),
		getpgrp() == getpgid(getppid()), getsid(0) == getpid());
	say("  blocked %d %d, ignored %d %d\n", sigismember(&mask, SIGUSR1),
		sigismember(&mask, SIGUSR2), one.sa_handler == SIG_IGN, two.sa_handler == SIG_IGN);
	say("  directory %s, A=%s\n", getcwd(directory, sizeof directory), getenv("A"));
	say("  files:");
	for (int fd = 0; fd < 20; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			say(" %d", fd);
	say("\n");
	return 11;
}

static int policy(void)
{
	struct sched_param param = { .sched_priority = 0 };
	sched_getparam(0, &param);
	say("policy %d, priority %d\n", sched_getscheduler(0), param.sched_priority);
	return 0;
}

static void spawn(const char *what, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes)
{
	char *arguments[] = { "spawn", "report", 0 };
	pid_t pid = -1;
	say("%s\n", what);
	int error = posix_spawn(&pid, "/proc/self/exe", actions, attributes, arguments, environ);
	if (error)
		say("  error %s\n", strerror(error));
	else
		say_end("  end", pid);
}

static void handler(int signal)
{
}

static void attributes(void)
{
	posix_spawnattr_t attr;
	struct sched_param param = { .sched_priority = 5 };
	sigset_t set;
	short flags;
	int number;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	spawn("its own group", 0, &attr);
	posix_spawnattr_setpgroup(&attr, 999999);
	spawn("a group that is not there", 0, &attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	spawn("its own session", 0, &attr);

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	spawn("ignored signals", 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	spawn("a default action", 0, &attr);
	signal(SIGUSR2, handler);
	spawn("a handler is no handler there", 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, 0);
	spawn("inherited mask", 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	spawn("a mask", 0, &attr);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, 0);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);

	posix_spawnattr_setflags(&attr, POSIX_SPAWN_RESETIDS);
	spawn("real ids", 0, &attr);

	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setschedpolicy(&attr, SCHED_OTHER);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
	spawn("a priority that its policy does not have", 0, &attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDPARAM);
	spawn("the same without a policy", 0, &attr);
	param.sched_priority = 0;
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID);
	spawn("the usual policy, and a session", 0, &attr);

	posix_spawnattr_getflags(&attr, &flags);
	posix_spawnattr_getschedpolicy(&attr, &number);
	posix_spawnattr_getschedparam(&attr, &param);
	say("flags %d, policy %d, priority %d\n",
		flags == (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID), number,
		param.sched_priority);
	say("policy 77: %s\n", strerror(posix_spawnattr_setschedpolicy(&attr, 77)));
	say("unknown flag: %s\n", strerror(posix_spawnattr_setflags(&attr, 0x4000)));
	posix_spawnattr_destroy(&attr);
}

static void file_actions(void)
{
	posix_spawn_file_actions_t actions;
	char directory[] = "/tmp/spawn-XXXXXX", path[64], text[256] = "";
	int fd, root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!mkdtemp(directory) || root < 0)
		return;
	snprintf(path, sizeof path, "%s/file", directory);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 9, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 9, 10);
	posix_spawn_file_actions_addclose(&actions, 9);
	posix_spawn_file_actions_adddup2(&actions, root, 11);
	spawn("open, dup2, close", &actions, 0);
	posix_spawn_file_actions_destroy(&actions);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, root, root);
	posix_spawn_file_actions_addclose(&actions, 0);
	spawn("dup2 to itself keeps it open", &actions, 0);
	posix_spawn_file_actions_destroy(&actions);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, "/proc");
	spawn("chdir", &actions, 0);
	posix_spawn_file_actions_addfchdir_np(&actions, root);
	spawn("fchdir", &actions, 0);
	posix_spawn_file_actions_addopen(&actions, 9, "tmp", O_RDONLY | O_DIRECTORY, 0);
	spawn("a relative name after it", &actions, 0);
	posix_spawn_file_actions_destroy(&actions);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_TRUNC, 0);
	char *arguments[] = { "sh", "-c", "echo to a file", 0 };
	pid_t pid = -1;
	int error = posix_spawnp(&pid, "sh", &actions, 0, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	say("posix_spawnp: %d\n", error);
	say_end("redirected", pid);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof text - 1) > 0)
		say("the file: %s", text);
	close(fd);

	const char *names[] = { "/nonexistent/file", "/proc" };
	for (int i = 0; i < 2; i++) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addopen(&actions, 9, names[i], O_WRONLY, 0);
		spawn("open fails", &actions, 0);
		posix_spawn_file_actions_destroy(&actions);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 777, 1);
	spawn("dup2 fails", &actions, 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, path);
	spawn("chdir fails", &actions, 0);
	posix_spawn_file_actions_destroy(&actions);
	say("negative: %s\n", strerror(posix_spawn_file_actions_addclose(&actions, -1)));

	error = posix_spawn(&pid, "/nonexistent/program", 0, 0, arguments, environ);
	say("no program: %s\n", strerror(error));
	error = posix_spawn(&pid, path, 0, 0, arguments, environ);
	say("no right to execute: %s\n", strerror(error));
	say("left to wait for: %d\n", waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD ? 0 : 1);
	unlink(path);
	rmdir(directory);
	close(root);
}

static int priority(void)
{
	posix_spawnattr_t attr;
	struct sched_param param = { .sched_priority = 7 };
	char *arguments[] = { "spawn", "policy", 0 };
	pid_t pid = -1;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setschedpolicy(&attr, SCHED_FIFO);
	posix_spawnattr_setschedparam(&attr, &param);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSCHEDULER);
	say("spawn: %d\n", posix_spawn(&pid, "/proc/self/exe", 0, &attr, arguments, environ));
	say_end("end", pid);
	return policy();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "report"))
		return report();
	if (argc > 1 && !strcmp(argv[1], "policy"))
		return policy();
	if (argc > 1 && !strcmp(argv[1], "priority"))
		return priority();
	/* What a test runner has left open. */
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	setenv("A", "b", 1);
	if (chdir("/tmp"))
		return 1;
	spawn("plain", 0, 0);
	attributes();
	file_actions();
	return 0;
}

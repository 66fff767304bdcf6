/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Parents and children: subreapers, death signals, waiting threads, what prctl(2) keeps. */
#include "probe.h"

#include <sys/prctl.h>

#ifndef __WNOTHREAD
#define __WNOTHREAD 0x20000000
#endif

static volatile int told;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	told++;
}

/* An orphan goes to the nearest ancestor that has asked for them. */
static void subreaper(void)
{
	int status, is_one = 0;
	pid_t orphan = 0, middle;
	int fds[2];

	outcome("PR_SET_CHILD_SUBREAPER", prctl(PR_SET_CHILD_SUBREAPER, 1));
	prctl(PR_GET_CHILD_SUBREAPER, &is_one);
	say("is one %d", is_one);
	if (pipe(fds))
		return;
	dup2(fds[1], 50);
	middle = start("middle", "");
	if (read(fds[0], &orphan, sizeof(orphan)) != sizeof(orphan))
		say("no orphan");
	waitpid(middle, &status, 0);
	say_status("middle", status);
	outcome("mine now", waitpid(orphan, &status, 0) == orphan);
	say_status("orphan", status);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* The parent's death is the death of the thread that has started the child. */
static void death_signal(void)
{
	int fds[2], status;
	char text[32] = "";
	pid_t middle;

	if (pipe(fds))
		return;
	dup2(fds[1], 50);
	close(fds[1]);
	middle = start("dying", "");
	waitpid(middle, &status, 0);
	close(50);
	if (read(fds[0], text, sizeof(text) - 1) < 0)
		say("read: %s", error_name(errno));
	say("the child of a dead parent: %s", text);
}

static void *wait_in_thread(void *options)
{
	int status = 0;
	pid_t pid = waitpid(-1, &status, (int)(intptr_t)options);

	if (pid < 0)
		say("  a thread's wait: %s", error_name(errno));
	else
		say_status("  a thread's wait", status);
	return NULL;
}

static void *start_in_thread(void *pid)
{
	*(pid_t *)pid = start("exit", "4");
	while (!told)
		sleep_ms(1);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	pid_t pid = 0;
	int status;

	say("another thread's child:");
	start("exit", "3");
	pthread_create(&thread, NULL, wait_in_thread, NULL);
	pthread_join(thread, NULL);
	start("exit", "3");
	pthread_create(&thread, NULL, wait_in_thread, (void *)__WNOTHREAD);
	pthread_join(thread, NULL);
	outcome("  its own", wait(&status) > 0);
	pthread_create(&thread, NULL, start_in_thread, &pid);
	while (!pid)
		sleep_ms(1);
	outcome("  with __WNOTHREAD", waitpid(-1, &status, __WNOTHREAD));
	outcome("  without", waitpid(-1, &status, 0) == pid);
	told = 1;
	pthread_join(thread, NULL);
}

static void settings(void)
{
	char name[16];
	int value = -1;

	outcome("PR_SET_NAME", prctl(PR_SET_NAME, "a name longer than sixteen"));
	prctl(PR_GET_NAME, name);
	say("name %s", name);
	outcome("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
	outcome("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0));
	outcome("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
	outcome("a bad value", prctl(PR_SET_DUMPABLE, 7));
	outcome("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGUSR1));
	prctl(PR_GET_PDEATHSIG, &value);
	say("value %d", value == SIGUSR1);
	outcome("a bad signal", prctl(PR_SET_PDEATHSIG, 100));
	outcome("PR_SET_TIMERSLACK", prctl(PR_SET_TIMERSLACK, 1000));
	outcome("PR_GET_TIMERSLACK", prctl(PR_GET_TIMERSLACK));
	outcome("PR_GET_KEEPCAPS", prctl(PR_GET_KEEPCAPS));
	outcome("no such thing", prctl(9999, 0, 0, 0, 0));
	outcome("PR_SET_NO_NEW_PRIVS wrongly", prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
}

static int dying(void)
{
	start("bereaved", "");
	/* Until the child has set its signal. */
	sleep_ms(100);
	return 0;
}

static int bereaved(void)
{
	pid_t parent = getppid();

	handle(SIGUSR1, note, 0);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	while (!told)
		sleep_ms(1);
	return write(50, getppid() != parent ? "told, adopted\0\0" : "told, not adopted", 16) < 0;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		const char *role = argv[1];
		pid_t pid;

		if (!strcmp(role, "exit"))
			return atoi(argv[2]);
		if (!strcmp(role, "dying"))
			return dying();
		if (!strcmp(role, "bereaved"))
			return bereaved();
		if (!strcmp(role, "orphan")) {
			sleep_ms(60);
			return 5;
		}
		pid = start("orphan", "");
		return write(50, &pid, sizeof(pid)) != sizeof(pid);
	}
	subreaper();
	death_signal();
	threads();
	settings();
	return 0;
}

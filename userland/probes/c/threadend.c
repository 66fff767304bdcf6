/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a process with threads ends, and how it becomes another program. */
#include "probe.h"

#include <dirent.h>

static pthread_barrier_t barrier;

static void *spin(void *arg)
{
	volatile unsigned long work = 0;

	for (;;)
		work++;
	return arg;
}

static void *block(void *arg) { for (;;) pause(); return arg; }

static void *do_exit(void *arg)
{
	sleep_ms(20);
	exit((int)(intptr_t)arg);
}

static void *do_kill(void *arg)
{
	sleep_ms(20);
	pthread_kill(pthread_self(), (int)(intptr_t)arg);
	return NULL;
}

static void *outlive(void *arg)
{
	sleep_ms(40);
	say("  the leader has gone, %d thread left", arg == NULL);
	return NULL;
}

static int threads_here(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	int found = 0;

	while (tasks && (entry = readdir(tasks)))
		found += entry->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	return found;
}

static void *do_exec(void *arg)
{
	char *const args[] = { "probe", "became", arg, NULL };
	char id[16];

	sleep_ms(20);
	snprintf(id, sizeof(id), "%d", getpid());
	setenv("PROBE_ID", id, 1);
	execv("/proc/self/exe", args);
	say("exec: %s", error_name(errno));
	exit(1);
}

static void *bad_exec(void *arg)
{
	char *const args[] = { "probe", NULL };

	outcome("  exec of nothing", execv("/nowhere", args));
	return arg;
}

static void at_end(void) { say("  atexit runs"); }

static int child(const char *how)
{
	pthread_t thread;
	int i;

	for (i = 0; strcmp(how, "last thread") && i < 4; i++)
		pthread_create(&thread, NULL, i % 2 ? spin : block, NULL);
	if (strcmp(how, "last thread"))
		say("  threads %d", threads_here());
	atexit(at_end);
	if (!strcmp(how, "exit in a thread"))
		pthread_create(&thread, NULL, do_exit, (void *)5);
	if (!strcmp(how, "signal in a thread"))
		pthread_create(&thread, NULL, do_kill, (void *)SIGTERM);
	if (!strcmp(how, "return from main"))
		return 6;
	if (!strcmp(how, "_exit"))
		_exit(7);
	if (!strcmp(how, "last thread")) {
		pthread_create(&thread, NULL, outlive, NULL);
		pthread_exit(NULL);
	}
	if (!strcmp(how, "exec in a thread")) {
		pthread_create(&thread, NULL, bad_exec, NULL);
		pthread_join(thread, NULL);
		pthread_create(&thread, NULL, do_exec, "thread");
	}
	if (!strcmp(how, "exec in main"))
		do_exec("main");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const char *const ways[] = {
		"exit in a thread", "signal in a thread", "return from main", "_exit",
		"last thread", "exec in a thread", "exec in main",
	};
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, 1);
	if (argc > 2 && !strcmp(argv[1], "became")) {
		/* The thread that called exec is the only one, and the leader now. */
		say("  became another by %s: same id %d, leader %d, threads %d", argv[2],
		    atoi(getenv("PROBE_ID")) == getpid(), gettid() == getpid(), threads_here());
		return 8;
	}
	if (argc > 2)
		return child(argv[2]);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		say("%s:", ways[i]);
		finish("  it", start("child", ways[i]));
	}
	return 0;
}

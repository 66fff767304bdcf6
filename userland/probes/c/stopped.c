/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a stop and a SIGCONT do to each system call that waits, without any
 * handler. A child stops and continues this process; what the call waits for
 * comes afterwards. See signal(7), "Interruption of system calls and library
 * functions by stop signals".
 */
#define EVENT_AFTER_MS	220
#include "blocking.h"

static void *wake_later(void *wake)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	sleep_ms(EVENT_AFTER_MS);
	((void (*)(void))wake)();
	return NULL;
}

static void try(const struct blocking *call)
{
	char me[16];
	pthread_t thread;
	long result, begun;

	begin(call);
	snprintf(me, sizeof(me), "%d", getpid());
	start("stop", me);
	begun = clock_ms(CLOCK_MONOTONIC);
	if (pthread_create(&thread, NULL, wake_later, (void *)call->wake))
		exit(97);
	result = call->call();
	say("%s: %s", call->what, result < 0 ? error_name(errno) : "done");
	if (strstr(call->what, "nanosleep"))
		say("  slept as long as asked %d", clock_ms(CLOCK_MONOTONIC) - begun >= 490);
	pthread_join(thread, NULL);
	end(call);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc > 2 && !strcmp(argv[1], "stop")) {
		sleep_ms(40);
		kill(atoi(argv[2]), SIGSTOP);
		sleep_ms(30);
		kill(atoi(argv[2]), SIGCONT);
		return 0;
	}
	if (argc > 2) {
		sleep_ms(atoi(argv[2]));
		return 0;
	}
	for (i = 0; i < CALLS; i++) {
		if (calls[i].wake != wake_never)
			try(&calls[i]);
	}
	return 0;
}

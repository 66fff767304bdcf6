/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a handler does to each system call that waits, without SA_RESTART and
 * with it. A second thread sends the signal, and a little later what the call
 * waits for, so that a restarted call succeeds. See signal(7), "Interruption of
 * system calls".
 */
#include "blocking.h"

#define SIGNAL_AFTER_MS	30

static volatile int handled;
static pthread_t caller;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	handled++;
}

static void *disturb(void *wake)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	sleep_ms(SIGNAL_AFTER_MS);
	pthread_kill(caller, SIGUSR1);
	sleep_ms(EVENT_AFTER_MS - SIGNAL_AFTER_MS);
	((void (*)(void))wake)();
	return NULL;
}

static void try(const struct blocking *call, int flags)
{
	pthread_t thread;
	long result;

	handled = 0;
	handle(SIGUSR1, note, flags);
	begin(call);
	if (pthread_create(&thread, NULL, disturb, (void *)call->wake))
		exit(97);
	result = call->call();
	say("%s%s: %s, handled %d", call->what, flags ? ", SA_RESTART" : "",
	    result < 0 ? error_name(errno) : "done", handled);
	if (strstr(call->what, "nanosleep") && !strstr(call->what, "until"))
		say("  left over %d", left.tv_nsec > 100000000 && left.tv_nsec < 500000000);
	pthread_join(thread, NULL);
	end(call);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc > 2) {
		sleep_ms(atoi(argv[2]));
		return 0;
	}
	caller = pthread_self();
	for (i = 0; i < CALLS; i++) {
		try(&calls[i], 0);
		try(&calls[i], SA_RESTART);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Many signals from many sides while threads compute, wait and jump: none is
 * lost, none comes twice, and no computation is disturbed.
 */
#include "probe.h"

#include <setjmp.h>
#include <sys/time.h>

#define SENDERS	2
#define EACH	3000
#define KINDS	6
/* On their way at once: each may lay a frame on one thread's stack. */
#define MOST	40

static long sum, received, sent;
static volatile int done;
static __thread sigjmp_buf back;
static __thread volatile int may_jump;

static void take(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)context;
	__atomic_fetch_add(&received, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&sum, info->si_value.sival_int, __ATOMIC_SEQ_CST);
	if (may_jump && info->si_value.sival_int % 7 == 0)
		siglongjmp(back, 1);
}

static void tick(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
}

static unsigned int __attribute__((noinline)) checksum(unsigned int seed)
{
	unsigned char local[96];
	unsigned int i, hash = seed;

	for (i = 0; i < sizeof(local); i++)
		local[i] = i * seed;
	for (i = 0; i < 20000; i++) {
		hash = hash * 31 + local[i % sizeof(local)];
		local[hash % sizeof(local)] ^= hash >> 8;
	}
	return hash;
}

static void *compute(void *wrong)
{
	unsigned int wanted[8], i;
	long bad = 0;

	for (i = 0; i < 8; i++)
		wanted[i] = checksum(i);
	while (!done)
		for (i = 0; i < 8; i++)
			bad += checksum(i) != wanted[i];
	*(long *)wrong = bad;
	return NULL;
}

static void *wait_about(void *arg)
{
	int fds[2];
	char byte;

	if (pipe2(fds, O_NONBLOCK))
		return NULL;
	while (!done) {
		struct timespec brief = { .tv_nsec = 200000 };

		nanosleep(&brief, NULL);
		if (write(fds[1], "x", 1) == 1 && read(fds[0], &byte, 1) != 1)
			say("a byte is lost");
	}
	return arg;
}

static void *jump_about(void *arg)
{
	volatile unsigned long work = 0;

	while (!done) {
		if (!sigsetjmp(back, 1)) {
			may_jump = 1;
			checksum(work++);
		}
		may_jump = 0;
	}
	return arg;
}

static void *send(void *number)
{
	int from = (intptr_t)number, i;
	union sigval value;

	for (i = 0; i < EACH; i++) {
		while (__atomic_load_n(&sent, __ATOMIC_SEQ_CST) -
		       __atomic_load_n(&received, __ATOMIC_SEQ_CST) >= MOST)
			sched_yield();
		__atomic_fetch_add(&sent, 1, __ATOMIC_SEQ_CST);
		value.sival_int = from * EACH + i;
		while (sigqueue(getpid(), SIGRTMIN + i % KINDS, value))
			sched_yield();
	}
	return NULL;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = take };
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } }, off = { 0 };
	pthread_t workers[4], senders[SENDERS];
	long wrong[2], wanted = 0, i;
	sigset_t queued;

	/* One at a time: a jump leaves behind what waits to be handled below it. */
	sigfillset(&action.sa_mask);
	for (i = 0; i < KINDS; i++) {
		action.sa_flags = SA_SIGINFO | (i % 2 ? SA_RESTART : 0);
		sigaction(SIGRTMIN + i, &action, NULL);
	}
	handle(SIGALRM, tick, SA_RESTART);
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_create(&workers[0], NULL, compute, &wrong[0]);
	pthread_create(&workers[1], NULL, compute, &wrong[1]);
	pthread_create(&workers[2], NULL, wait_about, NULL);
	pthread_create(&workers[3], NULL, jump_about, NULL);
	/* The senders and this thread take none of what is queued. */
	sigemptyset(&queued);
	for (i = 0; i < KINDS; i++)
		sigaddset(&queued, SIGRTMIN + i);
	pthread_sigmask(SIG_BLOCK, &queued, NULL);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&senders[i], NULL, send, (void *)i);
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	for (i = 0; i < 400 && received < SENDERS * EACH; i++)
		sleep_ms(10);
	done = 1;
	for (i = 0; i < 4; i++)
		pthread_join(workers[i], NULL);
	setitimer(ITIMER_REAL, &off, NULL);
	for (i = 0; i < SENDERS * EACH; i++)
		wanted += i;
	say("received %ld of %d, sum right %d", received, SENDERS * EACH, sum == wanted);
	say("wrong results %ld", wrong[0] + wrong[1]);
	return 0;
}

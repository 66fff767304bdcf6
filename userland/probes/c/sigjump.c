/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Jumps out of handlers, and signals for code that makes no system call. */
#include "probe.h"

#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile int count, spinning, place;
static volatile unsigned long work;
static char stack_memory[65536] __attribute__((aligned(16)));

static void jump(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	count++;
	siglongjmp(back, signo);
}

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	place = gettid() == getpid() ? 1 : 2;
	count++;
}

static void outer(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	raise(SIGUSR2);
	say("never reached");
}

static void alarm_ms(int ms)
{
	struct itimerval value = { .it_value.tv_usec = ms * 1000 };

	setitimer(ITIMER_REAL, &value, NULL);
}

static void out_of_calls(void)
{
	int fds[2], signo, i;
	char byte;

	if (pipe(fds))
		return;
	handle(SIGALRM, jump, 0);
	signo = sigsetjmp(back, 1);
	if (!signo) {
		alarm_ms(10);
		if (read(fds[0], &byte, 1) < 0)
			say("read came back");
	}
	say("out of read: %s, blocked %d", signal_name(signo), is_blocked(SIGALRM));

	signo = sigsetjmp(back, 0);
	if (!signo) {
		alarm_ms(10);
		pause();
	}
	say("without the mask: %s, blocked %d", signal_name(signo), is_blocked(SIGALRM));
	mask(SIG_UNBLOCK, SIGALRM);

	handle(SIGUSR1, jump, 0);
	count = 0;
	for (i = 0; i < 5000; i++) {
		if (!sigsetjmp(back, 1))
			raise(SIGUSR1);
	}
	say("out of raise: %d times", count);
}

static void __attribute__((noinline)) work_for_ever(void)
{
	for (;;)
		work++;
}

static void out_of_loops(void)
{
	int signo, i;

	count = 0;
	for (i = 0; i < 20; i++) {
		signo = sigsetjmp(back, 1);
		if (!signo) {
			alarm_ms(2);
			work_for_ever();
		}
	}
	say("out of a loop: %d times, worked %d", count, work > 0);

	handle(SIGUSR1, outer, 0);
	handle(SIGUSR2, jump, 0);
	signo = sigsetjmp(back, 1);
	if (!signo)
		raise(SIGUSR1);
	say("out of two handlers: %s, blocked %d %d", signal_name(signo),
	    is_blocked(SIGUSR1), is_blocked(SIGUSR2));
}

static void off_the_alternate_stack(void)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) }, now;
	int i;

	sigaltstack(&stack, NULL);
	handle(SIGUSR1, jump, SA_ONSTACK);
	count = 0;
	for (i = 0; i < 3; i++) {
		if (!sigsetjmp(back, 1))
			raise(SIGUSR1);
		sigaltstack(NULL, &now);
		say("off the alternate stack: %d, flags %d", count, now.ss_flags);
	}
}

static void *spin(void *unused)
{
	(void)unused;
	spinning = 1;
	while (spinning)
		work++;
	return NULL;
}

static void *spin_out(void *unused)
{
	(void)unused;
	if (!sigsetjmp(back, 1)) {
		spinning = 1;
		work_for_ever();
	}
	return NULL;
}

static void in_other_threads(void)
{
	pthread_t thread;
	sigset_t set;
	int i;

	handle(SIGUSR1, note, 0);
	pthread_create(&thread, NULL, spin, NULL);
	while (!spinning)
		sched_yield();
	count = 0;
	pthread_kill(thread, SIGUSR1);
	while (!count)
		sched_yield();
	say("pthread_kill of a busy thread: ran in thread %d", place);

	/* To the process: the thread that does not block it takes it. */
	mask(SIG_BLOCK, SIGUSR1);
	for (i = 1; i <= 3; i++) {
		count = 0;
		kill(getpid(), SIGUSR1);
		while (!count)
			sleep_ms(1);
		say("kill, taken by thread %d", place);
	}
	spinning = 0;
	pthread_join(thread, NULL);
	kill(getpid(), SIGUSR1);
	sigpending(&set);
	say("nobody takes it: pending %d", sigismember(&set, SIGUSR1));
	count = 0;
	mask(SIG_UNBLOCK, SIGUSR1);
	say("main takes it: %d, thread %d", count, place);

	handle(SIGUSR1, jump, 0);
	pthread_create(&thread, NULL, spin_out, NULL);
	while (!spinning)
		sched_yield();
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	say("a thread jumped out of its loop");
}

/* Handlers in two threads at once, each of which jumps. */
static __thread sigjmp_buf own_back;
static __thread int own_count;

static void own_jump(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	own_count++;
	siglongjmp(own_back, signo);
}

static void *jumper(void *unused)
{
	(void)unused;
	for (volatile int i = 0; i < 1000; i++) {
		if (!sigsetjmp(own_back, 1))
			raise(SIGUSR2);
	}
	return (void *)(intptr_t)own_count;
}

static void many_threads(void)
{
	pthread_t threads[4];
	void *result;
	int sum = 0;

	handle(SIGUSR2, own_jump, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, jumper, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		sum += (intptr_t)result;
	}
	say("four threads jumped %d times", sum);
}

int main(void)
{
	out_of_calls();
	out_of_loops();
	off_the_alternate_stack();
	in_other_threads();
	many_threads();
	return 0;
}

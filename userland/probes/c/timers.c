/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timers that send signals: alarm, setitimer, POSIX timers, RLIMIT_CPU. */
#include "probe.h"

#include <sys/resource.h>
#include <sys/time.h>

static volatile int count, overruns, value;
static volatile unsigned long work;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)context;
	count++;
	if (info->si_code == SI_TIMER) {
		overruns += info->si_overrun;
		value = info->si_value.sival_int;
	}
}

static void interval(const char *name, int which, int signo, clockid_t clock)
{
	struct itimerval set = { { 0, 20000 }, { 0, 20000 } }, now, old;
	long begin;

	handle(signo, note, SA_RESTART);
	count = 0;
	begin = clock_ms(clock);
	say("%s: setitimer %d", name, setitimer(which, &set, NULL));
	getitimer(which, &now);
	say("  interval %ld us, left %d", (long)now.it_interval.tv_usec,
	    now.it_value.tv_sec == 0 && now.it_value.tv_usec > 0 && now.it_value.tv_usec <= 24000);
	while (count < 5)
		work++;
	/* Five times 20 ms; processor time may be counted by whole ticks. */
	say("  five took long enough %d", clock_ms(clock) - begin >= (which ? 40 : 85));
	memset(&set, 0, sizeof(set));
	setitimer(which, &set, &old);
	say("  old interval %ld us", (long)old.it_interval.tv_usec);
	getitimer(which, &now);
	say("  disarmed %d", !now.it_value.tv_sec && !now.it_value.tv_usec);
}

static void virtual_stands_still(void)
{
	struct itimerval set = { { 0, 10000 }, { 0, 10000 } }, off = { 0 };

	count = 0;
	setitimer(ITIMER_VIRTUAL, &set, NULL);
	setitimer(ITIMER_PROF, &set, NULL);
	sleep_ms(150);
	say("asleep: %d", count < 3);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	setitimer(ITIMER_PROF, &off, NULL);
}

static void alarms(void)
{
	handle(SIGALRM, note, 0);
	say("alarm: %u", alarm(10));
	say("alarm again: %u", alarm(5));
	say("cancelled: %u", alarm(0));
	say("none: %u", alarm(0));
	count = 0;
	ualarm(10000, 0);
	pause();
	say("ualarm: %d", count);
}

static void none(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct itimerspec set = { { 0, 0 }, { 0, 20000000 } }, now;
	timer_t timer;

	outcome("SIGEV_NONE", timer_create(CLOCK_MONOTONIC, &event, &timer));
	outcome("timer_settime", timer_settime(timer, 0, &set, NULL));
	timer_gettime(timer, &now);
	say("runs %d", now.it_value.tv_nsec > 0);
	sleep_ms(40);
	timer_gettime(timer, &now);
	say("over %d, overrun %d", !now.it_value.tv_nsec, timer_getoverrun(timer));
	timer_delete(timer);
	outcome("a deleted timer", timer_gettime(timer, &now));
	outcome("a bad clock", timer_create(99, &event, &timer));
	event.sigev_notify = 99;
	outcome("a bad kind", timer_create(CLOCK_MONOTONIC, &event, &timer));
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = 100;
	outcome("a bad signal", timer_create(CLOCK_MONOTONIC, &event, &timer));
}

static void overrun(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec set = { { 0, 2000000 }, { 0, 2000000 } }, off = { 0 };
	sigset_t pending;
	timer_t timer;

	event.sigev_value.sival_int = 12;
	handle(SIGRTMIN, note, 0);
	timer_create(CLOCK_REALTIME, &event, &timer);
	mask(SIG_BLOCK, SIGRTMIN);
	count = overruns = 0;
	timer_settime(timer, 0, &set, NULL);
	sleep_ms(60);
	sigpending(&pending);
	mask(SIG_UNBLOCK, SIGRTMIN);
	timer_settime(timer, 0, &off, NULL);
	say("overrun: pending %d, ran %d, value %d, many %d", sigismember(&pending, SIGRTMIN),
	    count > 0, value, overruns > 15);
	count = 0;
	sleep_ms(10);
	say("disarmed: ran %d", count);
	timer_delete(timer);
}

static void until(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec set = { 0 };
	timer_t timer;

	timer_create(CLOCK_MONOTONIC, &event, &timer);
	clock_gettime(CLOCK_MONOTONIC, &set.it_value);
	count = 0;
	/* In the past already. */
	timer_settime(timer, TIMER_ABSTIME, &set, NULL);
	sleep_ms(5);
	say("absolute and past: %d", count);
	set.it_value.tv_sec += 100;
	timer_settime(timer, TIMER_ABSTIME, &set, NULL);
	timer_gettime(timer, &set);
	say("left %d", set.it_value.tv_sec >= 98 && set.it_value.tv_sec < 100);
	set.it_value.tv_nsec = 1000000000;
	outcome("bad nanoseconds", timer_settime(timer, 0, &set, NULL));
	timer_delete(timer);
}

static void *spin_until_told(void *arg)
{
	timer_t *timer = arg;
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec set = { { 0, 0 }, { 0, 30000000 } };
	clockid_t clock;

	event.sigev_notify_thread_id = gettid();
	pthread_getcpuclockid(pthread_self(), &clock);
	outcome("CPU timer of a thread", timer_create(clock, &event, timer));
	timer_settime(*timer, 0, &set, NULL);
	while (!count)
		work++;
	say("used %d", clock_ms(clock) >= 25);
	return NULL;
}

static volatile pid_t ran_in;

static void note_thread(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	ran_in = gettid();
	count++;
}

static void of_threads(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec set = { { 0, 0 }, { 0, 20000000 } };
	pthread_t thread;
	timer_t timer;

	handle(SIGRTMIN + 1, note_thread, 0);
	event.sigev_notify_thread_id = gettid();
	count = 0;
	outcome("SIGEV_THREAD_ID", timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_settime(timer, 0, &set, NULL);
	while (!count)
		work++;
	say("ran in main %d", ran_in == getpid());
	timer_delete(timer);
	event.sigev_notify_thread_id = 1;
	outcome("a thread of another", timer_create(CLOCK_MONOTONIC, &event, &timer));

	count = 0;
	pthread_create(&thread, NULL, spin_until_told, &timer);
	pthread_join(thread, NULL);
	say("ran in the thread %d", ran_in != getpid());
	timer_delete(timer);

	event.sigev_notify = SIGEV_SIGNAL;
	count = 0;
	outcome("CPU timer of the process", timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
	timer_settime(timer, 0, &set, NULL);
	while (!count)
		work++;
	say("ran");
	timer_delete(timer);
}

static int burn(const char *how)
{
	struct rlimit limit = { .rlim_cur = 1, .rlim_max = 2 };
	long begin = clock_ms(CLOCK_MONOTONIC);

	if (!strcmp(how, "handled"))
		handle(SIGXCPU, note, 0);
	if (!strcmp(how, "default"))
		limit.rlim_max = 10;
	setrlimit(RLIMIT_CPU, &limit);
	count = 0;
	/* A machine that has to wait for its processor may lose ticks: be patient. */
	while (clock_ms(CLOCK_MONOTONIC) - begin < 40000) {
		work++;
		if (count == 1) {
			say("SIGXCPU, not early %d", clock_ms(CLOCK_PROCESS_CPUTIME_ID) > 900);
			count = 2;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return burn(argv[2]);
	alarms();
	interval("ITIMER_REAL", ITIMER_REAL, SIGALRM, CLOCK_MONOTONIC);
	interval("ITIMER_VIRTUAL", ITIMER_VIRTUAL, SIGVTALRM, CLOCK_PROCESS_CPUTIME_ID);
	interval("ITIMER_PROF", ITIMER_PROF, SIGPROF, CLOCK_PROCESS_CPUTIME_ID);
	virtual_stands_still();
	none();
	overrun();
	until();
	of_threads();
	finish("RLIMIT_CPU", start("burn", "default"));
	finish("RLIMIT_CPU, handled", start("burn", "handled"));
	return 0;
}

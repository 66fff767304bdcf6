/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads: life, attributes, once, thread-specific data, ids, signals, clocks. */
#include "probe.h"

#include <limits.h>
#include <sys/resource.h>

static volatile int go, count;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t keys[3];
static char order[64];
static __thread int own = 5;

static void *give_back(void *arg) { return arg; }

static void *leave(void *arg)
{
	pthread_exit(arg);
}

static void *wait_for_go(void *arg)
{
	while (!go)
		sleep_ms(1);
	return arg;
}

static void life(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result;
	int i;

	pthread_create(&thread, NULL, give_back, (void *)1234);
	thread_outcome("join", pthread_join(thread, &result));
	say("result %ld", (long)(intptr_t)result);
	pthread_create(&thread, NULL, leave, (void *)77);
	pthread_join(thread, &result);
	say("exit value %ld", (long)(intptr_t)result);

	pthread_create(&thread, NULL, wait_for_go, NULL);
	say("equal %d %d", !!pthread_equal(thread, thread), !!pthread_equal(thread, pthread_self()));
	thread_outcome("tryjoin", pthread_tryjoin_np(thread, NULL));
	go = 1;
	thread_outcome("join", pthread_join(thread, NULL));

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < 2000; i++) {
		if (pthread_create(&thread, &attr, give_back, NULL))
			break;
		if (i % 50 == 0)
			sched_yield();
	}
	say("detached: %d", i);
	for (i = 0; i < 2000; i++) {
		if (pthread_create(&thread, NULL, give_back, NULL) || pthread_join(thread, NULL))
			break;
	}
	say("joined: %d", i);
}

static void *look_at_stack(void *size)
{
	char here;
	pthread_attr_t attr;
	size_t got;
	void *low;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &low, &got);
	say("stack at least as asked %d, holds locals %d", got >= (size_t)(intptr_t)size,
	    &here >= (char *)low && &here < (char *)low + got);
	pthread_attr_destroy(&attr);
	return NULL;
}

static void attributes(void)
{
	static char memory[256 * 1024] __attribute__((aligned(4096)));
	struct sched_param param;
	pthread_attr_t attr;
	pthread_t thread;
	size_t size;
	int value;

	pthread_attr_init(&attr);
	pthread_attr_getdetachstate(&attr, &value);
	say("joinable by default %d", value == PTHREAD_CREATE_JOINABLE);
	thread_outcome("setstacksize", pthread_attr_setstacksize(&attr, 1 << 18));
	pthread_attr_getstacksize(&attr, &size);
	say("stack size %d", (int)size);
	thread_outcome("too small a stack", pthread_attr_setstacksize(&attr, 100));
	thread_outcome("setguardsize", pthread_attr_setguardsize(&attr, 8192));
	pthread_attr_getguardsize(&attr, &size);
	say("guard size %d", (int)size);
	pthread_attr_getschedpolicy(&attr, &value);
	pthread_attr_getschedparam(&attr, &param);
	say("policy other %d, priority %d", value == SCHED_OTHER, param.sched_priority);
	pthread_create(&thread, &attr, look_at_stack, (void *)(1 << 18));
	pthread_join(thread, NULL);
	thread_outcome("setstack", pthread_attr_setstack(&attr, memory, sizeof(memory)));
	pthread_create(&thread, &attr, look_at_stack, (void *)(sizeof(memory) - 8192));
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

static void only_once(void) { count++; }

static void *call_once(void *arg)
{
	pthread_once(&once, only_once);
	return arg;
}

static void append(const char *text)
{
	strncat(order, text, sizeof(order) - strlen(order) - 1);
}

static void drop_first(void *value) { append(value); }

static void drop_second(void *value)
{
	append(value);
	/* A destructor that sets its key again is called again. */
	if (!strcmp(value, "b"))
		pthread_setspecific(keys[1], "c");
}

static void *set_keys(void *arg)
{
	pthread_setspecific(keys[0], "a");
	pthread_setspecific(keys[1], "b");
	pthread_setspecific(keys[2], "never");
	own += 1;
	say("own variable %d", own);
	return arg;
}

static void specific(void)
{
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, call_once, NULL);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	say("once: %d", count);

	pthread_key_create(&keys[0], drop_first);
	pthread_key_create(&keys[1], drop_second);
	pthread_key_create(&keys[2], NULL);
	for (i = 0; i < 2; i++) {
		order[0] = 0;
		pthread_create(&threads[0], NULL, set_keys, NULL);
		pthread_join(threads[0], NULL);
		say("destructors: %s", order);
	}
	say("main has none: %d", pthread_getspecific(keys[0]) == NULL);
	thread_outcome("key_delete", pthread_key_delete(keys[0]));
	for (i = 0; i < PTHREAD_KEYS_MAX + 1; i++) {
		if (pthread_key_create(&keys[0], NULL))
			break;
	}
	say("keys run out: %d", i > 0 && i <= PTHREAD_KEYS_MAX);
}

static volatile pid_t took;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	took = gettid();
	count++;
}

static void *be_signalled(void *tid)
{
	sigset_t set;

	*(volatile pid_t *)tid = gettid();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	while (!count)
		sleep_ms(1);
	/* The mask is inherited, what is pending is not. */
	sigpending(&set);
	say("USR2 blocked %d, pending %d", is_blocked(SIGUSR2), sigismember(&set, SIGUSR2));
	return NULL;
}

static void *burn(void *clock)
{
	long begin;

	pthread_getcpuclockid(pthread_self(), clock);
	begin = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	while (clock_ms(CLOCK_THREAD_CPUTIME_ID) - begin < 60)
		;
	go = 2;
	while (go == 2)
		sleep_ms(1);
	return NULL;
}

static void ids(void)
{
	struct rusage thread_used, process_used;
	volatile pid_t tid = 0;
	clockid_t clock;
	pthread_t thread;
	char name[16];

	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	mask(SIG_BLOCK, SIGUSR2);
	pthread_kill(pthread_self(), SIGUSR2);
	count = 0;
	pthread_create(&thread, NULL, be_signalled, (void *)&tid);
	while (!tid)
		sleep_ms(1);
	say("ids: main %d, thread %d", gettid() == getpid(), tid != getpid());
	outcome("tgkill", syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	pthread_join(thread, NULL);
	say("took it itself %d", took == tid);
	outcome("tgkill of a dead thread", syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR2);

	thread_outcome("setname", pthread_setname_np(pthread_self(), "a-name"));
	pthread_getname_np(pthread_self(), name, sizeof(name));
	say("name %s", name);
	thread_outcome("a long name", pthread_setname_np(pthread_self(), "sixteen-letters-"));

	pthread_create(&thread, NULL, burn, &clock);
	while (go != 2)
		sleep_ms(1);
	say("its clock %d, mine %d", clock_ms(clock) >= 60, clock_ms(CLOCK_THREAD_CPUTIME_ID) < 1000);
	getrusage(RUSAGE_THREAD, &thread_used);
	getrusage(RUSAGE_SELF, &process_used);
	say("the process has used more: %d", process_used.ru_utime.tv_usec +
	    process_used.ru_stime.tv_usec + 1000000 * (process_used.ru_utime.tv_sec + process_used.ru_stime.tv_sec)
	    > thread_used.ru_utime.tv_usec + thread_used.ru_stime.tv_usec + 1000000 *
	    (thread_used.ru_utime.tv_sec + thread_used.ru_stime.tv_sec));
	go = 3;
	pthread_join(thread, NULL);
}

int main(void)
{
	life();
	attributes();
	specific();
	ids();
	return 0;
}

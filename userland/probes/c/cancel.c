/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cancellation: deferred, asynchronous, disabled; cleanup handlers. */
#include "probe.h"

#include <semaphore.h>

static volatile int ready, go;
static volatile unsigned long work;
static char order[64];
static int fds[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;

static void clean(void *text)
{
	strncat(order, text, sizeof(order) - strlen(order) - 1);
}

static void *in_read(void *arg)
{
	char byte;

	pthread_cleanup_push(clean, "1");
	pthread_cleanup_push(clean, "2");
	ready = 1;
	if (read(fds[0], &byte, 1) < 0)
		say("read came back");
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return arg;
}

static void *in_sleep(void *arg) { ready = 1; sleep(100); return arg; }
static void *in_pause(void *arg) { ready = 1; pause(); return arg; }
static void *in_sem(void *arg) { ready = 1; sem_wait(&semaphore); return arg; }

static void unlock(void *lock)
{
	clean("u");
	pthread_mutex_unlock(lock);
}

static void *in_cond(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	ready = 1;
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(1);
	return arg;
}

static void *in_test(void *arg)
{
	ready = 1;
	for (;;) {
		work++;
		pthread_testcancel();
	}
	return arg;
}

static void *in_loop(void *arg)
{
	int old;

	pthread_cleanup_push(clean, "l");
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	ready = 1;
	for (;;)
		work++;
	pthread_cleanup_pop(0);
	return arg;
}

static void *disabled(void *arg)
{
	int old, state;

	pthread_cleanup_push(clean, "d");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	say("was enabled %d", old == PTHREAD_CANCEL_ENABLE);
	ready = 1;
	while (!go)
		sleep_ms(1);
	clean("s");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	pthread_testcancel();
	clean("never");
	pthread_cleanup_pop(0);
	return arg;
}

static void *popped(void *arg)
{
	pthread_cleanup_push(clean, "a");
	pthread_cleanup_push(clean, "b");
	pthread_cleanup_pop(1);
	pthread_cleanup_push(clean, "c");
	pthread_cleanup_pop(0);
	pthread_exit((void *)1);
	pthread_cleanup_pop(0);
	return arg;
}

static void cancel(const char *what, void *(*function)(void *))
{
	pthread_t thread;
	void *result = NULL;

	ready = go = 0;
	order[0] = 0;
	pthread_create(&thread, NULL, function, NULL);
	while (!ready)
		sleep_ms(1);
	sleep_ms(5);
	thread_outcome(what, pthread_cancel(thread));
	sleep_ms(5);
	go = 1;
	pthread_join(thread, &result);
	say("  cancelled %d, cleaned up: %s", result == PTHREAD_CANCELED, order);
}

int main(void)
{
	pthread_t thread;
	int i, cancelled = 0;
	void *result;

	if (pipe(fds))
		return 1;
	sem_init(&semaphore, 0, 0);
	cancel("in read", in_read);
	cancel("in sleep", in_sleep);
	cancel("in pause", in_pause);
	cancel("in sem_wait", in_sem);
	cancel("in cond_wait", in_cond);
	thread_outcome("its mutex is free", pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
	cancel("in testcancel", in_test);
	cancel("in a loop, asynchronously", in_loop);
	cancel("disabled", disabled);

	order[0] = 0;
	pthread_create(&thread, NULL, popped, NULL);
	pthread_join(thread, &result);
	say("exit: %ld, cleaned up: %s", (long)(intptr_t)result, order);

	/* Before it runs at all, or anywhere on its way. */
	for (i = 0; i < 200; i++) {
		pthread_create(&thread, NULL, in_read, NULL);
		if (i % 3)
			sched_yield();
		pthread_cancel(thread);
		pthread_join(thread, &result);
		cancelled += result == PTHREAD_CANCELED;
	}
	say("cancelled at any time: %d", cancelled);
	return 0;
}

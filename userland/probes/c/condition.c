/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Condition variables with both clocks, barriers, semaphores. */
#include "probe.h"

#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond, turn_over;
static volatile int waiting, woken, allowed, turn;
static pthread_barrier_t barrier;
static sem_t semaphore;

static void timed(const char *what, clockid_t clock)
{
	pthread_condattr_t attr;
	struct timespec limit;
	long begin;
	int error;

	pthread_condattr_init(&attr);
	thread_outcome(what, pthread_condattr_setclock(&attr, clock));
	pthread_cond_init(&cond, &attr);
	pthread_mutex_lock(&mutex);
	begin = clock_ms(CLOCK_MONOTONIC);
	limit = in_ms(clock, 40);
	do
		error = pthread_cond_timedwait(&cond, &mutex, &limit);
	while (!error);
	thread_outcome("  timed wait", error);
	say("  long enough %d", clock_ms(CLOCK_MONOTONIC) - begin >= 39);
	limit = in_ms(clock, 0);
	limit.tv_sec -= 10;
	thread_outcome("  in the past", pthread_cond_timedwait(&cond, &mutex, &limit));
	limit.tv_nsec = -1;
	thread_outcome("  bad time", pthread_cond_timedwait(&cond, &mutex, &limit));
	thread_outcome("  the mutex is mine", pthread_mutex_trylock(&mutex));
	pthread_mutex_unlock(&mutex);
	pthread_cond_destroy(&cond);
}

static void *wait_for_it(void *arg)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	while (!allowed)
		pthread_cond_wait(&cond, &mutex);
	allowed--;
	woken++;
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void wake(void)
{
	pthread_t threads[10];
	int i;

	pthread_cond_init(&cond, NULL);
	for (i = 0; i < 10; i++)
		pthread_create(&threads[i], NULL, wait_for_it, NULL);
	while (waiting < 10)
		sleep_ms(1);
	for (i = 1; i <= 3; i++) {
		pthread_mutex_lock(&mutex);
		allowed++;
		pthread_cond_signal(&cond);
		pthread_mutex_unlock(&mutex);
		while (woken < i)
			sleep_ms(1);
		say("signalled: %d", woken);
	}
	pthread_mutex_lock(&mutex);
	allowed = 7;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < 10; i++)
		pthread_join(threads[i], NULL);
	say("broadcast: %d", woken);
}

static void *take_turns(void *number)
{
	int mine = (intptr_t)number, i;

	for (i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 3 != mine)
			pthread_cond_wait(&turn_over, &mutex);
		turn++;
		pthread_cond_broadcast(&turn_over);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *meet(void *rounds)
{
	intptr_t serial = 0, i;

	for (i = 0; i < (intptr_t)rounds; i++)
		serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)serial;
}

static void *post(void *arg)
{
	int i;

	for (i = 0; i < 500; i++)
		sem_post(arg);
	return NULL;
}

int main(void)
{
	pthread_t threads[5];
	struct timespec limit;
	intptr_t serial = 0;
	void *result;
	int i, value;

	timed("realtime", CLOCK_REALTIME);
	timed("monotonic", CLOCK_MONOTONIC);
	wake();

	pthread_cond_init(&turn_over, NULL);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	say("turns: %d", turn);

	thread_outcome("a barrier for nobody", pthread_barrier_init(&barrier, NULL, 0));
	pthread_barrier_init(&barrier, NULL, 5);
	for (i = 0; i < 5; i++)
		pthread_create(&threads[i], NULL, meet, (void *)300);
	for (i = 0; i < 5; i++) {
		pthread_join(threads[i], &result);
		serial += (intptr_t)result;
	}
	say("barrier: %d serial", (int)serial);
	thread_outcome("destroy", pthread_barrier_destroy(&barrier));

	outcome("sem_init", sem_init(&semaphore, 0, 2));
	outcome("sem_trywait", sem_trywait(&semaphore));
	outcome("sem_wait", sem_wait(&semaphore));
	outcome("sem_trywait", sem_trywait(&semaphore));
	limit = in_ms(CLOCK_REALTIME, 20);
	outcome("sem_timedwait", sem_timedwait(&semaphore, &limit));
	limit.tv_nsec = 1000000000;
	outcome("bad time", sem_timedwait(&semaphore, &limit));
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, post, &semaphore);
	for (i = 0; i < 2000; i++)
		sem_wait(&semaphore);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	sem_getvalue(&semaphore, &value);
	say("semaphore: %d", value);
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mutexes of every kind, and what is built like them: rwlock, spin lock. */
#include "probe.h"

static volatile int counter, ready;

static void *try_lock(void *mutex)
{
	int error = pthread_mutex_trylock(mutex);

	if (!error)
		pthread_mutex_unlock(mutex);
	return (void *)(intptr_t)error;
}

static void *try_unlock(void *mutex)
{
	return (void *)(intptr_t)pthread_mutex_unlock(mutex);
}

static void *lock_and_die(void *mutex)
{
	return (void *)(intptr_t)pthread_mutex_lock(mutex);
}

static int in_thread(void *(*function)(void *), void *arg)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, function, arg);
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

static void *add(void *mutex)
{
	int i;

	for (i = 0; i < 5000; i++) {
		pthread_mutex_lock(mutex);
		counter = counter + 1;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(mutex);
	}
	return NULL;
}

static void contend(const char *what, pthread_mutex_t *mutex)
{
	pthread_t threads[4];
	int i;

	counter = 0;
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, add, mutex);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	say("%s: counted %d", what, counter);
}

static void kinds(void)
{
	static const struct { const char *name; int type; } types[] = {
		{ "normal", PTHREAD_MUTEX_NORMAL },
		{ "recursive", PTHREAD_MUTEX_RECURSIVE },
		{ "errorcheck", PTHREAD_MUTEX_ERRORCHECK },
	};
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	struct timespec limit;
	int i;

	for (i = 0; i < 6; i++) {
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, types[i % 3].type);
		if (i >= 3 && pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT))
			say("no priority inheritance");
		thread_outcome(types[i % 3].name, pthread_mutex_init(&mutex, &attr));
		contend(i < 3 ? "  plain" : "  inheriting", &mutex);
		pthread_mutex_lock(&mutex);
		thread_outcome("  another's trylock", in_thread(try_lock, &mutex));
		if (types[i % 3].type != PTHREAD_MUTEX_NORMAL) {
			thread_outcome("  lock again", pthread_mutex_lock(&mutex));
			thread_outcome("  another's unlock", in_thread(try_unlock, &mutex));
		} else {
			limit = in_ms(CLOCK_REALTIME, 20);
			thread_outcome("  timed lock again", pthread_mutex_timedlock(&mutex, &limit));
		}
		if (types[i % 3].type == PTHREAD_MUTEX_RECURSIVE)
			thread_outcome("  unlock", pthread_mutex_unlock(&mutex));
		thread_outcome("  last unlock", pthread_mutex_unlock(&mutex));
		if (types[i % 3].type != PTHREAD_MUTEX_NORMAL)
			thread_outcome("  one too many", pthread_mutex_unlock(&mutex));
		thread_outcome("  destroy", pthread_mutex_destroy(&mutex));
	}
}

static void *wait_for_mutex(void *mutex)
{
	int error;

	ready = 1;
	error = pthread_mutex_lock(mutex);
	if (error == EOWNERDEAD)
		pthread_mutex_consistent(mutex);
	pthread_mutex_unlock(mutex);
	return (void *)(intptr_t)error;
}

static void *hold_and_die(void *mutex)
{
	pthread_mutex_lock(mutex);
	counter = 1;
	while (!ready)
		sleep_ms(1);
	sleep_ms(10);
	return NULL;
}

static void robust(int protocol)
{
	pthread_t holder, waiter;
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;
	void *result;

	say("robust%s:", protocol == PTHREAD_PRIO_INHERIT ? " and inheriting" : "");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, protocol);
	thread_outcome("  setrobust", pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	pthread_mutex_init(&mutex, &attr);
	in_thread(lock_and_die, &mutex);
	thread_outcome("  its owner has died", pthread_mutex_lock(&mutex));
	thread_outcome("  consistent", pthread_mutex_consistent(&mutex));
	thread_outcome("  unlock", pthread_mutex_unlock(&mutex));
	thread_outcome("  lock", pthread_mutex_lock(&mutex));
	pthread_mutex_unlock(&mutex);

	/* Somebody waits already when the owner dies. */
	counter = ready = 0;
	pthread_create(&holder, NULL, hold_and_die, &mutex);
	while (!counter)
		sleep_ms(1);
	pthread_create(&waiter, NULL, wait_for_mutex, &mutex);
	pthread_join(holder, NULL);
	pthread_join(waiter, &result);
	thread_outcome("  the waiter is told", (int)(intptr_t)result);

	in_thread(lock_and_die, &mutex);
	thread_outcome("  trylock", pthread_mutex_trylock(&mutex));
	thread_outcome("  unlock as it is", pthread_mutex_unlock(&mutex));
	thread_outcome("  then", pthread_mutex_lock(&mutex));
}

static void *read_lock(void *lock)
{
	int error = pthread_rwlock_tryrdlock(lock);

	if (!error)
		pthread_rwlock_unlock(lock);
	return (void *)(intptr_t)error;
}

static void *write_lock(void *lock)
{
	int error = pthread_rwlock_trywrlock(lock);

	if (!error)
		pthread_rwlock_unlock(lock);
	return (void *)(intptr_t)error;
}

static void *timed_write_lock(void *lock)
{
	struct timespec limit = in_ms(CLOCK_REALTIME, 20);

	return (void *)(intptr_t)pthread_rwlock_timedwrlock(lock, &limit);
}

static void *write_often(void *lock)
{
	int i;

	for (i = 0; i < 2000; i++) {
		pthread_rwlock_wrlock(lock);
		counter = counter + 1;
		pthread_rwlock_unlock(lock);
		pthread_rwlock_rdlock(lock);
		pthread_rwlock_unlock(lock);
	}
	return NULL;
}

static void read_write(void)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_spinlock_t spin;
	pthread_t threads[4];
	int i;

	pthread_rwlock_rdlock(&lock);
	thread_outcome("read while read", in_thread(read_lock, &lock));
	thread_outcome("write while read", in_thread(write_lock, &lock));
	thread_outcome("timed write while read", in_thread(timed_write_lock, &lock));
	pthread_rwlock_unlock(&lock);
	pthread_rwlock_wrlock(&lock);
	thread_outcome("read while written", in_thread(read_lock, &lock));
	thread_outcome("write while written", in_thread(write_lock, &lock));
	pthread_rwlock_unlock(&lock);
	thread_outcome("write", in_thread(write_lock, &lock));
	counter = 0;
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_often, &lock);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	say("rwlock: counted %d", counter);

	pthread_spin_init(&spin, 0);
	pthread_spin_lock(&spin);
	thread_outcome("spin_trylock", pthread_spin_trylock(&spin));
	pthread_spin_unlock(&spin);
	thread_outcome("spin_trylock", pthread_spin_trylock(&spin));
}

int main(void)
{
	kinds();
	robust(PTHREAD_PRIO_NONE);
	robust(PTHREAD_PRIO_INHERIT);
	read_write();
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Notices that come as threads: of timers, message queues and asynchronous I/O. */
#include "probe.h"

#include <aio.h>
#include <mqueue.h>

static volatile int called;
static volatile long value;

static void notice(union sigval sent)
{
	value = sent.sival_int;
	__atomic_fetch_add(&called, 1, __ATOMIC_SEQ_CST);
}

static void await(int calls)
{
	int i;

	for (i = 0; i < 500 && called < calls; i++)
		sleep_ms(10);
}

static void timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = notice };
	struct itimerspec often = { { 0, 10000000 }, { 0, 10000000 } };
	timer_t timer;

	event.sigev_value.sival_int = 21;
	outcome("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
	outcome("timer_settime", timer_settime(timer, 0, &often, NULL));
	await(3);
	say("called %d, value %ld", called >= 3, value);
	outcome("timer_delete", timer_delete(timer));
}

static void queues(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = notice };
	struct mq_attr attr = { .mq_maxmsg = 3, .mq_msgsize = 16 }, got;
	struct timespec soon;
	unsigned int priority;
	char name[32], text[16];
	mqd_t queue;
	ssize_t len;

	snprintf(name, sizeof(name), "/probe-notify-%d", getpid());
	outcome("mq_open of nothing", mq_open(name, O_RDWR));
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	success("mq_open", queue);
	outcome("again", mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr));
	/* A timer that is deleted may have one more notice on its way. */
	usleep(100000);
	called = 0;
	event.sigev_value.sival_int = 22;
	outcome("mq_notify", mq_notify(queue, &event));
	outcome("mq_notify again", mq_notify(queue, &event));
	outcome("mq_send", mq_send(queue, "low", 3, 1));
	await(1);
	say("called %d, value %ld", called, value);
	mq_send(queue, "high", 4, 9);
	mq_send(queue, "low2", 4, 1);
	mq_getattr(queue, &got);
	say("holds %ld of %ld", got.mq_curmsgs, got.mq_maxmsg);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_sec -= 1;
	outcome("full", mq_timedsend(queue, "x", 1, 1, &soon));
	outcome("too long", mq_send(queue, text, 17, 1));
	while ((len = mq_timedreceive(queue, text, sizeof(text), &priority, &soon)) > 0)
		say("received %.*s, priority %u", (int)len, text, priority);
	say("then %s", error_name(errno));
	outcome("too small", mq_receive(queue, text, 3, NULL));
	outcome("mq_unlink", mq_unlink(name));
	outcome("mq_unlink again", mq_unlink(name));
	mq_close(queue);
}

static void asynchronous(void)
{
	struct aiocb block = { .aio_nbytes = 5 }, other = { .aio_nbytes = 8 };
	const struct aiocb *const list[] = { &block };
	char text[16] = "";
	int fds[2];

	if (pipe(fds))
		return;
	block.aio_fildes = fds[0];
	block.aio_buf = text;
	block.aio_sigevent.sigev_notify = SIGEV_THREAD;
	block.aio_sigevent.sigev_notify_function = notice;
	block.aio_sigevent.sigev_value.sival_int = 23;
	called = 0;
	outcome("aio_read", aio_read(&block));
	say("in progress %d", aio_error(&block) == EINPROGRESS);
	if (write(fds[1], "hello", 5) != 5)
		return;
	while (aio_error(&block) == EINPROGRESS)
		aio_suspend(list, 1, NULL);
	outcome("aio_return", aio_return(&block));
	await(1);
	say("read %s, called %d, value %ld", text, called, value);
	other.aio_fildes = -1;
	other.aio_buf = text;
	if (aio_read(&other) == 0)
		while (aio_error(&other) == EINPROGRESS)
			sleep_ms(1);
	say("a bad file: %s", error_name(aio_error(&other) > 0 ? aio_error(&other) : errno));
}

int main(void)
{
	timers();
	queues();
	asynchronous();
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * System calls that wait, each with what it waits on, and what wakes it. For
 * restart.c, where a handler disturbs them, and stopped.c, where a stop does.
 */
#ifndef BLOCKING_H
#define BLOCKING_H

#include "probe.h"

#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#ifndef SYS_rt_sigtimedwait
#define SYS_rt_sigtimedwait SYS_rt_sigtimedwait_time64
#endif

#ifndef EVENT_AFTER_MS
#define EVENT_AFTER_MS	110	/* when a child ends, a timer expires */
#endif

static int in, out;		/* what the call waits on; what wakes it */
static volatile int word;
static sem_t semaphore;
static int queue;
static pid_t child;
static mqd_t mqueue;
static struct timespec left;
static char byte;
static char bulk[65536];

static void make_pipe(void)
{
	int fds[2];

	if (pipe(fds))
		say("pipe: %s", error_name(errno));
	in = fds[0];
	out = fds[1];
}

static void make_pair(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		say("socketpair: %s", error_name(errno));
	in = fds[0];
	out = fds[1];
}

static void make_impatient_pair(void)
{
	struct timeval limit = { .tv_sec = 5 };

	make_pair();
	setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

static void make_terminal(void)
{
	out = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(out);
	unlockpt(out);
	in = open(ptsname(out), O_RDWR | O_NOCTTY);
}

static void make_full_pipe(void)
{
	make_pipe();
	fcntl(out, F_SETFL, O_NONBLOCK);
	while (write(out, bulk, sizeof(bulk)) > 0)
		;
	fcntl(out, F_SETFL, 0);
}

static struct sockaddr_un address;

static socklen_t name_socket(void)
{
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "probe-%d", getpid());
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.sun_path + 1);
}

static void make_listener(void)
{
	in = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(in, (struct sockaddr *)&address, name_socket());
	listen(in, 0);
	out = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void make_full_listener(void)
{
	make_listener();
	fcntl(out, F_SETFL, O_NONBLOCK);
	while (!connect(out, (struct sockaddr *)&address, name_socket()))
		out = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fcntl(out, F_SETFL, 0);
}

static void make_locked(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/probe-lock-%d", getpid());
	in = open(name, O_RDWR | O_CREAT, 0600);
	out = open(name, O_RDWR);
	unlink(name);
	flock(out, LOCK_EX);
}

static struct flock whole = { .l_type = F_WRLCK };

static void make_record_locked(void)
{
	make_locked();
	fcntl(out, F_OFD_SETLK, &whole);
}

static void make_word(void) { word = 0; }
static void make_semaphore(void) { sem_init(&semaphore, 0, 0); }
static void make_queue(void) { queue = msgget(IPC_PRIVATE, 0600); }
static void make_semaphores(void) { queue = semget(IPC_PRIVATE, 1, 0600); }

static void make_child(void)
{
	char ms[16];

	snprintf(ms, sizeof(ms), "%d", EVENT_AFTER_MS);
	child = start("sleep", ms);
}

static void make_eventfd(void) { in = out = eventfd(0, 0); }

static void make_timerfd(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = EVENT_AFTER_MS * 1000000 };

	in = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(in, 0, &soon, NULL);
}

static void make_signalfd(void)
{
	sigset_t set;

	mask(SIG_BLOCK, SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	in = signalfd(-1, &set, 0);
}

static void make_mqueue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	char name[32];

	snprintf(name, sizeof(name), "/probe-%d", getpid());
	mqueue = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);
	mq_unlink(name);
}

static struct timespec after(clockid_t clock, int secs)
{
	struct timespec at;

	clock_gettime(clock, &at);
	at.tv_sec += secs;
	return at;
}

static long call_read(void) { return read(in, &byte, 1); }
static long call_read8(void) { uint64_t n; return read(in, &n, 8) == 8 ? 8 : -1; }
static long call_write(void) { return write(out, &byte, 1); }
static long call_recv(void) { return recv(in, &byte, 1, 0); }
static long call_accept(void) { return accept(in, NULL, NULL) < 0 ? -1 : 0; }
static long call_connect(void) { return connect(out, (struct sockaddr *)&address, name_socket()); }
static long call_flock(void) { return flock(in, LOCK_EX); }
static long call_lock(void) { return fcntl(in, F_OFD_SETLKW, &whole); }
static long call_sem_wait(void) { return sem_wait(&semaphore); }
static long call_pause(void) { return pause(); }
static long call_waitpid(void) { return waitpid(child, NULL, 0) < 0 ? -1 : 0; }
static long call_mq_receive(void) { return mq_receive(mqueue, &byte, 1, NULL); }
static long call_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long call_signalfd(void) { struct signalfd_siginfo i; return read(in, &i, sizeof(i)) > 0 ? 0 : -1; }

static long call_poll(void)
{
	struct pollfd polled = { .fd = in, .events = POLLIN };

	return poll(&polled, 1, 5000);
}

static long call_select(void)
{
	struct timeval limit = { .tv_sec = 5 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	return select(in + 1, &set, NULL, NULL, &limit);
}

static long call_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);
	long result;

	epoll_ctl(fd, EPOLL_CTL_ADD, in, &event);
	result = epoll_wait(fd, &event, 1, 5000);
	close(fd);
	return result;
}

static long call_nanosleep(void)
{
	struct timespec span = { .tv_nsec = 500000000 };

	left.tv_nsec = 0;
	return nanosleep(&span, &left);
}

static long call_clock_nanosleep(void)
{
	struct timespec span = { .tv_nsec = 500000000 };

	left.tv_nsec = 0;
	errno = clock_nanosleep(CLOCK_REALTIME, 0, &span, &left);
	return errno ? -1 : 0;
}

static long call_sleep_until(void)
{
	struct timespec at = after(CLOCK_MONOTONIC, 1);

	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	return errno ? -1 : 0;
}

static long call_futex_limit(void)
{
	struct timespec limit = after(CLOCK_MONOTONIC, 5);

	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &limit, NULL, -1);
}

static long call_sem_timedwait(void)
{
	struct timespec limit = after(CLOCK_REALTIME, 5);

	return sem_timedwait(&semaphore, &limit);
}

static long call_msgrcv(void)
{
	struct { long type; char text[8]; } message;

	return msgrcv(queue, &message, 8, 0, 0);
}

static long call_semop(void)
{
	struct sembuf down = { .sem_op = -1 };

	return semop(queue, &down, 1);
}

static long call_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long call_sigtimedwait(void)
{
	sigset_t set;

	/* The call itself: one C library's function goes on after a signal. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8) < 0 ? -1 : 0;
}

static void wake_write(void) { if (write(out, "x\n", 2) < 0) say("wake: %s", error_name(errno)); }
static void wake_count(void) { uint64_t one = 1; if (write(out, &one, 8) < 0) say("wake"); }
static void wake_read(void) { if (read(in, bulk, sizeof(bulk)) < 0) say("wake: %s", error_name(errno)); }
static void wake_connect(void) { connect(out, (struct sockaddr *)&address, name_socket()); }
static void wake_accept(void) { close(accept(in, NULL, NULL)); }
static void wake_unlock(void) { close(out); out = -1; }
static void wake_post(void) { sem_post(&semaphore); }
static void wake_word(void) { word = 1; syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0); }
static void wake_kill(void) { kill(getpid(), SIGUSR2); }
static void wake_mqueue(void) { mq_send(mqueue, "x", 1, 0); }
static void wake_nothing(void) { }
/* Only a handler ends these. */
static void wake_never(void) { }

static void wake_queue(void)
{
	struct { long type; char text[8]; } message = { .type = 1 };

	msgsnd(queue, &message, 1, 0);
}

static void wake_semaphores(void)
{
	struct sembuf up = { .sem_op = 1 };

	semop(queue, &up, 1);
}

static const struct blocking {
	const char *what;
	void (*make)(void);
	long (*call)(void);
	void (*wake)(void);
} calls[] = {
	{ "read of a pipe", make_pipe, call_read, wake_write },
	{ "write to a full pipe", make_full_pipe, call_write, wake_read },
	{ "read of a socket", make_pair, call_read, wake_write },
	{ "recv", make_pair, call_recv, wake_write },
	{ "recv with SO_RCVTIMEO", make_impatient_pair, call_recv, wake_write },
	{ "read of a terminal", make_terminal, call_read, wake_write },
	{ "read of an eventfd", make_eventfd, call_read8, wake_count },
	{ "read of a timerfd", make_timerfd, call_read8, wake_nothing },
	{ "read of a signalfd", make_signalfd, call_signalfd, wake_kill },
	{ "accept", make_listener, call_accept, wake_connect },
	{ "connect", make_full_listener, call_connect, wake_accept },
	{ "poll", make_pipe, call_poll, wake_write },
	{ "select", make_pipe, call_select, wake_write },
	{ "epoll_wait", make_pipe, call_epoll, wake_write },
	{ "flock", make_locked, call_flock, wake_unlock },
	{ "record lock", make_record_locked, call_lock, wake_unlock },
	{ "futex", make_word, call_futex, wake_word },
	{ "futex with a limit", make_word, call_futex_limit, wake_word },
	{ "sem_wait", make_semaphore, call_sem_wait, wake_post },
	{ "sem_timedwait", make_semaphore, call_sem_timedwait, wake_post },
	{ "msgrcv", make_queue, call_msgrcv, wake_queue },
	{ "semop", make_semaphores, call_semop, wake_semaphores },
	{ "mq_receive", make_mqueue, call_mq_receive, wake_mqueue },
	{ "waitpid", make_child, call_waitpid, wake_nothing },
	{ "nanosleep", make_word, call_nanosleep, wake_nothing },
	{ "clock_nanosleep", make_word, call_clock_nanosleep, wake_nothing },
	{ "clock_nanosleep until", make_word, call_sleep_until, wake_nothing },
	{ "pause", make_word, call_pause, wake_never },
	{ "sigsuspend", make_word, call_sigsuspend, wake_never },
	{ "rt_sigtimedwait", make_signalfd, call_sigtimedwait, wake_kill },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

/* What an interrupted call has left pending is not for the next one. */
static void take_usr2(void)
{
	struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigtimedwait(&set, NULL, &now);
	mask(SIG_UNBLOCK, SIGUSR2);
}

static void begin(const struct blocking *call)
{
	in = out = queue = mqueue = -1;
	call->make();
}

static void end(const struct blocking *call)
{
	take_usr2();
	close(in);
	close(out);
	if (call->make == make_queue)
		msgctl(queue, IPC_RMID, NULL);
	if (call->make == make_semaphores)
		semctl(queue, 0, IPC_RMID);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

#endif /* BLOCKING_H */

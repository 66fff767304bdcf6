/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What siginfo_t tells a handler, by the way in which the signal was made. */
#include "probe.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

static siginfo_t last;
static volatile int count;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	last = *info;
	count++;
}

static const char *who(pid_t pid)
{
	return pid == getpid() ? "me" : pid == getppid() ? "parent" : pid ? "other" : "nobody";
}

static void said(const char *what)
{
	say("%s: %d, %s, %s, errno %d", what, count, signal_name(last.si_signo),
	    code_name(last.si_signo, last.si_code), last.si_errno);
	count = 0;
}

static void sent(const char *what)
{
	said(what);
	say("  from %s, own user %d", who(last.si_pid), last.si_uid == getuid());
}

static void by_calls(void)
{
	union sigval value = { .sival_int = 4711 };
	siginfo_t made;
	int fds[2];

	handle(SIGUSR1, note, 0);
	kill(getpid(), SIGUSR1);
	sent("kill");
	raise(SIGUSR1);
	sent("raise");
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	sent("tgkill");
	pthread_kill(pthread_self(), SIGUSR1);
	sent("pthread_kill");
	outcome("kill(0) with no signal", kill(getpid(), 0));
	outcome("kill of nobody", kill(0x3fffffff, 0));
	outcome("kill with a bad number", kill(getpid(), 65));

	sigqueue(getpid(), SIGUSR1, value);
	sent("sigqueue");
	say("  value %d", last.si_value.sival_int);

	memset(&made, 0, sizeof(made));
	made.si_code = SI_QUEUE;
	made.si_pid = 7;
	made.si_value.sival_int = 99;
	syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &made);
	said("rt_sigqueueinfo");
	say("  pid %d, value %d", last.si_pid, last.si_value.sival_int);
	/* SI_USER may be claimed to oneself only. */
	made.si_code = SI_USER;
	outcome("a false SI_USER to oneself",
		syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &made));
	said("  it");
	outcome("a false SI_USER to the parent",
		syscall(SYS_rt_sigqueueinfo, getppid(), 0, &made));

	handle(SIGPIPE, note, 0);
	if (pipe(fds))
		return;
	close(fds[0]);
	outcome("write without reader", write(fds[1], "x", 1));
	said("SIGPIPE");
	close(fds[1]);
}

static void by_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec once = { .it_value.tv_nsec = 5000000 };
	timer_t timer;

	handle(SIGUSR2, note, 0);
	handle(SIGALRM, note, 0);
	event.sigev_value.sival_int = 31337;
	outcome("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
	outcome("timer_settime", timer_settime(timer, 0, &once, NULL));
	while (!count)
		pause();
	said("timer");
	say("  value %d, overrun %d", last.si_value.sival_int, last.si_overrun);
	timer_delete(timer);

	alarm(1);
	while (!count)
		pause();
	said("alarm");
}

static void by_child(const char *what, const char *role, const char *argument, int signo)
{
	pid_t pid = start(role, argument);
	struct rusage used;
	int status;

	if (signo) {
		sleep_ms(60);
		kill(pid, signo);
	}
	while (!count)
		poll(NULL, 0, 1000);
	said(what);
	say("  from the child %d, own user %d, status %d", last.si_pid == pid,
	    last.si_uid == getuid(), last.si_status);
	if (signo == SIGSTOP) {
		kill(pid, SIGCONT);
		while (!count)
			poll(NULL, 0, 1000);
		said("  continued");
		say("  from the child %d, status %d", last.si_pid == pid, last.si_status);
		kill(pid, SIGKILL);
		while (!count)
			poll(NULL, 0, 1000);
		said("  killed");
	}
	wait4(pid, &status, 0, &used);
	say_status("  it", status);
	if (!strcmp(role, "burn"))
		say("  has used time %d", last.si_utime + last.si_stime > 0);
}

static void by_others(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	char name[32];
	int fds[2];
	mqd_t queue;

	snprintf(name, sizeof(name), "/probe-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);
	success("mq_open", queue);
	event.sigev_value.sival_int = 17;
	outcome("mq_notify", mq_notify(queue, &event));
	outcome("mq_send", mq_send(queue, "m", 1, 0));
	while (!count)
		sleep_ms(1);
	sent("mq_notify");
	say("  value %d", last.si_value.sival_int);
	mq_close(queue);
	mq_unlink(name);

	if (pipe(fds))
		return;
	handle(SIGRTMIN + 2, note, 0);
	fcntl(fds[0], F_SETOWN, getpid());
	fcntl(fds[0], F_SETSIG, SIGRTMIN + 2);
	fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	if (write(fds[1], "x", 1) != 1)
		return;
	while (!count)
		sleep_ms(1);
	said("F_SETSIG");
	say("  fd %d, readable %d", last.si_fd == fds[0], (last.si_band & POLLIN) != 0);
}

/* The same without a handler: sigwaitinfo and signalfd. */
static void without_handler(void)
{
	struct timespec now = { 0 };
	struct signalfd_siginfo told[4];
	union sigval value = { .sival_int = 88 };
	siginfo_t info;
	sigset_t set;
	pid_t pid;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN + 3, value);
	kill(getpid(), SIGUSR1);
	say("sigwaitinfo: %s", signal_name(sigwaitinfo(&set, &info)));
	say("  %s, from %s", code_name(info.si_signo, info.si_code),
	    who(info.si_pid));
	say("then: %s", signal_name(sigwaitinfo(&set, &info)));
	say("  %s, value %d", code_name(info.si_signo, info.si_code), info.si_value.sival_int);
	outcome("then", sigtimedwait(&set, &info, &now));

	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	success("signalfd", fd);
	outcome("empty", read(fd, told, sizeof(told)));
	outcome("too small", read(fd, told, 8));
	sigqueue(getpid(), SIGRTMIN + 3, value);
	kill(getpid(), SIGUSR1);
	pid = start("exit", "6");
	/* It is the parent's to wait for, but told first. */
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	outcome("signals", read(fd, told, sizeof(told)) / (long)sizeof(told[0]));
	say("  %s, %s, me %d", signal_name(told[0].ssi_signo),
	    code_name(told[0].ssi_signo, told[0].ssi_code), (pid_t)told[0].ssi_pid == getpid());
	say("  %s, %s, child %d, status %d", signal_name(told[1].ssi_signo),
	    code_name(told[1].ssi_signo, told[1].ssi_code), (pid_t)told[1].ssi_pid == pid, told[1].ssi_status);
	say("  %s, %s, value %d", signal_name(told[2].ssi_signo),
	    code_name(told[2].ssi_signo, told[2].ssi_code), told[2].ssi_int);
	finish("  it", pid);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		if (!strcmp(argv[1], "exit"))
			return atoi(argv[2]);
		if (!strcmp(argv[1], "burn"))
			while (clock_ms(CLOCK_PROCESS_CPUTIME_ID) < 60)
				;
		if (!strcmp(argv[1], "sleep"))
			sleep_ms(5000);
		return 0;
	}
	by_calls();
	by_timer();
	by_others();
	without_handler();
	handle(SIGCHLD, note, 0);
	by_child("exit", "exit", "7", 0);
	by_child("burn", "burn", "", 0);
	by_child("kill", "sleep", "", SIGTERM);
	by_child("stop", "sleep", "", SIGSTOP);
	return 0;
}

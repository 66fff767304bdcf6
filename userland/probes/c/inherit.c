/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a program that is executed keeps of the one before it, and what it does not. See execve(2). */
#include "probe.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

static char stack_memory[65536];

static void note(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	say("caught %s", signal_name(signo));
}

static const char *action(int signo)
{
	struct sigaction now;

	sigaction(signo, NULL, &now);
	return now.sa_handler == SIG_DFL ? "default" : now.sa_handler == SIG_IGN ? "ignored" : "handled";
}

static int before(void)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
	struct itimerval timer = { .it_value.tv_sec = 100 };
	struct rlimit limit = { 55, 66 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value.tv_nsec = 250000000 };
	char *const args[] = { "probe", "after", "", NULL };
	timer_t posix_timer;
	struct flock lock = { .l_type = F_WRLCK };
	char id[16];
	int fd;

	handle(SIGUSR1, note, 0);
	signal(SIGUSR2, SIG_IGN);
	mask(SIG_BLOCK, SIGTERM);
	mask(SIG_BLOCK, SIGRTMIN);
	raise(SIGTERM);
	kill(getpid(), SIGRTMIN);
	kill(getpid(), SIGRTMIN);
	sigaltstack(&stack, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	timer_create(CLOCK_MONOTONIC, &event, &posix_timer);
	timer_settime(posix_timer, 0, &soon, NULL);
	handle(SIGUSR1, note, 0);
	setrlimit(RLIMIT_CORE, &limit);
	setpriority(PRIO_PROCESS, 0, 3);
	umask(031);
	if (chdir("/proc"))
		return 1;
	prctl(PR_SET_NAME, "before");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 12345);
	dup2(open("/dev/null", O_RDONLY), 60);
	dup3(60, 61, O_CLOEXEC);
	fd = open("/tmp/probe-inherit", O_RDWR | O_CREAT, 0600);
	unlink("/tmp/probe-inherit");
	dup2(fd, 62);
	fcntl(62, F_SETLK, &lock);
	lseek(62, 17, SEEK_SET);
	mlockall(MCL_CURRENT);
	snprintf(id, sizeof(id), "%d", getpid());
	setenv("PROBE_ID", id, 1);
	execv("/proc/self/exe", args);
	return 1;
}

static int after(void)
{
	struct itimerval timer;
	struct rlimit limit;
	struct timespec past = { 0 };
	sigset_t pending, real_time;
	int death = -1, taken = 0;
	stack_t stack;
	char name[16];
	mode_t old;

	say("same id %d", atoi(getenv("PROBE_ID")) == getpid());
	say("USR1 %s, USR2 %s", action(SIGUSR1), action(SIGUSR2));
	say("blocked: TERM %d, RTMIN %d", is_blocked(SIGTERM), is_blocked(SIGRTMIN));
	sigpending(&pending);
	say("pending: TERM %d, RTMIN %d", sigismember(&pending, SIGTERM), sigismember(&pending, SIGRTMIN));
	sigemptyset(&real_time);
	sigaddset(&real_time, SIGRTMIN);
	while (sigtimedwait(&real_time, NULL, &past) == SIGRTMIN)
		taken++;
	say("real-time signals kept %d", taken);
	sigaltstack(NULL, &stack);
	say("alternate stack gone %d", stack.ss_flags == SS_DISABLE);
	getitimer(ITIMER_REAL, &timer);
	say("interval timer kept %d", timer.it_value.tv_sec > 90);
	sleep_ms(300);
	say("POSIX timer gone");
	getrlimit(RLIMIT_CORE, &limit);
	say("limits %d %d", (int)limit.rlim_cur, (int)limit.rlim_max);
	say("nice %d", getpriority(PRIO_PROCESS, 0));
	old = umask(0);
	say("umask %o", old);
	say("folder kept %d", !access("self", F_OK));
	prctl(PR_GET_NAME, name);
	say("name new %d", strcmp(name, "before") != 0);
	prctl(PR_GET_PDEATHSIG, &death);
	say("PDEATHSIG %d", death);
	say("timer slack %d", prctl(PR_GET_TIMERSLACK));
	say("files: %d %d", fcntl(60, F_GETFD), fcntl(61, F_GETFD));
	say("place in a file %d", (int)lseek(62, 0, SEEK_CUR));
	finish("another cannot lock it", start("lock", ""));
	handle(SIGTERM, note, 0);
	mask(SIG_UNBLOCK, SIGTERM);
	return 0;
}

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK };

	if (argc == 1)
		return before();
	if (!strcmp(argv[1], "after"))
		return after();
	outcome("  lock", fcntl(62, F_SETLK, &lock));
	/* A child does inherit the ignored signal and the mask, but nothing pending. */
	sigset_t pending;
	sigpending(&pending);
	say("  TERM blocked %d, pending %d", is_blocked(SIGTERM), sigismember(&pending, SIGTERM));
	return 0;
}

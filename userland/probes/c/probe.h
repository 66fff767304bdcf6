/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the probes in C share: the words of their transcripts, and children.
 *
 * A probe here is about what only C can say: signal contexts, jumps out of
 * handlers, the whole of pthreads, raw system calls. Tests build it with the
 * host's compiler and with the guest's, run both and compare the transcripts,
 * so a transcript holds nothing that differs from run to run or between two
 * C libraries. What helps a reader goes to standard error.
 *
 * There is no fork: a child is the same program with other arguments.
 */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

extern char **environ;

/* One line of the transcript, at once: a probe that dies takes none with it. */
__attribute__((format(printf, 1, 2), unused))
static void say(const char *format, ...)
{
	char line[1024];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (write(1, line, len) != len)
		_exit(99);
}

/* The time of a clock in so many milliseconds. */
__attribute__((unused)) static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec at;

	clock_gettime(clock, &at);
	at.tv_nsec += ms * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

#define NAMED(name) case name: return #name

/* The name of an error number, where a probe may meet it. */
__attribute__((unused)) static const char *error_name(int error)
{
	static char other[32];

	switch (error) {
	NAMED(EPERM); NAMED(ENOENT); NAMED(ESRCH); NAMED(EINTR); NAMED(EIO); NAMED(ENXIO);
	NAMED(E2BIG); NAMED(ENOEXEC); NAMED(EBADF); NAMED(ECHILD);
	NAMED(EAGAIN); NAMED(ENOMEM); NAMED(EACCES); NAMED(EFAULT);
	NAMED(EBUSY); NAMED(EEXIST); NAMED(EXDEV); NAMED(ENODEV); NAMED(ENOTDIR);
	NAMED(EISDIR); NAMED(EINVAL); NAMED(EMFILE); NAMED(ENOTTY);
	NAMED(EFBIG); NAMED(ENOSPC); NAMED(ESPIPE); NAMED(EROFS);
	NAMED(EPIPE); NAMED(ERANGE); NAMED(EDEADLK); NAMED(ENAMETOOLONG);
	NAMED(ENOSYS); NAMED(ELOOP); NAMED(EOVERFLOW); NAMED(EOPNOTSUPP);
	NAMED(ETIMEDOUT); NAMED(ECANCELED); NAMED(EOWNERDEAD);
	NAMED(ENOTRECOVERABLE); NAMED(EINPROGRESS); NAMED(EALREADY);
	NAMED(ENOMSG); NAMED(EIDRM); NAMED(ECONNREFUSED); NAMED(EMSGSIZE);
	}
	snprintf(other, sizeof(other), "errno %d", error);
	return other;
}

/* The result of a system call that gives -1 and errno. */
__attribute__((unused)) static void outcome(const char *what, long result)
{
	if (result == -1)
		say("%s: %s", what, error_name(errno));
	else
		say("%s: %ld", what, result);
}

/* The same, where a good result differs from run to run. */
__attribute__((unused)) static void success(const char *what, long result)
{
	say("%s: %s", what, result == -1 ? error_name(errno) : "ok");
}

/* The result of a pthread function, which gives the error itself. */
__attribute__((unused)) static void thread_outcome(const char *what, int error)
{
	say("%s: %s", what, error ? error_name(error) : "ok");
}

__attribute__((unused)) static const char *signal_name(int signo)
{
	static char other[32];

	switch (signo) {
	NAMED(SIGHUP); NAMED(SIGINT); NAMED(SIGQUIT); NAMED(SIGILL);
	NAMED(SIGTRAP); NAMED(SIGABRT); NAMED(SIGBUS); NAMED(SIGFPE);
	NAMED(SIGKILL); NAMED(SIGUSR1); NAMED(SIGSEGV); NAMED(SIGUSR2);
	NAMED(SIGPIPE); NAMED(SIGALRM); NAMED(SIGTERM); NAMED(SIGCHLD);
	NAMED(SIGCONT); NAMED(SIGSTOP); NAMED(SIGTSTP); NAMED(SIGTTIN);
	NAMED(SIGTTOU); NAMED(SIGURG); NAMED(SIGXCPU); NAMED(SIGXFSZ);
	NAMED(SIGVTALRM); NAMED(SIGPROF); NAMED(SIGWINCH); NAMED(SIGIO);
	NAMED(SIGSYS);
	}
	/* Which numbers are free is the C library's choice. */
	if (signo >= SIGRTMIN)
		snprintf(other, sizeof(other), "SIGRTMIN+%d", signo - SIGRTMIN);
	else
		snprintf(other, sizeof(other), "signal %d", signo);
	return other;
}

__attribute__((unused)) static const char *code_name(int signo, int code)
{
	static char other[32];

	switch (code) {
	NAMED(SI_USER); NAMED(SI_KERNEL); NAMED(SI_QUEUE); NAMED(SI_TIMER);
	NAMED(SI_MESGQ); NAMED(SI_ASYNCIO); NAMED(SI_SIGIO); NAMED(SI_TKILL);
	}
	switch (signo) {
	case SIGCHLD:
		switch (code) {
		NAMED(CLD_EXITED); NAMED(CLD_KILLED); NAMED(CLD_DUMPED);
		NAMED(CLD_TRAPPED); NAMED(CLD_STOPPED); NAMED(CLD_CONTINUED);
		}
		break;
	case SIGSEGV:
		switch (code) { NAMED(SEGV_MAPERR); NAMED(SEGV_ACCERR); }
		break;
	case SIGFPE:
		switch (code) { NAMED(FPE_INTDIV); NAMED(FPE_INTOVF); }
		break;
	case SIGILL:
		switch (code) { NAMED(ILL_ILLOPC); NAMED(ILL_ILLOPN); NAMED(ILL_ILLTRP); }
		break;
	case SIGBUS:
		switch (code) { NAMED(BUS_ADRALN); NAMED(BUS_ADRERR); }
		break;
	default:
		switch (code) { NAMED(POLL_IN); NAMED(POLL_OUT); NAMED(POLL_HUP); }
	}
	snprintf(other, sizeof(other), "code %d", code);
	return other;
}

__attribute__((unused)) static void sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

__attribute__((unused)) static long clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (long)(now.tv_sec % 1000000) * 1000 + now.tv_nsec / 1000000;
}

/* Starts this program with these arguments, in process group pgroup unless -1. */
__attribute__((unused))
static pid_t start_in_group(pid_t pgroup, const char *role, const char *argument)
{
	const char *const args[] = { "probe", role, argument, NULL };
	posix_spawnattr_t attr;
	pid_t pid = -1;
	int error;

	posix_spawnattr_init(&attr);
	if (pgroup >= 0) {
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
		posix_spawnattr_setpgroup(&attr, pgroup);
	}
	error = posix_spawn(&pid, "/proc/self/exe", NULL, &attr,
			    (char *const *)args, environ);
	posix_spawnattr_destroy(&attr);
	if (error) {
		say("cannot start %s: %s", role, error_name(error));
		exit(98);
	}
	return pid;
}

__attribute__((unused)) static pid_t start(const char *role, const char *argument)
{
	return start_in_group(-1, role, argument);
}

/* How a child ended, in words. */
__attribute__((unused)) static void say_status(const char *what, int status)
{
	if (WIFEXITED(status))
		say("%s: exited with %d", what, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: ended by %s", what, signal_name(WTERMSIG(status)));
	else if (WIFSTOPPED(status))
		say("%s: stopped by %s", what, signal_name(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		say("%s: continued", what);
	else
		say("%s: status %#x", what, status);
}

/* Waits for a child and says how it ended. */
__attribute__((unused)) static void finish(const char *what, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		say("%s: waitpid: %s", what, error_name(errno));
	else
		say_status(what, status);
}

/* Installs a handler; fails loudly. */
__attribute__((unused))
static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	if (sigaction(signo, &action, NULL))
		say("sigaction(%s): %s", signal_name(signo), error_name(errno));
}

__attribute__((unused)) static void mask(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(how, &set, NULL);
}

__attribute__((unused)) static int is_blocked(int signo)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, signo);
}

#endif /* PROBE_H */

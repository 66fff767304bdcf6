/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Waiting in all forms, stop and continue, process groups, orphaned groups. */
#include "probe.h"

#include <sys/resource.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static volatile int count, chld_code;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)context;
	chld_code = info->si_code;
	count++;
}

static void say_info(const char *what, int result, const siginfo_t *info, pid_t pid)
{
	if (result)
		say("%s: %s", what, error_name(errno));
	else if (!info->si_pid)
		say("%s: nothing", what);
	else
		say("%s: %s, %s, child %d, own user %d, status %d", what,
		    signal_name(info->si_signo), code_name(SIGCHLD, info->si_code),
		    info->si_pid == pid, info->si_uid == getuid(), info->si_status);
}

static void wait_for(const char *what, idtype_t type, id_t id, int options, pid_t pid)
{
	siginfo_t info;
	int result;

	memset(&info, 0, sizeof(info));
	result = waitid(type, id, &info, options);
	say_info(what, result, &info, pid);
}

static void states(void)
{
	/* In a group of its own, which is no orphan: that would not obey SIGTSTP. */
	pid_t pid = start_in_group(0, "sleep", "10000");
	int status;

	wait_for("running, WNOHANG", P_PID, pid, WEXITED | WSTOPPED | WCONTINUED | WNOHANG, pid);
	kill(pid, SIGSTOP);
	wait_for("stopped, WNOWAIT", P_PID, pid, WSTOPPED | WNOWAIT, pid);
	wait_for("not continued", P_PID, pid, WCONTINUED | WNOHANG, pid);
	wait_for("stopped", P_PID, pid, WSTOPPED, pid);
	wait_for("told once", P_PID, pid, WSTOPPED | WNOHANG, pid);
	kill(pid, SIGCONT);
	wait_for("continued", P_PID, pid, WCONTINUED, pid);
	kill(pid, SIGTSTP);
	outcome("WUNTRACED", waitpid(pid, &status, WUNTRACED) == pid);
	say_status("  it", status);
	/* Pending while it is stopped, but for SIGKILL and SIGCONT. */
	kill(pid, SIGTERM);
	sleep_ms(20);
	outcome("stopped with SIGTERM pending", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	wait_for("then", P_PID, pid, WEXITED | WNOWAIT, pid);
	outcome("by group", waitpid(-pid, &status, 0) == pid);
	say_status("  it", status);
	wait_for("gone", P_PID, pid, WEXITED, pid);
	outcome("nobody", waitpid(-1, &status, 0));
	wait_for("no kind", P_ALL, 0, WNOHANG, 0);
	outcome("bad options", waitpid(-1, &status, 0x100));

	pid = start("exit", "9");
	wait_for("P_PGID", P_PGID, getpgrp(), WEXITED | WNOWAIT, pid);
	wait_for("P_PGID of another", P_PGID, 1, WEXITED | WNOHANG, pid);
	status = syscall(SYS_pidfd_open, pid, 0);
	success("pidfd_open", status);
	wait_for("P_PIDFD", P_PIDFD, status, WEXITED, pid);
	close(status);
}

static void notices(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP };
	struct rusage used;
	int status;
	pid_t pid;

	sigaction(SIGCHLD, &action, NULL);
	count = 0;
	pid = start("sleep", "10000");
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	say("SA_NOCLDSTOP: told %d", count);
	kill(pid, SIGKILL);
	outcome("wait4", wait4(pid, &status, 0, &used) == pid);
	say("killed: told %d, %s", count, code_name(SIGCHLD, chld_code));

	action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
	sigaction(SIGCHLD, &action, NULL);
	count = 0;
	pid = start("exit", "3");
	outcome("SA_NOCLDWAIT", waitpid(pid, &status, 0));
	say("told %d", count);
	signal(SIGCHLD, SIG_IGN);
	pid = start("exit", "3");
	outcome("SIG_IGN", waitpid(pid, &status, 0));
	sleep_ms(10);
	outcome("no zombie is left", kill(pid, 0));
	signal(SIGCHLD, SIG_DFL);
}

static void groups(void)
{
	pid_t first = start_in_group(0, "sleep", "10000");
	pid_t second = start_in_group(first, "sleep", "10000");
	int status;

	say("groups: %d %d", getpgid(first) == first, getpgid(second) == first);
	outcome("setpgid after exec", setpgid(second, second));
	outcome("setpgid of a stranger", setpgid(1, 1));
	outcome("setpgid to nowhere", setpgid(0, 1));
	outcome("kill the group", kill(-first, SIGUSR1));
	waitpid(second, &status, 0);
	say_status("second", status);
	outcome("any of the group", waitpid(-first, &status, 0) == first);
	say_status("first", status);
	outcome("an empty group", kill(-first, 0));
	finish("a new session", start("session", ""));
}

static int session(void)
{
	pid_t pid;

	say("setsid: %d", setsid() == getpid());
	say("session %d, group %d", getsid(0) == getpid(), getpgrp() == getpid());
	outcome("setsid again", setsid());
	outcome("setpgid of a leader", setpgid(0, 0));
	pid = start("sleep", "10000");
	outcome("stop all of the group", kill(0, SIGWINCH));
	kill(pid, SIGKILL);
	finish("child", pid);
	return 0;
}

/*
 * A process group without a parent in the session: a stop from the terminal is
 * not obeyed, and one that is stopped when it becomes an orphan gets SIGHUP and
 * SIGCONT. The middle process ends and leaves its child behind.
 */
static void orphans(void)
{
	int fds[2], status;
	char text[8] = "";
	pid_t middle;

	if (pipe(fds))
		return;
	dup2(fds[1], 50);
	close(fds[1]);
	middle = start_in_group(0, "middle", "");
	waitpid(middle, &status, 0);
	say_status("middle", status);
	close(50);
	outcome("the orphan reports", read(fds[0], text, sizeof(text) - 1));
	say("it got: %s", text);
	close(fds[0]);
}

static volatile int got_hup, got_cont;

static void note_end(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	if (signo == SIGHUP)
		got_hup++;
	else
		got_cont++;
}

static int middle(void)
{
	siginfo_t info;
	pid_t pid = start_in_group(0, "orphan", "");

	/* Until it has stopped itself. */
	waitid(P_PID, pid, &info, WSTOPPED);
	return 0;
}

static int orphan(void)
{
	handle(SIGHUP, note_end, 0);
	handle(SIGCONT, note_end, 0);
	kill(getpid(), SIGSTOP);
	/* An orphan now: SIGTSTP's default does nothing. */
	while (!got_hup || !got_cont)
		sleep_ms(1);
	kill(getpid(), SIGTSTP);
	return write(50, got_hup == 1 && got_cont == 1 ? "both" : "many", 4) != 4;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		const char *role = argv[1];

		if (!strcmp(role, "sleep"))
			sleep_ms(atoi(argv[2]));
		if (!strcmp(role, "exit"))
			return atoi(argv[2]);
		return !strcmp(role, "session") ? session() :
		       !strcmp(role, "middle") ? middle() :
		       !strcmp(role, "orphan") ? orphan() : 0;
	}
	states();
	notices();
	groups();
	orphans();
	return 0;
}

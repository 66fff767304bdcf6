/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Job control on a terminal: keys that send signals, reads and writes from the
 * background, the foreground group, hanging up. One process holds the master
 * side; a session of its own works on the terminal.
 */
#include "probe.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master;

static void key(char byte)
{
	if (write(master, &byte, 1) != 1)
		say("write to the master: %s", error_name(errno));
}

static void stopped(const char *what, pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, WUNTRACED | WCONTINUED);
	say_status(what, status);
}

static volatile int hung_up, continued, resized;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	if (signo == SIGHUP)
		hung_up++;
	else if (signo == SIGCONT)
		continued++;
	else
		resized++;
}

/* The session's leader: like a shell, it starts jobs in groups of their own. */
static int leader(const char *name)
{
	struct winsize size = { .ws_row = 11, .ws_col = 22 };
	struct termios mode;
	int terminal, fds[2];
	pid_t job;

	master = 51;
	say("setsid %d", setsid() == getpid());
	outcome("open of /dev/tty without one", open("/dev/tty", O_RDWR));
	terminal = open(name, O_RDWR);
	success("open", terminal);
	say("it is mine now %d", tcgetsid(terminal) == getpid());
	dup2(terminal, 52);
	success("open of /dev/tty", open("/dev/tty", O_RDWR));
	say("foreground %d", tcgetpgrp(terminal) == getpgrp());
	if (pipe(fds))
		return 1;

	signal(SIGTTOU, SIG_IGN);
	job = start_in_group(0, "job", "sleep");
	outcome("tcsetpgrp", tcsetpgrp(terminal, job));
	outcome("to a group of another session", tcsetpgrp(terminal, getppid()));
	key(3);
	stopped("^C", job);
	job = start_in_group(0, "job", "sleep");
	tcsetpgrp(terminal, job);
	key(28);
	stopped("^\\", job);
	job = start_in_group(0, "job", "sleep");
	tcsetpgrp(terminal, job);
	key(26);
	stopped("^Z", job);
	kill(-job, SIGCONT);
	stopped("SIGCONT", job);
	kill(-job, SIGKILL);
	stopped("SIGKILL", job);

	tcsetpgrp(terminal, getpgrp());
	job = start_in_group(0, "job", "read");
	stopped("a read in the background", job);
	tcsetpgrp(terminal, job);
	kill(-job, SIGCONT);
	stopped("SIGCONT", job);
	if (write(master, "ok\n", 3) == 3)
		stopped("the read in the foreground", job);
	tcsetpgrp(terminal, getpgrp());
	job = start_in_group(0, "job", "read ignoring");
	stopped("a read that ignores SIGTTIN", job);

	tcgetattr(terminal, &mode);
	mode.c_lflag |= TOSTOP;
	tcsetattr(terminal, TCSANOW, &mode);
	job = start_in_group(0, "job", "write");
	stopped("a write in the background, TOSTOP", job);
	kill(-job, SIGKILL);
	stopped("SIGKILL", job);
	mode.c_lflag &= ~TOSTOP;
	tcsetattr(terminal, TCSANOW, &mode);
	job = start_in_group(0, "job", "write");
	stopped("without TOSTOP", job);
	job = start_in_group(0, "job", "set");
	stopped("tcsetattr in the background", job);
	kill(-job, SIGKILL);
	stopped("SIGKILL", job);

	handle(SIGWINCH, note, 0);
	outcome("TIOCSWINSZ", ioctl(master, TIOCSWINSZ, &size));
	say("SIGWINCH %d", resized);
	memset(&size, 0, sizeof(size));
	ioctl(terminal, TIOCGWINSZ, &size);
	say("size %d %d", size.ws_row, size.ws_col);

	handle(SIGHUP, note, 0);
	handle(SIGCONT, note, 0);
	close(51);
	close(50);		/* tells the other process to hang up */
	while (!hung_up || !continued)
		sleep_ms(1);
	say("hung up %d, continued %d", hung_up, continued);
	outcome("read then", read(terminal, &mode, 1));
	outcome("write then", write(terminal, &mode, 1));
	outcome("open of /dev/tty then", open("/dev/tty", O_RDWR) < 0 ? -1 : 0);
	return 0;
}

static int job(const char *what)
{
	struct termios mode;
	char text[8] = "";

	signal(SIGTTOU, SIG_DFL);
	if (!strcmp(what, "sleep"))
		for (;;)
			pause();
	if (!strcmp(what, "read ignoring"))
		signal(SIGTTIN, SIG_IGN);
	if (!strncmp(what, "read", 4)) {
		ssize_t got = read(52, text, sizeof(text) - 1);

		outcome("  read", got);
		return got > 0 ? 0 : 1;
	}
	if (!strcmp(what, "write"))
		return write(52, "x", 1) != 1;
	tcgetattr(52, &mode);
	return tcsetattr(52, TCSANOW, &mode);
}

int main(int argc, char **argv)
{
	int fds[2];
	char byte;
	pid_t pid;

	if (argc > 2)
		return strcmp(argv[1], "job") ? leader(argv[2]) : job(argv[2]);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	success("posix_openpt", master);
	outcome("grantpt", grantpt(master));
	outcome("unlockpt", unlockpt(master));
	/* A copy for the keys that the leader presses, and an end to wait for. */
	dup2(master, 51);
	if (pipe(fds))
		return 1;
	dup2(fds[1], 50);
	close(fds[1]);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	pid = start("leader", ptsname(master));
	close(50);
	close(51);
	if (read(fds[0], &byte, 1) != 0)
		say("the leader talks");
	close(master);
	finish("leader", pid);
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the C probes share: lines of a transcript that is the same on every
 * Linux. Each line is one write, so that parent and child do not mix.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((__format__(__printf__, 1, 2)))
static inline void say(const char *format, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (write(1, line, n) != n)
		_exit(99);
}

/* Waits for a child and says how it ended. */
static inline void say_end(const char *what, pid_t pid)
{
	int status = 0;
	if (pid < 0)
		say("%s: no child\n", what);
	else if (waitpid(pid, &status, 0) != pid)
		say("%s: lost\n", what);
	else if (WIFEXITED(status))
		say("%s: exit %d\n", what, WEXITSTATUS(status));
	else
		say("%s: signal %d\n", what, WTERMSIG(status));
}

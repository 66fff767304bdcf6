/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Takes memory of the kernel until there is none: pipes, filled. For the guest
 * only; the host's memory is not ours to use up.
 */
#include "probe.h"

#include <sys/resource.h>

static char bytes[1 << 20];

int main(void)
{
	struct rlimit many = { 1 << 16, 1 << 16 };
	int fds[2], pipes = 0;
	char *own;

	/* The one with the most memory is the one to go. */
	own = malloc(64 << 20);
	memset(own, 1, 64 << 20);
	setrlimit(RLIMIT_NOFILE, &many);
	say("hungry");
	while (!pipe2(fds, O_NONBLOCK)) {
		fcntl(fds[1], F_SETPIPE_SZ, sizeof(bytes));
		while (write(fds[1], bytes, sizeof(bytes)) > 0)
			;
		pipes++;
	}
	say("no more pipes after %d: %s", pipes, error_name(errno));
	return own[0] == 1 ? 3 : 4;
}

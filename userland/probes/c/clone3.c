/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * clone3(2) and file descriptors of processes: pidfd_open, pidfd_send_signal,
 * pidfd_getfd, waitid(P_PIDFD), poll. A child that runs a function shares the
 * memory in the guest, as without it there is no child; the transcript does
 * not depend on it.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include "transcript.h"

/* linux/sched.h and the C library's sched.h do not go together. */
struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#ifdef __wasm__
/* What the kernel's first function in a child looks for on its stack. */
static pid_t clone3_call(struct arguments *args, int (*function)(void *), void *argument)
{
	static _Alignas(16) char stacks[8][16384];
	static unsigned used;
	char *stack = stacks[used++ % 8];
	uintptr_t *start = (uintptr_t *)(stack + sizeof stacks[0] - 16);
	start[0] = (uintptr_t)function;
	start[1] = (uintptr_t)argument;
	start[2] = (uintptr_t)__builtin_wasm_tls_base();
	args->flags |= CLONE_VM;
	args->stack = (uintptr_t)stack;
	args->stack_size = sizeof stacks[0] - 16;
	return syscall(SYS_clone3, args, sizeof *args);
}
#else
static pid_t clone3_call(struct arguments *args, int (*function)(void *), void *argument)
{
	pid_t pid = syscall(SYS_clone3, args, sizeof *args);
	if (!pid)
		_exit(function(argument));
	return pid;
}
#endif

static const char *name(long result)
{
	if (result != -1)
		return result ? "a number" : "ok";
	/* The C library's own words differ here. */
	return errno == ECHILD ? "no child" : strerror(errno);
}

/* Children make system calls only: in the guest, errno is their parent's too. */
static int leave(void *argument)
{
	return (int)(intptr_t)argument;
}

static int wait_for_a_byte(void *argument)
{
	char byte;
	return read(*(int *)argument, &byte, 1) == 1 ? byte : 9;
}

static void errors(void)
{
	struct arguments args = { .exit_signal = SIGCHLD };
	char big[4096] = { 0 };
	say("size 0: %s\n", name(syscall(SYS_clone3, &args, 0)));
	say("size 8: %s\n", name(syscall(SYS_clone3, &args, 8)));
	memset(big, 1, sizeof big);
	say("unknown fields: %s\n", name(syscall(SYS_clone3, big, sizeof big)));
	say("size 5000: %s\n", name(syscall(SYS_clone3, big, 5000)));
	say("no address: %s\n", name(syscall(SYS_clone3, 0, sizeof args)));
	args.exit_signal = 200;
	say("signal 200: %s\n", name(syscall(SYS_clone3, &args, sizeof args)));
	args = (struct arguments){ .flags = 1ULL << 60 };
	say("unknown flag: %s\n", name(syscall(SYS_clone3, &args, sizeof args)));
	args = (struct arguments){ .flags = CLONE_THREAD };
	say("a thread without handlers: %s\n", name(syscall(SYS_clone3, &args, sizeof args)));
	args = (struct arguments){ .stack_size = 4096 };
	say("a stack's size only: %s\n", name(syscall(SYS_clone3, &args, sizeof args)));
}

static void children(void)
{
	int pidfd = -1, ends[2], got;
	volatile pid_t parent_tid = 0;
	siginfo_t info;
	struct arguments args = {
		.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
		.pidfd = (uintptr_t)&pidfd,
		.parent_tid = (uintptr_t)&parent_tid,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = clone3_call(&args, leave, (void *)21);
	say("child: %d, told %d, descriptor %d\n", pid > 0, parent_tid == pid, pidfd > 2);
	struct pollfd poll_for = { .fd = pidfd, .events = POLLIN };
	say("poll: %d\n", poll(&poll_for, 1, 5000));
	say("readable: %d\n", !!(poll_for.revents & POLLIN));
	memset(&info, 0, sizeof info);
	say("waitid: %s\n", name(waitid(P_PIDFD, pidfd, &info, WEXITED)));
	say("code %d, status %d, child %d\n", info.si_code == CLD_EXITED, info.si_status,
		info.si_pid == pid);
	say("waitid again: %s\n", name(waitid(P_PIDFD, pidfd, &info, WEXITED)));
	say("signal to the dead: %s\n", name(syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0)));
	close(pidfd);

	if (pipe(ends))
		return;
	args = (struct arguments){ .exit_signal = SIGCHLD };
	pid = clone3_call(&args, wait_for_a_byte, &ends[0]);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	say("pidfd_open: %d\n", pidfd > 2);
	poll_for = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	say("alive: %d\n", poll(&poll_for, 1, 0) == 0);
	say("not yet: %d\n", waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG));
	say("signal 0: %s\n", name(syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0)));
	say("signal 99: %s\n", name(syscall(SYS_pidfd_send_signal, pidfd, 99, 0, 0)));
	got = syscall(SYS_pidfd_getfd, pidfd, ends[1], 0);
	say("pidfd_getfd: %d, of nothing: %s\n", got > 2,
		name(syscall(SYS_pidfd_getfd, pidfd, 777, 0)));
	say("wrote %d\n", (int)write(got, "\5", 1));
	say_end("reader", pid);
	close(got);
	close(pidfd);

	pid = clone3_call(&args, wait_for_a_byte, &ends[0]);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	say("kill: %s\n", name(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, 0, 0)));
	say_end("killed", pid);
	close(pidfd);

	say("pidfd_open of nobody: %s\n", name(syscall(SYS_pidfd_open, 999999, 0)));
	say("pidfd_open of -1: %s\n", name(syscall(SYS_pidfd_open, -1, 0)));
	say("unknown flag: %s\n", name(syscall(SYS_pidfd_open, getpid(), 1)));
	say("waitid of no pidfd: %s\n", name(waitid(P_PIDFD, ends[0], &info, WEXITED)));
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	say("waitid of itself: %s\n", name(waitid(P_PIDFD, pidfd, &info, WEXITED)));

	args = (struct arguments){ .exit_signal = SIGCHLD, .flags = CLONE_VFORK };
	pid = clone3_call(&args, leave, (void *)3);
	say_end("with CLONE_VFORK", pid);
	args = (struct arguments){ 0 };
	pid = clone3_call(&args, leave, (void *)4);
	say("without a signal: %d, ", waitpid(pid, &got, 0) == -1 && errno == ECHILD);
	say("__WALL %d\n", waitpid(pid, &got, __WALL) == pid);
	say("status %d\n", WEXITSTATUS(got));
}

int main(void)
{
	errors();
	children();
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Masks while handlers run, the context that they may change, alternate stacks. */
#include "probe.h"

#include <ucontext.h>

static volatile int depth, deepest, count;
static char order[64];

static void note_depth(int signo, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	count++;
	if (++depth > deepest)
		deepest = depth;
	if (count < 3)
		raise(signo);
	depth--;
}

static void note_mask(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	say("  in the handler: own %d, USR2 %d, RTMIN %d; before: own %d, USR2 %d",
	    is_blocked(signo), is_blocked(SIGUSR2), is_blocked(SIGRTMIN),
	    sigismember(&uc->uc_sigmask, signo), sigismember(&uc->uc_sigmask, SIGUSR2));
}

static void change_mask(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	(void)signo;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
	sigdelset(&uc->uc_sigmask, SIGTERM);
	/* Cannot be blocked, whatever the context says. */
	sigaddset(&uc->uc_sigmask, SIGKILL);
	sigaddset(&uc->uc_sigmask, SIGSTOP);
}

static void note_order(int signo, siginfo_t *info, void *context)
{
	size_t used = strlen(order);

	(void)context;
	if (signo >= SIGRTMIN)
		snprintf(order + used, sizeof(order) - used, " r%d.%d", signo - SIGRTMIN,
			 info->si_value.sival_int);
	else
		snprintf(order + used, sizeof(order) - used, " %s", signal_name(signo) + 3);
}

static void masks(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, old;

	handle(SIGUSR1, note_depth, 0);
	raise(SIGUSR1);
	say("deferred: ran %d, depth %d", count, deepest);
	count = deepest = 0;
	handle(SIGUSR1, note_depth, SA_NODEFER);
	raise(SIGUSR1);
	say("SA_NODEFER: ran %d, depth %d", count, deepest);

	handle(SIGUSR1, note_mask, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	say("SA_RESETHAND: default now %d, flags kept %d", old.sa_handler == SIG_DFL,
	    (old.sa_flags & SA_RESETHAND) != 0);

	action.sa_sigaction = note_mask;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGRTMIN);
	sigaddset(&action.sa_mask, SIGKILL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &old);
	say("sa_mask keeps USR2 %d, KILL %d", sigismember(&old.sa_mask, SIGUSR2),
	    sigismember(&old.sa_mask, SIGKILL));
	raise(SIGUSR1);
	say("after: own %d, USR2 %d", is_blocked(SIGUSR1), is_blocked(SIGUSR2));
	outcome("a handler for SIGKILL", sigaction(SIGKILL, &action, NULL));
	outcome("a handler for SIGSTOP", sigaction(SIGSTOP, &action, NULL));
	outcome("SIGKILL's action", sigaction(SIGKILL, NULL, &old));

	mask(SIG_BLOCK, SIGTERM);
	handle(SIGUSR1, change_mask, 0);
	raise(SIGUSR1);
	say("uc_sigmask: USR2 %d, TERM %d, KILL %d, STOP %d", is_blocked(SIGUSR2),
	    is_blocked(SIGTERM), is_blocked(SIGKILL), is_blocked(SIGSTOP));
	mask(SIG_UNBLOCK, SIGUSR2);
}

static void ordering(void)
{
	union sigval value;
	sigset_t all, old;
	int i;

	for (i = 0; i < 3; i++)
		handle(SIGRTMIN + i, note_order, 0);
	handle(SIGUSR1, note_order, 0);
	handle(SIGTERM, note_order, 0);
	handle(SIGHUP, note_order, 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (i = 0; i < 3; i++) {
		value.sival_int = i;
		sigqueue(getpid(), SIGRTMIN + 2 - i, value);
		sigqueue(getpid(), SIGRTMIN + 1, value);
	}
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	/* To the thread: looked at before what the process has. */
	pthread_kill(pthread_self(), SIGHUP);
	sigprocmask(SIG_SETMASK, &old, NULL);
	/* All frames are laid before the first handler runs: the last one runs first. */
	say("order:%s", order);
}

static char stacks[2][65536] __attribute__((aligned(16)));

static int where(const void *place)
{
	uintptr_t at = (uintptr_t)place;
	int i;

	for (i = 0; i < 2; i++)
		if (at >= (uintptr_t)stacks[i] && at < (uintptr_t)stacks[i] + sizeof(stacks[i]))
			return i;
	return -1;
}

static void say_stack(const char *what)
{
	stack_t now;

	sigaltstack(NULL, &now);
	say("%s: stack %d, size %d, flags %s", what, where(now.ss_sp),
	    (int)now.ss_size, now.ss_flags == SS_ONSTACK ? "ONSTACK" :
	    now.ss_flags == SS_DISABLE ? "DISABLE" : now.ss_flags ? "others" : "none");
}

static void inner(int signo, siginfo_t *info, void *context)
{
	volatile char here = 0;

	(void)signo;
	(void)info;
	(void)context;
	say("  inner: on stack %d", where((const void *)&here));
	say_stack("  inner");
}

static void outer(int signo, siginfo_t *info, void *context)
{
	stack_t other = { .ss_sp = stacks[1], .ss_size = sizeof(stacks[1]) };
	ucontext_t *uc = context;
	volatile char here = 0;

	(void)signo;
	(void)info;
	say("  outer: on stack %d, context's stack %d", where((const void *)&here),
	    where(uc->uc_stack.ss_sp));
	say_stack("  outer");
	outcome("  a change in use", sigaltstack(&other, NULL));
	raise(SIGUSR2);
}

static void disarmed(int signo, siginfo_t *info, void *context)
{
	stack_t other = { .ss_sp = stacks[1], .ss_size = sizeof(stacks[1]) };
	volatile char here = 0;

	(void)signo;
	(void)info;
	(void)context;
	say("  disarmed: on stack %d", where((const void *)&here));
	say_stack("  disarmed");
	outcome("  a change", sigaltstack(&other, NULL));
	raise(SIGUSR2);
}

static void alternate(void)
{
	stack_t stack = { .ss_sp = stacks[0], .ss_size = sizeof(stacks[0]) }, old;

	say_stack("none yet");
	outcome("sigaltstack", sigaltstack(&stack, NULL));
	say_stack("set");
	handle(SIGUSR1, outer, SA_ONSTACK);
	handle(SIGUSR2, inner, SA_ONSTACK);
	raise(SIGUSR1);
	say_stack("afterwards");
	handle(SIGUSR2, inner, 0);
	raise(SIGUSR2);

	handle(SIGUSR1, disarmed, SA_ONSTACK);
	handle(SIGUSR2, inner, SA_ONSTACK);
	stack.ss_flags = 1U << 31;	/* SS_AUTODISARM */
	outcome("SS_AUTODISARM", sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	sigaltstack(NULL, &old);
	say("armed again: stack %d, AUTODISARM %d", where(old.ss_sp), old.ss_flags < 0);

	stack.ss_flags = 0;
	stack.ss_size = 64;
	outcome("too small", sigaltstack(&stack, NULL));
	stack.ss_size = sizeof(stacks[0]);
	stack.ss_flags = 77;
	outcome("bad flags", sigaltstack(&stack, NULL));
	stack.ss_flags = SS_DISABLE;
	outcome("SS_DISABLE", sigaltstack(&stack, NULL));
	say_stack("disabled");
}

static void again(int signo, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	raise(signo);
}

/* Frames on an alternate stack until it is full: the next one has no place. */
static int overflow(void)
{
	stack_t stack = { .ss_sp = stacks[0], .ss_size = sizeof(stacks[0]) };

	sigaltstack(&stack, NULL);
	handle(SIGUSR1, again, SA_ONSTACK | SA_NODEFER);
	raise(SIGUSR1);
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return overflow();
	masks();
	ordering();
	alternate();
	finish("too many frames", start("overflow", ""));
	return 0;
}

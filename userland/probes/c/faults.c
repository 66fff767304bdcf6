/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Handlers of faults: what they are told, on which stack they run, and what
 * becomes of the program: `faults CASE END`, where END says what the handler
 * does. Without arguments: all of them, one child each.
 */
#include "probe.h"

#include <setjmp.h>

/* Beyond the memory of any program here, and of a 64-bit one's low maps. */
#define NOWHERE ((volatile int *)0xf0001230UL)

static char stack_memory[65536] __attribute__((aligned(16)));
static volatile int zero, count, sink;
static const char *end;
static volatile uintptr_t wanted;
static sigjmp_buf back;

static void caught(int signo, siginfo_t *info, void *context)
{
	volatile char here = 0;
	uintptr_t at = (uintptr_t)&here;

	(void)context;
	say("  %s, %s, alternate stack %d, blocked %d", signal_name(signo),
	    code_name(signo, info->si_code), at >= (uintptr_t)stack_memory &&
	    at < (uintptr_t)stack_memory + sizeof(stack_memory), is_blocked(signo));
	if (wanted)
		say("  address %d", (uintptr_t)info->si_addr == wanted);
	if (!strcmp(end, "exit"))
		_exit(3);
	if (!strcmp(end, "fault again"))
		*NOWHERE = 1;
	if (!strcmp(end, "abort"))
		abort();
	if (!strcmp(end, "jump"))
		siglongjmp(back, 1);
	/* A second return is a second fault: do not go on for ever. */
	if (++count == 2)
		signal(signo, SIG_DFL);
}

static int __attribute__((noinline)) recurse(int depth)
{
	volatile char frame[512];

	frame[depth % 512] = depth;
	return depth == 1 << 30 ? 0 : recurse(depth + 1) + frame[depth % 512];
}

/* The same with nothing in memory, where a processor's own stack is all that is used. */
static int __attribute__((noinline)) descend(int depth)
{
	return depth == 1 << 30 ? 0 : descend(depth + 1) * 3 + zero;
}

/* A function of its own: see docs/decisions/0007. */
static void __attribute__((noinline)) fault(const char *what)
{
	if (!strcmp(what, "read"))
		sink = *(volatile int *)(wanted = (uintptr_t)NOWHERE);
	if (!strcmp(what, "write"))
		*(volatile int *)(wanted = (uintptr_t)NOWHERE) = 1;
	if (!strcmp(what, "null")) {
		wanted = 8;
		sink = *(volatile int *)wanted;
	}
	if (!strcmp(what, "divide"))
		sink = 7 / zero;
	if (!strcmp(what, "trap"))
		__builtin_trap();
	if (!strcmp(what, "recurse"))
		sink = recurse(0);
	if (!strcmp(what, "descend"))
		sink = descend(0);
	/* An address that some processors take: not among the cases below. */
	if (!strcmp(what, "misaligned"))
		__atomic_fetch_add((int *)((uintptr_t)stack_memory + zero + 1), 1, __ATOMIC_SEQ_CST);
}

static int child(const char *what, int with_handler)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
	static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGBUS };
	unsigned int i;

	sigaltstack(&stack, NULL);
	for (i = 0; with_handler && i < sizeof(signals) / sizeof(*signals); i++)
		handle(signals[i], caught, SA_ONSTACK);
	if (!strcmp(end, "ignored"))
		signal(SIGSEGV, SIG_IGN);
	if (!strcmp(end, "blocked")) {
		mask(SIG_BLOCK, SIGSEGV);
		mask(SIG_BLOCK, SIGFPE);
	}
	if (sigsetjmp(back, 1))
		say("  jumped back");
	else
		fault(what);
	return 0;
}

static void *fault_in_thread(void *what)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };

	sigaltstack(&stack, NULL);
	fault(what);
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const cases[] = { "read", "write", "null", "divide", "trap", "recurse" };
	static const char *const ends[] = { "exit", "return", "abort", "jump" };
	static const char *const others[] = { "none", "ignored", "blocked", "fault again" };
	unsigned int i, j;
	pthread_t thread;

	if (argc > 2) {
		end = argv[2];
		if (!strcmp(end, "thread")) {
			end = "exit";
			handle(SIGSEGV, caught, SA_ONSTACK);
			pthread_create(&thread, NULL, fault_in_thread, argv[1]);
			pthread_join(thread, NULL);
			return 0;
		}
		return child(argv[1], strcmp(end, "none"));
	}
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (j = 0; j < sizeof(ends) / sizeof(*ends); j++) {
			say("%s, %s:", cases[i], ends[j]);
			finish("  it", start(cases[i], ends[j]));
		}
	}
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		say("read, %s:", others[i]);
		finish("  it", start("read", others[i]));
	}
	say("divide, blocked:");
	finish("  it", start("divide", "blocked"));
	say("read, in a thread:");
	finish("  it", start("read", "thread"));
	return 0;
}

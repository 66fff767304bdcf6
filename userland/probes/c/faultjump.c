/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Handlers of faults that jump out, or that mend what was wrong and return. */
#include "probe.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define PAGES 64UL
/* Beyond the memory of any program here, and of a 64-bit one's low maps. */
#define NOWHERE ((volatile int *)0xf0001230UL)

static sigjmp_buf back;
static char stack_memory[65536] __attribute__((aligned(16)));
static char *area;
static volatile int count, zero, sink;
static int depth;

static void jump(int signo, siginfo_t *info, void *context)
{
	(void)info; (void)context;
	count++;
	siglongjmp(back, signo);
}

/* Opens the page, and sees to it that what is in registers does not stay there. */
static void mend(int signo, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE - 1));
	volatile double numbers[8];
	int i;

	(void)context;
	count++;
	if (page < area || page >= area + PAGES * PAGE) {
		say("%s elsewhere", signal_name(signo));
		_exit(1);
	}
	for (i = 0; i < 8; i++)
		numbers[i] = i / 3.0;
	sink = (int)numbers[7];
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		_exit(2);
}

static void nested(int signo, siginfo_t *info, void *context)
{
	(void)signo; (void)info; (void)context;
	if (depth++ == 0)
		sink = *NOWHERE;
	siglongjmp(back, 6 + depth);
}

static void __attribute__((noinline)) fault(int kind)
{
	switch (kind) {
	case 0:
		sink = *NOWHERE;
		break;
	case 1:
		*NOWHERE = 1;
		break;
	case 2:
		sink = *(volatile int *)(uintptr_t)(8 + zero);
		break;
	case 3:
		sink = 7 / zero;
		break;
	case 4:
		__builtin_trap();
	}
}

static void jumps(void)
{
	static const int signals[] = { SIGSEGV, SIGSEGV, SIGSEGV, SIGFPE, SIGILL };
	volatile unsigned int i;
	int signo;

	for (i = 0; i < 5; i++) {
		handle(signals[i], jump, 0);
		signo = sigsetjmp(back, 1);
		if (!signo)
			fault(i);
		say("fault %u: %s, blocked %d", i, signal_name(signo), is_blocked(signals[i]));
	}
	handle(SIGSEGV, jump, SA_ONSTACK);
	count = 0;
	for (i = 0; i < 20000; i++) {
		if (!sigsetjmp(back, 1))
			fault(i % 3);
	}
	say("many: %d", count);
}

static void *jumps_in_thread(void *unused)
{
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
	int signo;

	(void)unused;
	sigaltstack(&stack, NULL);
	handle(SIGSEGV, jump, SA_ONSTACK);
	signo = sigsetjmp(back, 1);
	if (!signo)
		fault(1);
	say("in a thread: %s", signal_name(signo));
	return NULL;
}

static char *close_all(int prot)
{
	success("close", mprotect(area, PAGES * PAGE, prot));
	count = 0;
	return area;
}

/* Much in registers at each access; what a handler returns to must have kept it. */
static double __attribute__((noinline)) work(const int *numbers, unsigned long len)
{
	double a = 0, b = 1, c = 2, d = 3;
	unsigned long i, x = 1, y = 2, z = 3;

	for (i = 0; i + 4 <= len; i += 4) {
		x = x * 31 + (unsigned int)numbers[i];
		a += numbers[i] * 0.5;
		y ^= x + (unsigned int)numbers[i + 1];
		b += a / (1 + numbers[i + 1]);
		z = z * 7 + y % 1000;
		c += b * 1e-3 + numbers[i + 2];
		d = d * 0.75 + c * 0.25 + numbers[i + 3] + (double)(z % 1000);
	}
	return a + b + c + d + (double)(x % 1000 + y % 1000 + z % 1000);
}

static void mending(void)
{
	unsigned long i, len = PAGES * PAGE / sizeof(int);
	int *numbers;
	double first, again;

	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	numbers = (int *)area;
	for (i = 0; i < len; i++)
		numbers[i] = (int)((unsigned int)i * 2654435761U % 1000);
	handle(SIGSEGV, mend, 0);
	first = work(numbers, len);
	close_all(PROT_NONE);
	again = work(numbers, len);
	say("read: %d faults, the same %d", count, first == again);
	close_all(PROT_READ);
	for (i = 0; i < len; i++)
		numbers[i] += 1;
	say("written: %d faults, first %d, last %d", count, numbers[0], numbers[len - 1]);
	close_all(PROT_READ);
	memset(area, 'x', PAGES * PAGE);
	say("filled: %d faults, last %c", count, area[PAGES * PAGE - 1]);
	close_all(PROT_NONE);
	memmove(area, area + PAGES * PAGE / 2, PAGES * PAGE / 2);
	say("moved: %d faults, first %c", count, area[0]);
}

int main(void)
{
	pthread_t thread;
	int value;

	jumps();
	pthread_create(&thread, NULL, jumps_in_thread, NULL);
	pthread_join(thread, NULL);
	handle(SIGSEGV, nested, SA_NODEFER);
	value = sigsetjmp(back, 1);
	if (!value)
		fault(0);
	say("out of a handler's fault: %d", value - 6);
	mending();
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * vfork that returns twice, without a copy of the wasm stack: the calling
 * thread itself goes on as the child, and its system calls are made by
 * another task, which is the child as the kernel knows it. The time between
 * the two returns is called the window.
 *
 *   caller                                   child task
 *   vfork(): setjmp, clone ────────────────▶ serve(): own mask, waits
 *   returns 0
 *   any system call ── ASKED ──────────────▶ makes it
 *                   ◀─ ANSWERED ────────────
 *   execve or _exit ── ASKED ──────────────▶ makes it, and leaves the memory:
 *                   ◀─ GONE ──────────────── the kernel clears the word
 *   longjmp, vfork() returns the child's id
 *
 * Talks to: the macro vfork of <unistd.h>, and __syscallN (syscall_arch.h),
 * which come here only in programs that use that macro.
 *
 * Invariants:
 * - The window belongs to one thread (__vfork_current); others notice nothing.
 * - All signals of the caller are blocked in it: a handler would take itself
 *   for the child. The child has the caller's former mask, and handlers that
 *   run in it make their own system calls.
 * - The child task touches no variable of the thread whose thread pointer it has.
 * - The child dies with the caller, without whom it does nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "futex.h"
#include "pthread_impl.h"
#include "syscall.h"

/* The window's memory: the structure below, then the child task's stack. */
#define WINDOW_BYTES 65536

enum turn { GONE, ANSWERED, ASKED };

struct window {
	jmp_buf env;
	/* An enum turn; a futex that the kernel sets to GONE. */
	volatile int turn;
	long nr, args[6], result;
	/* The caller's id, and the child's. */
	pid_t parent, child;
	/* What the child would get when the caller dies; see guard(). */
	int death_signal;
	/* The caller's signals before. */
	unsigned long mask[_NSIG/8/sizeof(long)];
	/* The window that this one was opened in. */
	struct window *outer;
};

extern uintptr_t __vfork_current __attribute__((__address_space__(1)));

_Noreturn void __wasm_longjmp(void *, int);

/* Between two of the steps that the macro takes. */
static _Thread_local struct window *window;

/* A call of the running task, window or not. */
static long raw(long nr, long a, long b, long c, long d)
{
	return __linux_syscall(nr, a, b, c, d, 0, 0);
}

/* The kernel's wake-up for a cleared word is for shared futexes. */
static void wake(struct window *w)
{
	raw(SYS_futex, (long)&w->turn, FUTEX_WAKE, 1, 0);
}

static int wait_while(struct window *w, int turn)
{
	int now;
	while ((now = w->turn) == turn)
		raw(SYS_futex, (long)&w->turn, FUTEX_WAIT, turn, 0);
	return now;
}

/* ---- The child task. No thread-local variable, so no errno, from here on. */

/* Has the child die with the caller, or at once if that has died before. */
static void guard(struct window *w)
{
	raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
	long parent = raw(SYS_getppid, 0, 0, 0, 0);
	/* 0: the parent is in another namespace. */
	if (parent && parent != w->parent)
		raw(SYS_exit_group, 128+SIGKILL, 0, 0, 0);
}

/*
 * The program's own death signal counts in a program that is executed and when
 * it is asked for; the kernel resets it when the credentials change.
 */
static int shows_death_signal(struct window *w)
{
	switch (w->nr) {
	case SYS_prctl:
		return w->args[0] == PR_SET_PDEATHSIG || w->args[0] == PR_GET_PDEATHSIG;
	case SYS_execve: case SYS_execveat:
	case SYS_setregid: case SYS_setgid: case SYS_setreuid: case SYS_setuid:
	case SYS_setresuid: case SYS_setresgid: case SYS_setfsuid: case SYS_setfsgid:
	case SYS_capset: case SYS_setns: case SYS_unshare:
		return 1;
	}
	return 0;
}

static int serve(void *arg)
{
	struct window *w = arg;

	guard(w);
	raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)w->mask, 0, sizeof w->mask);
	for (;;) {
		a_store(&w->turn, ANSWERED);
		wake(w);
		wait_while(w, ANSWERED);

		int shows = shows_death_signal(w);
		if (shows)
			raw(SYS_prctl, PR_SET_PDEATHSIG, w->death_signal, 0, 0);
		w->result = __linux_syscall(w->nr, w->args[0], w->args[1], w->args[2],
			w->args[3], w->args[4], w->args[5]);
		if (shows) {
			raw(SYS_prctl, PR_GET_PDEATHSIG, (long)&w->death_signal, 0, 0);
			guard(w);
		}
	}
}

/* ---- The caller. */

/* First step of vfork(): where to come back to. */
void *__vfork_env(void)
{
	static const unsigned long all[_NSIG/8/sizeof(long)] = { -1UL, -1UL };
	/* Nobody jumps to it: without a window, vfork() fails. */
	static jmp_buf nowhere;
	long memory = __syscall(SYS_mmap2, 0, WINDOW_BYTES, PROT_READ|PROT_WRITE,
		MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);

	if ((unsigned long)memory > -4096UL) {
		window = 0;
		return nowhere;
	}
	struct window *w = (void *)memory;
	w->turn = ASKED;
	w->parent = __syscall(SYS_getpid);
	/* From here on, as no handler may open a window between the steps. */
	__syscall(SYS_rt_sigprocmask, SIG_BLOCK, all, w->mask, sizeof w->mask);
	window = w;
	return w->env;
}

/* Last step: opens the window, or closes it when the child's id is known. */
pid_t __vfork(int child)
{
	struct window *w = window;

	if (!w) {
		errno = ENOMEM;
		return -1;
	}
	if (!child) {
		child = __clone(serve, (char *)w + WINDOW_BYTES,
			CLONE_VM|CLONE_CHILD_CLEARTID|SIGCHLD, w, 0, 0, &w->turn);
		if (child > 0) {
			w->child = child;
			w->outer = (void *)__vfork_current;
			__vfork_current = (uintptr_t)w;
			return 0;
		}
	}
	__syscall(SYS_rt_sigprocmask, SIG_SETMASK, w->mask, 0, sizeof w->mask);
	__syscall(SYS_munmap, w, WINDOW_BYTES);
	return __syscall_ret(child);
}

static _Noreturn void leave(struct window *w)
{
	__vfork_current = (uintptr_t)w->outer;
	window = w;
	__wasm_longjmp(w->env, w->child);
}

static long ask(struct window *w, long nr, long a, long b, long c, long d, long e, long f)
{
	/* The word that the kernel clears is the window's. */
	w->nr = nr == SYS_set_tid_address ? SYS_gettid : nr;
	w->args[0] = a;
	w->args[1] = b;
	w->args[2] = c;
	w->args[3] = d;
	w->args[4] = e;
	w->args[5] = f;
	/* It may be killed at any time, and the word then stays GONE. */
	wait_while(w, ASKED);
	if (a_cas(&w->turn, ANSWERED, ASKED) == ANSWERED) {
		wake(w);
		if (wait_while(w, ASKED) == ANSWERED)
			return w->result;
	}
	leave(w);
}

long __vfork_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	struct window *w = (void *)__vfork_current;

	if (__builtin_expect(!w, 1))
		return __linux_syscall(nr, a, b, c, d, e, f);
	return ask(w, nr, a, b, c, d, e, f);
}

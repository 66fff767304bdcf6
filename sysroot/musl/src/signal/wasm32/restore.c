/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs a signal handler. The kernel has written the frame (its first words are
 * below); the code that the loader wraps around system calls calls this, and
 * tells the kernel when it has returned. There is no restorer.
 */
#include <signal.h>
#include <stdint.h>
#include <features.h>

struct signal_frame {
	uintptr_t handler;
	int sig;
	int takes_info;
	siginfo_t *info;
	void *ucontext;
};

__attribute__((__visibility__("default")))
void __linux_signal(struct signal_frame *frame)
{
	if (frame->takes_info)
		((void (*)(int, siginfo_t *, void *))frame->handler)(
			frame->sig, frame->info, frame->ucontext);
	else
		((void (*)(int))frame->handler)(frame->sig);
}

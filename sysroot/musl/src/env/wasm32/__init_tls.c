/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thread-local storage of a static wasm program: one block per thread, laid
 * out as arch/wasm32/pthread_arch.h draws it. The initial image is a passive
 * segment of the module; __wasm_init_tls, made by wasm-ld, copies it.
 */
#define SYSCALL_NO_TLS 1
#include <stddef.h>
#include <sys/mman.h>
#include "pthread_impl.h"
#include "libc.h"
#include "syscall.h"

volatile int __thread_list_lock;

hidden void __wasm_init_tls(void *);

int __init_tp(void *p)
{
	pthread_t td = p;
	td->self = td;
	libc.can_do_threads = 1;
	td->detach_state = DT_JOINABLE;
	td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
	td->locale = &libc.global_locale;
	td->robust_list.head = &td->robust_list.head;
	td->sysinfo = __sysinfo;
	td->next = td->prev = td;
	return 0;
}

/* Enough for most programs' variables, so that they start without an mmap. */
static struct builtin_tls {
	char c;
	struct pthread pt;
	void *space[256];
} builtin_tls[1];
#define MIN_TLS_ALIGN 16

/* Leaves __tls_base at the new block: the caller restores its own. */
static pthread_t place(unsigned char *mem)
{
	mem += -((uintptr_t)mem + sizeof(struct pthread)) & (libc.tls_align-1);
	__wasm_init_tls(mem + sizeof(struct pthread));
	/* Without a thread-local variable __wasm_init_tls does nothing. */
	__asm__ volatile (".globaltype __tls_base, i32\n"
		"local.get %0\nglobal.set __tls_base"
		: : "r"(mem + sizeof(struct pthread)));
	return (pthread_t)mem;
}

void *__copy_tls(unsigned char *mem)
{
	uintptr_t own;
	__asm__ volatile (".globaltype __tls_base, i32\n"
		"global.get __tls_base\nlocal.set %0" : "=r"(own));
	pthread_t td = place(mem);
	__asm__ volatile ("local.get %0\nglobal.set __tls_base" : : "r"(own));
	return td;
}

static void static_init_tls(size_t *aux)
{
	unsigned char *mem = (void *)builtin_tls;
	size_t align = __builtin_wasm_tls_align();

	libc.tls_align = align < MIN_TLS_ALIGN ? MIN_TLS_ALIGN : align;
	libc.tls_size = (sizeof(struct pthread) + __builtin_wasm_tls_size()
		+ libc.tls_align + MIN_TLS_ALIGN-1) & -MIN_TLS_ALIGN;

	if (libc.tls_size > sizeof builtin_tls)
		mem = (void *)__syscall(SYS_mmap2, 0, libc.tls_size,
			PROT_READ|PROT_WRITE, MAP_ANONYMOUS|MAP_PRIVATE, -1, 0);

	/* An error value of mmap is no valid address: the copy traps. */
	__init_tp(place(mem));
}

weak_alias(static_init_tls, __init_tls);

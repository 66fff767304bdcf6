/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Included before every kernel selftest: what they take from glibc and musl
 * has otherwise or not at all, and fork as vfork, since no memory is copied
 * here. That serves tests whose child only runs a function and exits, or
 * executes a program; the parent waits meanwhile. The tests are as fetched.
 */
#ifndef OCHRE_KSELFTEST_COMPAT_H
#define OCHRE_KSELFTEST_COMPAT_H

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * After fork, the C library's structure of the only thread has the child's id,
 * which pthread_kill goes by; after vfork it is still the parent's.
 */
static inline volatile int *thread_id_word(void)
{
	volatile int *word = (volatile int *)pthread_self();

	while (*word != gettid())
		word++;
	return word;
}

#define fork() ({ \
	volatile int *word_ = thread_id_word(); \
	int parent_ = *word_; \
	pid_t child_ = vfork(); \
	*word_ = child_ ? parent_ : syscall(SYS_gettid); \
	child_; })

/* glibc's strerror_r returns a string. */
#define strerror_r(error, buffer, size) ((strerror_r)(error, buffer, size), (buffer))

#ifndef __BEGIN_DECLS
#define __BEGIN_DECLS
#define __END_DECLS
#endif

#define __GLIBC_PREREQ(major, minor) 1
#define DEFFILEMODE 0666
/* Of the kernel's headers, which do not go with the C library's. */
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#define MSG_COPY 040000

#ifndef TEMP_FAILURE_RETRY
#define TEMP_FAILURE_RETRY(call) ({ \
	__typeof__(call) result_; \
	do result_ = (call); while (result_ == -1 && errno == EINTR); \
	result_; })
#endif

/* The inside of glibc's sigevent. */
#ifdef COMPAT_SIGEVENT
#undef sigev_notify_thread_id
#define _sigev_un __sev_fields
#define _tid sigev_notify_thread_id
#endif

/* The kernel's statx, where a test includes both headers that have one. */
#ifdef COMPAT_STATX
#define statx libc_statx
#define statx_timestamp libc_statx_timestamp
#include <sys/stat.h>
#undef statx
#undef statx_timestamp
#include <linux/stat.h>
int statx(int, const char *, int, unsigned, struct statx *);
#endif

/* A main with three arguments, which has another type here. */
#ifdef COMPAT_MAIN3
int selftest_main(int, char **, char **);
int main(int argc, char **argv)
{
	return selftest_main(argc, argv, environ);
}
#define main selftest_main
#endif

#endif

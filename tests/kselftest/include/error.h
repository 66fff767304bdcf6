/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* glibc's <error.h>, as far as the kernel's selftests use it. */
#ifndef OCHRE_KSELFTEST_ERROR_H
#define OCHRE_KSELFTEST_ERROR_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void error(int status, int number, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	if (number)
		fprintf(stderr, ": %s", strerror(number));
	fputc('\n', stderr);
	if (status)
		exit(status);
}

#endif

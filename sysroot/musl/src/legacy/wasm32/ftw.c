/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ftw over nftw. A function may not be called through a pointer of another
 * type, and nftw has no argument for the caller: the callback waits in a
 * thread-local variable.
 */
#include <ftw.h>

static _Thread_local int (*callback)(const char *, const struct stat *, int);

static int visit(const char *path, const struct stat *st, int type, struct FTW *level)
{
	return callback(path, st, type);
}

int ftw(const char *path, int (*fn)(const char *, const struct stat *, int), int fd_limit)
{
	int (*outer)(const char *, const struct stat *, int) = callback;
	callback = fn;
	int r = nftw(path, visit, fd_limit, FTW_PHYS);
	callback = outer;
	return r;
}

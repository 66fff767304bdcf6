/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Scheduling attributes of posix_spawn, which musl itself refuses; it has the
 * fields for them. posix_spawn (our patch) acts on them.
 */
#include <spawn.h>
#include <sched.h>
#include <errno.h>

int posix_spawnattr_getschedparam(const posix_spawnattr_t *restrict attr,
	struct sched_param *restrict param)
{
	param->sched_priority = attr->__prio;
	return 0;
}

int posix_spawnattr_setschedparam(posix_spawnattr_t *restrict attr,
	const struct sched_param *restrict param)
{
	attr->__prio = param->sched_priority;
	return 0;
}

int posix_spawnattr_getschedpolicy(const posix_spawnattr_t *restrict attr, int *restrict policy)
{
	*policy = attr->__pol;
	return 0;
}

int posix_spawnattr_setschedpolicy(posix_spawnattr_t *attr, int policy)
{
	if (policy != SCHED_OTHER && policy != SCHED_FIFO && policy != SCHED_RR)
		return EINVAL;
	attr->__pol = policy;
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User and group ids, capabilities, no_new_privs, set-id programs. Runs as root;
 * each part in a child of its own, for most of it cannot be taken back. System
 * calls and not the C library's wrappers, which act on all threads.
 */
#include "probe.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#endif

static char copy[64];

static void ids(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	say("  %s: uid %d %d %d, gid %d %d %d", what, r, e, s, gr, ge, gs);
}

static void caps(const char *what)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		say("  capget: %s", error_name(errno));
	else
		say("  %s: effective %d, permitted %d, inheritable %d", what,
		    !!(data[0].effective & 1 << CAP_CHOWN),
		    !!(data[0].permitted & 1 << CAP_CHOWN),
		    !!(data[0].inheritable & 1 << CAP_CHOWN));
}

static int set_caps(unsigned effective, unsigned permitted, unsigned inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { effective, permitted, inheritable } };

	return syscall(SYS_capset, &header, data);
}

static void user_ids(void)
{
	outcome("  setresuid", setresuid(1000, 1001, 1002));
	ids("three");
	outcome("  to the real one", seteuid(1000));
	outcome("  to the saved one", seteuid(1002));
	outcome("  to another", seteuid(1003));
	outcome("  to root", setuid(0));
	outcome("  setuid", setuid(1000));
	ids("effective only");
	outcome("  setreuid", setreuid(1002, 1000));
	ids("swapped");
	outcome("  setgid", setgid(7));
	outcome("  setgroups", setgroups(0, NULL));
	caps("no capabilities");
}

static void group_ids(void)
{
	gid_t groups[40];
	int i;

	for (i = 0; i < 40; i++)
		groups[i] = 3000 - i;
	outcome("  setgroups", setgroups(40, groups));
	outcome("  getgroups", getgroups(0, NULL));
	outcome("  too small", getgroups(10, groups));
	outcome("  all", getgroups(40, groups));
	say("  sorted %d %d", groups[0], groups[39]);
	outcome("  too many", setgroups(70000, groups));
	outcome("  setresgid", setresgid(10, 20, 30));
	outcome("  setregid", setregid(-1, 40));
	ids("as root");
	outcome("  setuid", setuid(1000));
	outcome("  setegid", setegid(10));
	outcome("  setegid of none", setegid(99));
	ids("as a user");
}

static void root_and_back(void)
{
	caps("root");
	outcome("  seteuid", seteuid(1000));
	caps("in between");
	outcome("  back", seteuid(0));
	caps("again");
	outcome("  setfsuid", setfsuid(1000));
	outcome("  it was", setfsuid(-1));
	outcome("  back", setfsuid(0));
	outcome("  setuid", setuid(1000));
	ids("for good");
	outcome("  back", seteuid(0));
	caps("gone");
}

static void kept_caps(void)
{
	outcome("  PR_SET_KEEPCAPS", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	outcome("  setuid", setuid(1000));
	caps("kept");
	outcome("  capset", set_caps(1 << CAP_CHOWN, 1 << CAP_CHOWN | 1 << CAP_KILL, 1 << CAP_CHOWN));
	caps("raised");
	outcome("  more than permitted", set_caps(1 << CAP_CHOWN | 1 << CAP_SETUID, 1 << CAP_CHOWN | 1 << CAP_SETUID, 0));
	outcome("  chown of a file", chown(copy, 5, 5));
	outcome("  ambient", prctl(PR_CAP_AMBIENT, 2, CAP_CHOWN, 0, 0));
	outcome("  ambient, not inheritable", prctl(PR_CAP_AMBIENT, 2, CAP_KILL, 0, 0));
	finish("  a child with ambient", start("look", ""));
	outcome("  ambient cleared", prctl(PR_CAP_AMBIENT, 4, 0, 0, 0));
	finish("  a child without", start("look", ""));
}

static void bounded(void)
{
	outcome("  bounded", prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0));
	outcome("  drop", prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
	outcome("  read", prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0));
	outcome("  no such", prctl(PR_CAPBSET_READ, 63, 0, 0, 0));
	caps("still");
	finish("  a child", start("look", ""));
	outcome("  securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	/* SECBIT_NO_SETUID_FIXUP and SECBIT_NOROOT. */
	outcome("  set", prctl(PR_SET_SECUREBITS, 5, 0, 0, 0));
	outcome("  setuid", setuid(1000));
	caps("not fixed up");
	outcome("  setuid", setuid(0));
	finish("  root without powers", start("look", ""));
}

static int run_copy(const char *role)
{
	char *const args[] = { "probe", (char *)role, "", NULL };
	pid_t pid;
	int error = posix_spawn(&pid, copy, NULL, NULL, args, environ);

	if (error)
		say("  spawn: %s", error_name(error));
	else
		finish("  it", pid);
	return 0;
}

static void set_id(void)
{
	struct stat info;

	outcome("  chmod", chmod(copy, 06755));
	outcome("  stat", stat(copy, &info));
	say("  mode %o", info.st_mode & 07777);
	setgid(2000);
	setuid(2000);
	run_copy("look");
	say("  with no_new_privs:");
	outcome("  set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	outcome("  unset", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	outcome("  get", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	run_copy("look");
}

static void kills(void)
{
	pid_t pid = start("sleep", "");
	char target[8];
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	setuid(1000);
	outcome("  kill of root's", kill(pid, 0));
	outcome("  kill of init", kill(1, 0));
	outcome("  setpriority of root's", setpriority(PRIO_PROCESS, pid, 5));
	outcome("  sched of root's", sched_setaffinity(pid, sizeof(first), &first));
	outcome("  its exe", readlink("/proc/1/exe", target, sizeof(target)));
	outcome("  its environ", open("/proc/1/environ", O_RDONLY));
	outcome("  sethostname", sethostname("x", 1));
	outcome("  chroot", chroot("/"));
	outcome("  mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
	outcome("  clock_settime", clock_settime(CLOCK_REALTIME, &(struct timespec) { 1 }));
	outcome("  mknod", mknod("/tmp/probe-node", S_IFCHR | 0600, 0x103));
	outcome("  nice down", (errno = 0, nice(-5)));
	outcome("  SCHED_FIFO", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(struct sched_param) { .sched_priority = 1 }));
}

static int copy_self(int uid)
{
	static char bytes[65536];
	int from = open("/proc/self/exe", O_RDONLY), to, got;

	/* Not /tmp: that may be mounted nosuid. */
	snprintf(copy, sizeof(copy), "/var/tmp/probe-copy-%d", getpid());
	to = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0755);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, got) != got)
			return -1;
	close(from);
	close(to);
	return chown(copy, uid, uid);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*part)(void); } parts[] = {
		{ "user ids", user_ids }, { "group ids", group_ids },
		{ "root and back", root_and_back }, { "kept capabilities", kept_caps },
		{ "bounded", bounded }, { "set-id", set_id }, { "another's", kills },
	};
	unsigned int i;

	umask(022);
	if (argc > 2 && !strcmp(argv[1], "look")) {
		ids("program");
		caps("program");
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "sleep")) {
		sleep_ms(300);
		return 0;
	}
	if (argc > 2) {
		snprintf(copy, sizeof(copy), "%s", argv[2]);
		parts[atoi(argv[1])].part();
		return 0;
	}
	if (copy_self(1500)) {
		say("no copy: %s", error_name(errno));
		return 1;
	}
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", i);
		say("%s:", parts[i].name);
		finish("  end", start(number, copy));
	}
	unlink(copy);
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* /proc as ps and top read it: of a process, its files and its threads. */
#include "proc.h"

#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void link_of(const char *path)
{
	char target[256] = "", *p;

	if (readlink(path, target, sizeof(target) - 1) < 0) {
		say("%s: %s", path, error_name(errno));
		return;
	}
	for (p = strchr(target, '['); p && *p; p++)	/* numbers of inodes differ */
		if (*p >= '0' && *p <= '9')
			*p = '#';
	while ((p = strstr(target, "##")))
		memmove(p, p + 1, strlen(p));
	say("%s: %s", strrchr(path, '/'), target);
}

static char state_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (access(path, R_OK) || slurp(path) <= 0)
		return '?';
	return strrchr(text, ')')[2];
}

static void states(void)
{
	pid_t spins = start("spin", ""), sleeps = start("sleep", ""), ends = start("end", "");
	char path[64];
	int tries;

	for (tries = 0; tries < 100 && (state_of(sleeps) != 'S' || state_of(ends) != 'Z'); tries++)
		sleep_ms(20);
	say("spins %c, sleeps %c, ended %c", state_of(spins), state_of(sleeps), state_of(ends));
	kill(sleeps, SIGSTOP);
	for (tries = 0; tries < 100 && state_of(sleeps) != 'T'; tries++)
		sleep_ms(20);
	say("stopped %c", state_of(sleeps));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", ends);
	say("a zombie's cmdline: %d bytes", slurp(path));
	snprintf(path, sizeof(path), "/proc/%d/exe", ends);
	outcome("a zombie's exe", readlink(path, text, sizeof(text)));
	snprintf(path, sizeof(path), "/proc/%d/status", ends);
	slurp(path);
	say("a zombie: state %s, VmSize %d", value_of("State:"), strstr(text, "VmSize") != NULL);
	kill(spins, SIGKILL);
	kill(sleeps, SIGKILL);
	while (wait(NULL) > 0)
		;
	say("gone %c", state_of(ends));
}

static void itself(void)
{
	int len = slurp("/proc/self/cmdline"), i;

	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = '|';
	say("cmdline: %s", text);
	len = slurp("/proc/self/environ");
	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = '|';
	say("environ: %s", text);
	chdir("/tmp");
	link_of("/proc/self/cwd");
	link_of("/proc/self/root");
	mkdir("/tmp/probe-gone", 0700);
	chdir("/tmp/probe-gone");
	rmdir("/tmp/probe-gone");
	link_of("/proc/self/cwd");
	chdir("/");

	prctl(PR_SET_NAME, "a (new) name");
	slurp("/proc/self/comm");
	say("comm: %s", strtok(text, "\n"));
	slurp("/proc/self/stat");
	say("in stat: %d", strstr(text, "(a (new) name) R ") != NULL);
	put("/proc/self/comm", "by a file, too long a name");
	slurp("/proc/self/comm");
	say("comm: %s", strtok(text, "\n"));
	put("/proc/self/oom_score_adj", "500");
	slurp("/proc/self/oom_score_adj");
	say("oom_score_adj: %d", atoi(text));
	put("/proc/self/oom_score_adj", "1001");
	put("/proc/self/oom_score_adj", "0");
	slurp("/proc/self/oom_score");
	say("oom_score: a number %d", text[0] >= '0' && text[0] <= '9');
}

static void files(void)
{
	int fds[2], file, gone, sock[2], event, i, count = 0;
	struct dirent *entry;
	char path[64];
	DIR *folder;

	file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	gone = open("/tmp/probe-gone", O_RDWR | O_CREAT | O_APPEND, 0600);
	unlink("/tmp/probe-gone");
	event = eventfd(0, 0);
	if (pipe(fds) || socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		return;
	for (i = 0; i < 5; i++) {
		int all[] = { file, gone, event, fds[0], sock[1] };

		snprintf(path, sizeof(path), "/proc/self/fd/%d", all[i]);
		link_of(path);
	}
	lseek(file, 7, SEEK_SET);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	slurp(path);
	say("fdinfo: pos %s", value_of("pos:"));
	say("  flags %s", value_of("flags:"));
	say("  mnt_id %d", atoi(value_of("mnt_id:")) > 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", event);
	slurp(path);
	say("  eventfd-count: %s", value_of("eventfd-count:"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", gone);
	success("a deleted file through fd", open(path, O_RDONLY));
	folder = opendir("/proc/self/fd");
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	say("fds counted %d", count >= 8);
}

static volatile int stay = 1, here;

static void *wait_here(void *arg)
{
	prctl(PR_SET_NAME, "other thread");
	here = 1;
	while (stay == 1)
		sleep_ms(1);
	return arg;
}

static void threads(void)
{
	int count = 0, named = 0;
	struct dirent *entry;
	pthread_t thread;
	char path[300];
	DIR *folder;

	pthread_create(&thread, NULL, wait_here, NULL);
	while (!here)
		sleep_ms(1);
	folder = opendir("/proc/self/task");
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		slurp(path);
		named += !strcmp(text, "other thread\n");
	}
	closedir(folder);
	slurp("/proc/self/status");
	say("threads: %d listed, one by its name %d, status says %s", count, named, value_of("Threads:"));
	stay = 0;
	pthread_join(thread, NULL);
}

/* The fields of proc_pid_stat(5), from the third on. */
static void stat_fields(void)
{
	unsigned long long field[50] = { 0 };
	char *at, *next;
	int count = 0;

	slurp("/proc/self/stat");
	at = strrchr(text, ')') + 3;	/* behind the state */
	for (; count < 50; count++, at = next) {
		field[count] = strtoull(at, &next, 10);
		if (next == at)
			break;
	}
	say("stat: %d fields", count + 3);
	say("  parent %d, group %d, session %d", field[0] == (unsigned)getppid(),
	    field[1] == (unsigned)getpgrp(), field[2] == (unsigned)getsid(0));
	say("  priority %d, nice %d, threads %d", (int)field[14], (int)field[15], (int)field[16]);
	say("  started %d, size %d, resident %d", field[18] > 0, field[19] > 100000, field[20] > 10);
	say("  exit signal %d, policy %d", (int)field[34], (int)field[37]);
}

static void status(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	mask(SIG_BLOCK, SIGUSR2);
	raise(SIGUSR2);
	umask(027);
	has("/proc/self/status", "Name: Umask: State: Tgid: Ngid: Pid: PPid: TracerPid: Uid: Gid: FDSize: Groups: "
	    "NStgid: NSpid: NSpgid: NSsid: VmPeak: VmSize: VmLck: VmHWM: VmRSS: RssAnon: VmData: VmStk: VmExe: VmLib: "
	    "Threads: SigQ: SigPnd: ShdPnd: SigBlk: SigIgn: SigCgt: CapInh: CapPrm: CapEff: CapBnd: CapAmb: NoNewPrivs: "
	    "Cpus_allowed: Cpus_allowed_list: voluntary_ctxt_switches: nonvoluntary_ctxt_switches:");
	say("state %s", value_of("State:"));
	say("umask %s", value_of("Umask:"));
	say("tracer %s", value_of("TracerPid:"));
	say("pid %d, parent %d, group %d", atoi(value_of("\nPid:")) == getpid(),
	    atoi(value_of("PPid:")) == getppid(), atoi(value_of("NSpgid:")) == getpgrp());
	say("blocked %s", value_of("SigBlk:"));
	say("pending %s", value_of("SigPnd:"));
	say("HUP ignored %d", (int)(strtoull(value_of("SigIgn:"), NULL, 16) & 1));
	has("/proc/self/limits", "Limit Max");
	say("stack limit is told %d", strstr(text, "Max stack size") != NULL);
}

int main(int argc, char **argv)
{
	char *const args[] = { "probe", "again", "", "two words", NULL };
	char *const env[] = { "A=1", "B=two words", NULL };

	if (argc == 1) {
		execve("/proc/self/exe", args, env);
		return 1;
	}
	if (!strcmp(argv[1], "spin"))
		for (volatile unsigned long work = 0;; work++)
			;
	if (!strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	if (!strcmp(argv[1], "end"))
		return 0;
	itself();
	files();
	threads();
	stat_fields();
	status();
	states();
	return 0;
}

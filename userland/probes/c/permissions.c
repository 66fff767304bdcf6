/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who may do what to which file: owner, group, others, sticky and set-id bits. Runs as root. */
#include "probe.h"

#include <grp.h>
#include <sys/stat.h>

static char folder[64];

static const char *in(const char *name)
{
	static char path[4][128];
	static int next;
	char *place = path[next++ % 4];

	snprintf(place, sizeof(path[0]), "%s/%s", folder, name);
	return place;
}

static void make(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	int fd = open(in(name), O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || fchown(fd, uid, gid) || fchmod(fd, mode))
		say("cannot make %s: %s", name, error_name(errno));
	close(fd);
}

static void make_folder(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(in(name), 0700) || chown(in(name), uid, gid) || chmod(in(name), mode))
		say("cannot make %s: %s", name, error_name(errno));
}

static void tries(const char *name)
{
	int r = open(in(name), O_RDONLY), w, x;
	int read_error = r < 0 ? errno : 0, write_error;

	w = open(in(name), O_WRONLY);
	write_error = w < 0 ? errno : 0;
	x = access(in(name), X_OK);
	say("  %s: read %s, write %s, execute %s", name, read_error ? error_name(read_error) : "ok",
	    write_error ? error_name(write_error) : "ok", x ? error_name(errno) : "ok");
	close(r);
	close(w);
}

static void mode_of(const char *name)
{
	struct stat info;

	if (stat(in(name), &info))
		say("  %s: %s", name, error_name(errno));
	else
		say("  %s: mode %o, owner %d, group %d", name, info.st_mode & 07777,
		    info.st_uid, info.st_gid);
}

static const char *const files[] = { "mine", "group", "others", "none", "roots", "listed" };

static void try_all(void)
{
	for (unsigned int i = 0; i < sizeof(files) / sizeof(*files); i++)
		tries(files[i]);
}

static int as_user(void)
{
	gid_t extra = 700;

	setgroups(1, &extra);
	setgid(600);
	setuid(500);
	try_all();
	/* By the real ids or by the effective ones: no difference here. */
	outcome("  faccessat", faccessat(AT_FDCWD, in("roots"), R_OK, AT_EACCESS));
	outcome("  access of nothing", access(in("nothing"), F_OK));
	outcome("  chmod of mine", chmod(in("mine"), 06777));
	mode_of("mine");
	outcome("  chmod of another's", chmod(in("roots"), 0777));
	outcome("  give mine away", chown(in("mine"), 501, -1));
	outcome("  to a group of mine", chown(in("mine"), -1, 700));
	mode_of("mine");
	outcome("  to a group of others", chown(in("mine"), -1, 701));
	outcome("  touch another's", utimensat(AT_FDCWD, in("listed"), NULL, 0));
	outcome("  its own time", utimensat(AT_FDCWD, in("others"), (struct timespec[2]) { { 1, 0 }, { 1, 0 } }, 0));

	outcome("  unlink in a sticky folder", unlink(in("sticky/roots")));
	outcome("  unlink of mine there", unlink(in("sticky/mine")));
	outcome("  rename there", rename(in("sticky/roots"), in("sticky/other")));
	outcome("  unlink in another's folder", unlink(in("closed/file")));
	outcome("  in a folder that cannot be searched", access(in("hidden/file"), F_OK));
	outcome("  in one that cannot be listed", access(in("unlisted/file"), F_OK));
	outcome("  list it", open(in("unlisted"), O_RDONLY | O_DIRECTORY));
	outcome("  mkdir in another's", mkdir(in("closed/new"), 0777));
	outcome("  link to another's", link(in("roots"), in("sticky/link")));

	umask(027);
	close(open(in("shared/new"), O_CREAT | O_WRONLY, 0666));
	mode_of("shared/new");
	mkdir(in("shared/folder"), 0777);
	mode_of("shared/folder");
	/* A set-group-id bit goes when the group is not one's own. */
	close(open(in("shared/foreign"), O_CREAT | O_WRONLY, 0777));
	chmod(in("shared/foreign"), 02777);
	mode_of("shared/foreign");
	/* And set-id bits go when somebody writes. */
	return 0;
}

static int as_real(void)
{
	/* Effective root, but really somebody: access(2) asks for the real one. */
	setresuid(500, 0, 0);
	outcome("  access", access(in("roots"), R_OK));
	outcome("  AT_EACCESS", faccessat(AT_FDCWD, in("roots"), R_OK, AT_EACCESS));
	success("  open", open(in("roots"), O_RDONLY));
	return 0;
}

static int as_root(void)
{
	int fd;

	try_all();
	outcome("  execute without a bit", execv(in("roots"), (char *[]) { "x", NULL }));
	make("setid", 06755, 500, 600);
	mode_of("setid");
	outcome("  chown", chown(in("setid"), 501, 601));
	mode_of("setid");
	make("written", 06777, 500, 600);
	setuid(502);
	fd = open(in("written"), O_WRONLY);
	outcome("  write", write(fd, "y", 1));
	mode_of("written");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2) {
		snprintf(folder, sizeof(folder), "%s", argv[2]);
		return !strcmp(argv[1], "user") ? as_user() :
		       !strcmp(argv[1], "real") ? as_real() : as_root();
	}
	umask(0);
	snprintf(folder, sizeof(folder), "/tmp/probe-permissions-%d", getpid());
	if (mkdir(folder, 0755))
		return 1;
	make("mine", 0640, 500, 600);
	make("group", 0460, 501, 600);
	make("others", 0602, 501, 601);
	make("none", 0000, 500, 600);
	make("roots", 0600, 0, 0);
	make("listed", 0050, 501, 700);
	make_folder("sticky", 01777, 0, 0);
	make("sticky/roots", 0666, 0, 0);
	make("sticky/mine", 0600, 500, 600);
	make_folder("closed", 0755, 501, 601);
	make("closed/file", 0666, 500, 600);
	make_folder("hidden", 0644, 501, 601);
	make("hidden/file", 0666, 500, 600);
	make_folder("unlisted", 0711, 501, 601);
	make("unlisted/file", 0666, 500, 600);
	make_folder("shared", 02777, 501, 800);
	say("user:");
	finish("  end", start("user", folder));
	say("real user, effective root:");
	finish("  end", start("real", folder));
	say("root:");
	finish("  end", start("root", folder));
	return 0;
}

/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading /proc: whole files, the values in them, links. For the probes of it. */
#ifndef PROC_H
#define PROC_H

#include "probe.h"

static char text[65536];

__attribute__((unused)) static int slurp(const char *path)
{
	int fd = open(path, O_RDONLY), len = 0, got;

	text[0] = 0;
	if (fd < 0) {
		say("%s: %s", path, error_name(errno));
		return -1;
	}
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	text[len] = 0;
	return len;
}

__attribute__((unused)) static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		say("%s: %s", path, error_name(errno));
	else
		outcome(path, write(fd, value, strlen(value)) == (long)strlen(value) ? 0 : -1);
	close(fd);
}

/* Has the text a line that begins with each of these words? */
__attribute__((unused)) static void has(const char *path, const char *words)
{
	char list[1024], *word, line[128];

	if (slurp(path) < 0)
		return;
	memmove(text + 1, text, strlen(text) + 1);
	text[0] = '\n';
	snprintf(list, sizeof(list), "%s", words);
	for (word = strtok(list, " "); word; word = strtok(NULL, " ")) {
		snprintf(line, sizeof(line), "\n%s", word);
		if (!strstr(text, line))
			say("%s: no %s", path, word);
	}
	say("%s: looked at", path);
}

__attribute__((unused)) static const char *value_of(const char *key)
{
	static char value[256];
	char *at = strstr(text, key);

	value[0] = 0;
	if (at)
		sscanf(at + strlen(key), " %255[^\n]", value);
	return value;
}

#endif /* PROC_H */

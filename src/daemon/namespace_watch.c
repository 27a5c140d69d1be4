/* SPDX-License-Identifier: BSD-2-Clause */

/* A network namespace lives by its processes (each thread can be in another one) and by the files
 * bound to it. */

#include "daemon/namespace_watch.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDLE_NS 60000000000ull
#define EMPTY_CHECKS 2

int ux_namespace_watch_init(struct ux_namespace_watch *w)
{
	struct stat st;

	*w = (struct ux_namespace_watch){0};
	if (stat("/proc/self/ns/net", &st) < 0)
		return -errno;
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	return 0;
}

enum sight { SIGHT_OURS, SIGHT_OTHER, SIGHT_HIDDEN };

static enum sight look_at(const struct ux_namespace_watch *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES || errno == EPERM ? SIGHT_HIDDEN : SIGHT_OTHER;
	return st.st_dev == w->dev && st.st_ino == w->ino ? SIGHT_OURS : SIGHT_OTHER;
}

/* Is any entry of @dir whose path (with @tail behind it) may be our namespace there? @skip: our own
 * pid or 0. */
static bool any_ours(const struct ux_namespace_watch *w, const char *dir, const char *tail,
		     bool numbers)
{
	bool found = false;
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return false;
	while (!found && (entry = readdir(d))) {
		char path[512];

		if (entry->d_name[0] == '.' ||
		    (numbers && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, entry->d_name, tail);
		found = look_at(w, path) != SIGHT_OTHER;
	}
	closedir(d);
	return found;
}

static bool process_inside(const struct ux_namespace_watch *w)
{
	const long self = (long)getpid();
	bool found = false;
	struct dirent *entry;
	DIR *d = opendir("/proc");

	if (!d)
		return true;
	while (!found && (entry = readdir(d))) {
		char tasks[64];
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (*end || pid <= 0 || pid == self)
			continue;
		snprintf(tasks, sizeof(tasks), "/proc/%ld/task", pid);
		found = any_ours(w, tasks, "/ns/net", true);
	}
	closedir(d);
	return found;
}

bool ux_namespace_watch_over(struct ux_namespace_watch *w, uint64_t now_ns, bool in_use,
			     bool has_clients)
{
	if (in_use)
		w->idle_since_ns = 0;
	else if (!w->idle_since_ns)
		w->idle_since_ns = now_ns;
	if (!in_use && now_ns - w->idle_since_ns >= IDLE_NS)
		return true;
	if (has_clients || process_inside(w) || any_ours(w, "/run/netns", "", false))
		w->empty_checks = 0;
	else
		w->empty_checks++;
	return w->empty_checks >= EMPTY_CHECKS;
}

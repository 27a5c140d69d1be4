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

#define EMPTY_CHECKS 2

int ux_namespace_watch_init(struct ux_namespace_watch *w, uint64_t idle_ns)
{
	struct stat st;

	*w = (struct ux_namespace_watch){.idle_ns = idle_ns};
	if (stat("/proc/self/ns/net", &st) < 0)
		return -errno;
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	if (stat("/proc/self/net/dev", &st) < 0)
		return -errno;
	w->proc_ino = st.st_ino;
	return 0;
}

/* Call @match for the names in @dir until it says yes. @missing: the answer when there is no such
 * directory. */
static bool any_entry(const struct ux_namespace_watch *w, const char *dir, bool missing,
		      bool (*match)(const struct ux_namespace_watch *w, const char *dir,
				    const char *name))
{
	bool found = false;
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return missing;
	while (!found && (entry = readdir(d)))
		found = entry->d_name[0] != '.' && match(w, dir, entry->d_name);
	closedir(d);
	return found;
}

static bool is_our_name(const struct ux_namespace_watch *w, const char *dir, const char *name)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 && st.st_dev == w->dev && st.st_ino == w->ino;
}

/* Each namespace has its own files under /proc/PID/net, with numbers of their own; looking at them
 * takes no right, unlike /proc/PID/ns. */
static bool is_our_task(const struct ux_namespace_watch *w, const char *dir, const char *name)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/net/dev", dir, name);
	return stat(path, &st) == 0 && st.st_ino == w->proc_ino;
}

static bool has_our_task(const struct ux_namespace_watch *w, const char *dir, const char *name)
{
	char path[512];

	if (!isdigit((unsigned char)name[0]) || atol(name) == (long)getpid())
		return false;
	snprintf(path, sizeof(path), "%s/%s/task", dir, name);
	return any_entry(w, path, false, is_our_task);
}

static bool process_inside(const struct ux_namespace_watch *w)
{
	/* Without process 1 the others are hidden from us as well (hidepid): assume that they are
	 * there. */
	if (access("/proc/1", F_OK) < 0)
		return true;
	return any_entry(w, "/proc", true, has_our_task);
}

bool ux_namespace_watch_over(struct ux_namespace_watch *w, uint64_t now_ns, bool in_use,
			     bool has_clients)
{
	if (in_use)
		w->idle_since_ns = 0;
	else if (!w->idle_since_ns)
		w->idle_since_ns = now_ns;
	if (!in_use && now_ns - w->idle_since_ns >= w->idle_ns)
		return true;
	/* The search among all processes comes last, as it costs most. */
	if (has_clients || any_entry(w, "/run/netns", false, is_our_name) || process_inside(w))
		w->empty_checks = 0;
	else
		w->empty_checks++;
	return w->empty_checks >= EMPTY_CHECKS;
}

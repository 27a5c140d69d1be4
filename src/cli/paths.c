/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first of @folders/@name that can be used as @mode says. */
static void find(char *path, size_t size, const char *name, const char *installed, int mode)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	path[0] = '\0';
	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		if (snprintf(path, size, "%s/%s", self, name) < (int)size &&
		    access(path, mode) == 0)
			return;
	}
	if (snprintf(path, size, "%s/%s", installed, name) >= (int)size || access(path, mode) != 0)
		path[0] = '\0';
}

void path_of_daemon(char *path, size_t size)
{
	const char *set = getenv("UXFRM_DAEMON");

	if (set)
		snprintf(path, size, "%s", set);
	else
		find(path, size, "uxfrmd", UXFRM_SBINDIR, X_OK);
}

void path_of_shim(char *path, size_t size)
{
	find(path, size, "libuxfrm-preload.so", UXFRM_SHIMDIR, R_OK);
}

/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/apparmor.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROFILES "/sys/kernel/security/apparmor/profiles" /* root may read it */

/* As execvp() finds it, links followed. */
static bool find_program(const char *name, char *path)
{
	const char *folders = getenv("PATH");
	char candidate[PATH_MAX];

	if (strchr(name, '/'))
		return realpath(name, path) != NULL;
	while (folders && *folders) {
		size_t len = strcspn(folders, ":");

		if (snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, folders, name) <
			(int)sizeof(candidate) &&
		    access(candidate, X_OK) == 0)
			return realpath(candidate, path) != NULL;
		folders += len + (folders[len] == ':');
	}
	return false;
}

/* "NAME (MODE)" - a profile that is for a program has its path as the name. */
static bool is_enforced_for(const char *line, const char *path)
{
	size_t len = strlen(path);

	return strncmp(line, path, len) == 0 && strcmp(line + len, " (enforce)\n") == 0;
}

void warn_of_apparmor(const char *program)
{
	char path[PATH_MAX], line[PATH_MAX + 64];
	FILE *profiles = fopen(PROFILES, "re");

	if (!profiles)
		return;
	while (find_program(program, path) && fgets(line, sizeof(line), profiles)) {
		if (!is_enforced_for(line, path))
			continue;
		fprintf(stderr,
			"uxfrm: AppArmor's profile of %s keeps it from uxfrmd, unless it was "
			"extended: see APPARMOR in uxfrm(8)\n",
			path);
		break;
	}
	fclose(profiles);
}

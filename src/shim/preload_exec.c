/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The exported functions that start a program with an environment of its caller's choice. Some daemons give
 * their scripts a bare one; what those run is to meet the same SAs and policies, so it gets back what
 * `uxfrm run` had set. An environment that says anything of it is left as it is.
 */

#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "shim/real.h"

#define EXPORT __attribute__((visibility("default")))
/* More are passed on as they are; the room is on the caller's stack, as nothing may be allocated
 * between fork() and exec(). */
#define ENTRIES_MAX 2048

static bool is_bare(char *const *envp)
{
	for (; *envp; envp++)
		if (strncmp(*envp, "LD_PRELOAD=", 11) == 0 || strncmp(*envp, "UXFRM_SHIM=", 11) == 0)
			return false;
	return true;
}

static bool has_name_of(char *const *envp, const char *entry)
{
	size_t len = (size_t)(strchr(entry, '=') - entry) + 1;

	for (; *envp; envp++)
		if (strncmp(*envp, entry, len) == 0)
			return true;
	return false;
}

/* @envp, or @room filled with it and what is missing. */
static char *const *completed(char *const *envp, char *room[ENTRIES_MAX])
{
	static char *const empty[] = {NULL};
	char *const *kept = shim_environment();
	size_t n = 0;

	if (!shim_active() || !is_bare(envp ? envp : empty))
		return envp;
	for (char *const *e = envp ? envp : empty; *e; e++) {
		if (n == ENTRIES_MAX - SHIM_ENVIRONMENT_MAX - 1)
			return envp;
		room[n++] = *e;
	}
	for (; *kept; kept++)
		if (!has_name_of(envp ? envp : empty, *kept))
			room[n++] = *kept;
	room[n] = NULL;
	return room;
}

EXPORT int execve(const char *path, char *const *argv, char *const *envp)
{
	char *room[ENTRIES_MAX];

	return shim_real()->execve(path, argv, completed(envp, room));
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *envp)
{
	char *room[ENTRIES_MAX];

	return shim_real()->execvpe(file, argv, completed(envp, room));
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	char *room[ENTRIES_MAX];

	return shim_real()->posix_spawn(pid, path, actions, attr, argv, completed(envp, room));
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	char *room[ENTRIES_MAX];

	return shim_real()->posix_spawnp(pid, file, actions, attr, argv, completed(envp, room));
}

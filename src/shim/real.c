/* SPDX-License-Identifier: BSD-2-Clause */

/* Look-up of the real functions and of the settings, once, without allocating. */

#include "shim/real.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shim_real real;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int active;
static const char *settings[SHIM_SETTING_COUNT];
static char kept[SHIM_SETTING_COUNT][PATH_MAX];
static char *environment[SHIM_ENVIRONMENT_MAX + 1], environment_text[4 * PATH_MAX];

static void find(void *slot, const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		static const char text[] = "libuxfrm-preload: this libc lacks a function\n";

		if (real.write)
			(void)real.write(2, text, sizeof(text) - 1);
		_exit(127);
	}
	memcpy(slot, &function, sizeof(function)); /* ISO C has no cast from void * to a function */
}

/* A copy: programs that set their title write over the memory of the environment. */
static void keep(enum shim_setting which, const char *name)
{
	const char *value = getenv(name);

	if (!value || strlen(value) >= sizeof(kept[which]))
		return;
	strcpy(kept[which], value);
	settings[which] = kept[which];
}

static bool is_ours(const char *entry)
{
	return strncmp(entry, "LD_PRELOAD=", 11) == 0 || strncmp(entry, "UXFRM_", 6) == 0;
}

/* All or none: a program without its daemon's address would meet another one. */
static void keep_environment(void)
{
	size_t used = 0;
	int n = 0;

	for (char **e = environ; e && *e; e++) {
		size_t size = strlen(*e) + 1;

		if (!is_ours(*e) || !strchr(*e, '='))
			continue;
		if (n == SHIM_ENVIRONMENT_MAX || size > sizeof(environment_text) - used) {
			n = 0;
			break;
		}
		environment[n++] = memcpy(environment_text + used, *e, size);
		used += size;
	}
	environment[n] = NULL;
}

#define FIND(name) find(&real.name, #name)

static void find_all(void)
{
	FIND(write);
	FIND(socket);
	FIND(bind);
	FIND(connect);
	FIND(listen);
	FIND(shutdown);
	FIND(getsockname);
	FIND(getpeername);
	FIND(setsockopt);
	FIND(getsockopt);
	FIND(send);
	FIND(sendto);
	FIND(sendmsg);
	FIND(sendmmsg);
	FIND(writev);
	FIND(recv);
	FIND(recvfrom);
	FIND(recvmsg);
	FIND(recvmmsg);
	FIND(read);
	FIND(readv);
	find(&real.recv_chk, "__recv_chk");
	find(&real.recvfrom_chk, "__recvfrom_chk");
	find(&real.read_chk, "__read_chk");
	FIND(close);
	FIND(close_range);
	FIND(dup);
	FIND(dup2);
	FIND(dup3);
	FIND(fcntl);
	FIND(uname);
	FIND(open);
	FIND(open64);
	FIND(openat);
	FIND(openat64);
	FIND(fopen);
	FIND(fopen64);
	FIND(execve);
	FIND(execvpe);
	FIND(posix_spawn);
	FIND(posix_spawnp);
	find(&real.open_2, "__open_2");
	find(&real.open64_2, "__open64_2");
	const char *on = getenv("UXFRM_SHIM");

	active = on && strcmp(on, "1") == 0;
	keep(SHIM_DAEMON, "UXFRM_DAEMON");
	keep(SHIM_DAEMON_ARGS, "UXFRM_DAEMON_ARGS");
	keep(SHIM_RELEASE, "UXFRM_RELEASE");
	keep_environment();
}

const struct shim_real *shim_real(void)
{
	pthread_once(&once, find_all);
	return &real;
}

int shim_active(void)
{
	pthread_once(&once, find_all);
	return active;
}

const char *shim_setting(enum shim_setting which)
{
	pthread_once(&once, find_all);
	return settings[which];
}

char *const *shim_environment(void)
{
	pthread_once(&once, find_all);
	return environment;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm run [--seccomp] [--] PROGRAM ARGUMENTS: a client of NETLINK_XFRM or PF_KEY on uxfrmd; a
 * dynamically linked one by a library that is loaded into it, any by a supervisor beside it. */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/apparmor.h"
#include "cli/cli.h"
#include "cli/paths.h"
#include "supervise/start.h"

static void preload(const char *shim)
{
	const char *before = getenv("LD_PRELOAD");
	char *list;

	if (before && *before && strstr(before, shim))
		return;
	if (asprintf(&list, "%s%s%s", shim, before && *before ? ":" : "", before ? before : "") < 0)
		exit(1);
	setenv("LD_PRELOAD", list, 1);
	free(list);
}

/* The status of what could not be started. */
static int complain(const char *program, int error)
{
	fprintf(stderr, "uxfrm: %s: %s\n", program, strerror(error));
	return error == ENOENT ? 127 : 126;
}

static int run_preloaded(char **words)
{
	char shim[PATH_MAX];

	path_of_shim(shim, sizeof(shim));
	if (!shim[0]) {
		fprintf(stderr, "uxfrm: libuxfrm-preload.so not found\n");
		return 1;
	}
	preload(shim);
	setenv("UXFRM_SHIM", "1", 1);
	execvp(words[0], words);
	return complain(words[0], errno);
}

/* A program that is run by one that is supervised is supervised as well: once is enough. */
static int run_supervised(char **words)
{
	const char *reason;
	int err;

	if (getenv("UXFRM_SUPERVISED")) {
		execvp(words[0], words);
		return complain(words[0], errno);
	}
	setenv("UXFRM_SUPERVISED", "1", 1);
	err = ux_supervise_exec(words, &reason);
	if (!*reason)
		return complain(words[0], -err);
	fprintf(stderr, "uxfrm: %s: %s\n", reason, strerror(-err));
	return 1;
}

int run_command(struct cli *cli, struct args *a)
{
	bool supervised = args_take(a, "--seccomp");

	(void)args_take(a, "--");
	if (!args_peek(a)) {
		fprintf(stderr,
			"Usage: uxfrm run [ --seccomp ] [ -- ] PROGRAM [ ARGUMENTS ]\n");
		return 255;
	}
	if (cli->target == UXFRM_TARGET_KERNEL) {
		fprintf(stderr, "uxfrm: programs run on uxfrmd, not with --kernel\n");
		return 255;
	}
	if (cli->daemon[0])
		setenv("UXFRM_DAEMON", cli->daemon, 1);
	char **words = a->v + a->at; /* main's argv: ends with NULL */

	warn_of_apparmor(words[0]);
	return supervised ? run_supervised(words) : run_preloaded(words);
}

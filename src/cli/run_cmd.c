/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm run [--] PROGRAM ARGUMENTS: any dynamically linked client of NETLINK_XFRM, on uxfrmd. */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/paths.h"

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

int run_command(struct cli *cli, struct args *a)
{
	char shim[PATH_MAX];

	(void)args_take(a, "--");
	if (!args_peek(a)) {
		fprintf(stderr, "Usage: uxfrm run [ -- ] PROGRAM [ ARGUMENTS ]\n");
		return 255;
	}
	if (cli->target == UXFRM_TARGET_KERNEL) {
		fprintf(stderr, "uxfrm: programs run on uxfrmd, not with --kernel\n");
		return 255;
	}
	path_of_shim(shim, sizeof(shim));
	if (!shim[0]) {
		fprintf(stderr, "uxfrm: libuxfrm-preload.so not found\n");
		return 1;
	}
	preload(shim);
	setenv("UXFRM_SHIM", "1", 1);
	if (cli->daemon[0])
		setenv("UXFRM_DAEMON", cli->daemon, 1);
	char **words = a->v + a->at; /* main's argv: ends with NULL */

	execvp(words[0], words);
	int error = errno;

	fprintf(stderr, "uxfrm: %s: %s\n", words[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * uxfrm [options] state|policy|monitor|migrate|stats|run ...
 * Options and words are those of `ip xfrm` where it has them.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/paths.h"

#define EXIT_USAGE 255

static const char usage_text[] =
    "Usage: uxfrm [ OPTIONS ] { state | policy | monitor | migrate | stats } [ COMMAND ... ]\n"
    "       uxfrm [ OPTIONS ] run [ -- ] PROGRAM [ ARGUMENTS ]\n"
    "OPTIONS := -s[tatistics] | -d[etails] | -j[son] | -o[neline] | -4 | -6 |\n"
    "           -n[etns] NAME | -K | --kernel | -V[ersion] | -h[elp]\n";

static _Noreturn void usage(FILE *out, int status)
{
	fputs(usage_text, out);
	exit(status);
}

static void enter_namespace(const char *name)
{
	char path[PATH_MAX];

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "Cannot open network namespace \"%s\": %s\n", name,
			strerror(errno));
		exit(EXIT_USAGE);
	}
	if (setns(fd, CLONE_NEWNET) < 0) {
		fprintf(stderr, "setting the network namespace \"%s\" failed: %s\n", name,
			strerror(errno));
		exit(EXIT_USAGE);
	}
	close(fd);
}

static void take_option(struct cli *cli, struct args *a)
{
	const char *word = args_next(a);
	const char *o = word + (word[1] == '-' ? 2 : 1);

	if (args_is_command(o, "statistics") || args_is_command(o, "stats") ||
	    args_is_command(o, "details"))
		cli->stats++;
	else if (args_is_command(o, "json"))
		cli->json = true;
	else if (args_is_command(o, "oneline"))
		cli->one_line = true;
	else if (strcmp(o, "4") == 0)
		cli->family = AF_INET;
	else if (strcmp(o, "6") == 0)
		cli->family = AF_INET6;
	else if (args_is_command(o, "netns"))
		enter_namespace(args_next(a));
	else if (strcmp(o, "K") == 0 || strcmp(o, "kernel") == 0)
		cli->target = UX_CLIENT_KERNEL;
	else if (args_is_command(o, "Version") || args_is_command(o, "version")) {
		puts("uxfrm " UXFRM_VERSION);
		exit(0);
	} else if (args_is_command(o, "help"))
		usage(stdout, 0);
	else {
		fprintf(stderr, "Option \"%s\" is unknown, try \"uxfrm -help\".\n", word);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli, struct args *a);
	} commands[] = {
	    {"state", state_command},	  {"policy", policy_command},
	    {"monitor", monitor_command}, {"migrate", policy_migrate_command},
	    {"stats", stats_command},	  {"run", run_command},
	};
	static struct cli cli;
	struct args a = {argv, argc, 1};

	path_of_daemon(cli.daemon, sizeof(cli.daemon));
	while (args_peek(&a) && args_peek(&a)[0] == '-' && args_peek(&a)[1])
		take_option(&cli, &a);
	if (!args_peek(&a) || args_is(&a, "help"))
		usage(args_peek(&a) ? stdout : stderr, args_peek(&a) ? 0 : EXIT_USAGE);
	const char *word = args_next(&a);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!args_is_command(word, commands[i].name))
			continue;
		int status = commands[i].run(&cli, &a);

		ux_client_close(cli.client);
		if (fflush(stdout) != 0 && status == 0)
			status = 1;
		return status;
	}
	usage(stderr, EXIT_USAGE);
}

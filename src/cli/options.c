/* SPDX-License-Identifier: BSD-2-Clause */

/* The options before the command: those of ip, abbreviated as there, and -K. */

#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_USAGE 255

static const char usage_text[] =
    "Usage: uxfrm [ OPTIONS ] { state | policy | monitor | migrate | link | workers | stats }\n"
    "             [ COMMAND ... ]\n"
    "       uxfrm [ OPTIONS ] run [ --seccomp ] [ -- ] PROGRAM [ ARGUMENTS ]\n"
    "       uxfrm [ -force ] -batch FILE\n"
    "OPTIONS := -s[tatistics] | -d[etails] | -j[son] | -o[neline] | -t[imestamp] | -ts[hort] |\n"
    "           -f[amily] { inet | inet6 } | -4 | -6 | -n[etns] NAME | -b[atch] FILE |\n"
    "           -K | --kernel | -V[ersion] | -help\n";

_Noreturn void options_usage(FILE *out, int status)
{
	fputs(usage_text, out);
	exit(status);
}

static void enter_namespace(struct cli *cli, struct args *a)
{
	const char *name = args_next(a);
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

static void take_family(struct cli *cli, struct args *a)
{
	const char *name = args_next(a);

	if (strcmp(name, "help") == 0)
		options_usage(stdout, 0);
	if (strcmp(name, "inet") == 0)
		cli->family = AF_INET;
	else if (strcmp(name, "inet6") == 0)
		cli->family = AF_INET6;
	else
		args_wrong(name, "invalid protocol family");
}

static void inet(struct cli *cli, struct args *a)
{
	cli->family = AF_INET;
}

static void inet6(struct cli *cli, struct args *a)
{
	cli->family = AF_INET6;
}

static void more_stats(struct cli *cli, struct args *a)
{
	cli->stats++;
}

static void json(struct cli *cli, struct args *a)
{
	cli->json = true;
}

static void one_line(struct cli *cli, struct args *a)
{
	cli->one_line = true;
}

static void time_long(struct cli *cli, struct args *a)
{
	if (!cli->timestamp)
		cli->timestamp = CLI_TIME_LONG;
}

static void time_short(struct cli *cli, struct args *a)
{
	cli->timestamp = CLI_TIME_SHORT;
}

static void batch(struct cli *cli, struct args *a)
{
	cli->batch = args_next(a);
}

static void force(struct cli *cli, struct args *a)
{
	cli->force = true;
}

static void kernel(struct cli *cli, struct args *a)
{
	cli->target = UXFRM_TARGET_KERNEL;
}

static void version(struct cli *cli, struct args *a)
{
	puts("uxfrm " UXFRM_VERSION);
	exit(0);
}

static void help(struct cli *cli, struct args *a)
{
	options_usage(stdout, 0);
}

/* Options of ip that change nothing here. */
static void nothing(struct cli *cli, struct args *a)
{
}

static void nothing_with_value(struct cli *cli, struct args *a)
{
	(void)args_next(a);
}

static const struct option {
	const char *name;
	void (*take)(struct cli *cli, struct args *a);
	bool whole;
} options[] = {
    {"loops", nothing_with_value},
    {"family", take_family},
    {"4", inet, true},
    {"6", inet6, true},
    {"human-readable", nothing},
    {"iec", nothing},
    {"statistics", more_stats},
    {"stats", more_stats},
    {"details", nothing},
    {"resolve", nothing},
    {"oneline", one_line},
    {"timestamp", time_long},
    {"tshort", time_short},
    {"Version", version},
    {"version", version},
    {"force", force},
    {"batch", batch},
    {"brief", nothing},
    {"json", json},
    {"pretty", nothing},
    {"rcvbuf", nothing_with_value},
    {"color", nothing},
    {"help", help},
    {"netns", enter_namespace},
    {"Numeric", nothing},
    {"all", nothing},
    {"K", kernel, true},
    {"kernel", kernel},
};

static const struct option *find_option(const char *word)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].whole ? strcmp(word, options[i].name) == 0
				     : args_is_command(word, options[i].name))
			return &options[i];
	return NULL;
}

void options_take(struct cli *cli, struct args *a)
{
	for (const char *word; (word = args_peek(a)) && word[0] == '-';) {
		const char *name = word[1] == '-' ? word + 2 : word + 1;

		a->at++;
		if (strcmp(word, "--") == 0)
			return;
		const struct option *option = find_option(name);

		if (!option) {
			fprintf(stderr, "Option \"%s\" is unknown, try \"uxfrm -help\".\n", word);
			exit(EXIT_USAGE);
		}
		option->take(cli, a);
	}
}

int cli_run(struct cli *cli, struct args *a)
{
	static const struct cli_command commands[] = {
	    {"state", state_command},	  {"policy", policy_command},
	    {"monitor", monitor_command}, {"migrate", policy_migrate_command},
	    {"stats", stats_command},	  {"link", link_command},
	    {"workers", workers_command},
	    {"run", run_command},	  {NULL},
	};

	if (!args_peek(a))
		options_usage(stderr, EXIT_USAGE);
	if (args_is(a, "help"))
		options_usage(stdout, 0);
	const struct cli_command *command = cli_choose(commands, args_next(a));

	if (!command) {
		fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm help\".\n",
			a->v[a->at - 1]);
		return EXIT_USAGE;
	}
	a->family = cli->family;
	cli_start(cli);
	return command->run(cli, a);
}

/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/print.h"

const char *cli_no_daemon(int err)
{
	switch (err) {
	case -ECONNREFUSED:
		return "no uxfrmd runs here";
	case -EPROTONOSUPPORT:
		return "another user's program poses as uxfrmd here";
	default:
		return strerror(-err);
	}
}

struct ux_client *cli_connect(struct cli *cli, uint32_t groups)
{
	if (cli->client)
		return cli->client;
	int err =
	    ux_client_open(cli->target, groups, cli->daemon[0] ? cli->daemon : NULL, &cli->client);

	if (err && cli->target == UX_CLIENT_UXFRMD)
		fprintf(stderr, "uxfrm: %s%s\n", cli_no_daemon(err),
			err == -ECONNREFUSED ? ", and none could be started" : "");
	else if (err)
		fprintf(stderr, "uxfrm: cannot connect: %s\n", strerror(-err));
	if (err)
		exit(1);
	return cli->client;
}

static int complain(int result, const struct ux_client_error *error)
{
	if (result < 0) {
		fprintf(stderr, "uxfrm: %s\n", strerror(-result));
		return 2;
	}
	if (result > 0 && error->text[0])
		fprintf(stderr, "Error: %s%s\n", error->text,
			error->text[strlen(error->text) - 1] == '.' ? "" : ".");
	else if (result > 0)
		fprintf(stderr, "RTNETLINK answers: %s\n", strerror(result));
	else if (error->text[0])
		fprintf(stderr, "Warning: %s%s\n", error->text,
			error->text[strlen(error->text) - 1] == '.' ? "" : ".");
	return result ? 2 : 0;
}

int cli_ask(struct cli *cli, struct ux_writer *w, ux_client_message_fn fn, void *opaque)
{
	struct ux_client_error error;
	int result = ux_client_request(cli_connect(cli, 0), w, fn, opaque, &error);

	return complain(result, &error);
}

void cli_list_begin(struct cli *cli)
{
	if (cli->json)
		cli->list = json_array();
}

void cli_list_end(struct cli *cli)
{
	if (!cli->list)
		return;
	json_dumpf(cli->list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(cli->list);
	cli->list = NULL;
}

struct printer cli_printer(const struct cli *cli)
{
	return (struct printer){.out = stdout,
				.stats = cli->stats,
				.one_line = cli->one_line,
				.family = cli->family ? cli->family : AF_INET};
}

/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * uxfrm [options] state|policy|monitor|migrate|stats|run ...
 * Options and words are those of `ip xfrm` where it has them.
 */

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/paths.h"

int main(int argc, char **argv)
{
	static struct cli cli;
	struct args a = {.v = argv, .n = argc, .at = 1};

	path_of_daemon(cli.daemon, sizeof(cli.daemon));
	options_take(&cli, &a);
	int status = cli.batch ? cli_batch(&cli) : cli_run(&cli, &a);

	uxfrm_conn_close(cli.conn);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
	return status;
}

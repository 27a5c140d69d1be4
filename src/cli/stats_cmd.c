/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm stats: what the daemon says of itself, as a table or (-j) as the JSON it sent; or the
 * kernel's counters. */

#include <uxfrm/control.h>

#include "cli/cli.h"
#include "cli/kernel_stats.h"
#include "cli/print_stats.h"

int stats_command(struct cli *cli, struct args *a)
{
	static char text[UXFRM_CONTROL_STATUS_MAX + 1];
	json_error_t error;

	if (args_peek(a) && args_is_command(args_peek(a), "help")) {
		fprintf(stderr, "Usage: uxfrm [ -s | -j ] [ --kernel ] stats\n");
		return 255;
	}
	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	if (cli->target == UXFRM_TARGET_KERNEL)
		return kernel_stats(cli);
	int err = uxfrm_status(text, sizeof(text));

	if (err) {
		fprintf(stderr, "uxfrm: %s\n", cli_no_daemon(err));
		return 2;
	}
	json_t *status = json_loads(text, 0, &error);

	if (!status) {
		fprintf(stderr, "uxfrm: the daemon's status cannot be read: %s\n", error.text);
		return 2;
	}
	if (cli->json) {
		cli_print_document(status);
	} else {
		print_stats(stdout, status, cli->stats > 0);
	}
	json_decref(status);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm stats: what the daemon says of itself, as a table, (-j) as the JSON it sent, or in the form
 * of /proc/net/xfrm_stat; or the kernel's counters. */

#include <uxfrm/control.h>

#include "cli/cli.h"
#include "cli/kernel_stats.h"
#include "cli/print_stats.h"
#include "cli/xfrm_stat.h"

static void print_crypto_status(const struct cli *cli, const json_t *status)
{
	json_t *crypto = json_object_get(status, "crypto");

	if (cli->json)
		cli_print_document(crypto);
	else
		print_crypto(stdout, crypto);
}

int stats_command(struct cli *cli, struct args *a)
{
	static char text[UXFRM_CONTROL_STATUS_MAX + 1];
	json_error_t error;

	if (args_peek(a) && args_is_command(args_peek(a), "help")) {
		fprintf(stderr,
			"Usage: uxfrm [ -s | -j ] [ --kernel ] stats [ xfrm-stat | --crypto ]\n");
		return 255;
	}
	bool as_xfrm_stat = args_take(a, "xfrm-stat");
	bool crypto_only = !as_xfrm_stat && args_take(a, "--crypto");

	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	if (cli->target == UXFRM_TARGET_KERNEL && crypto_only) {
		fprintf(stderr, "uxfrm: the kernel does not say how it encrypts\n");
		return 2;
	}
	if (cli->target == UXFRM_TARGET_KERNEL)
		return as_xfrm_stat ? kernel_xfrm_stat() : kernel_stats(cli);
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
	if (crypto_only)
		print_crypto_status(cli, status);
	else if (as_xfrm_stat)
		print_xfrm_stat(stdout, status);
	else if (cli->json)
		cli_print_document(status);
	else
		print_stats(stdout, status, cli->stats > 0);
	json_decref(status);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm workers: how many threads of uxfrmd carry packets. */

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_values.h"

static const char usage_text[] = "Usage: uxfrm workers [ COUNT ]\n";

static int show(struct cli *cli)
{
	struct uxfrm_result r;
	uint32_t count = 0;
	int result = uxfrm_workers_get(cli_conn(cli), &count, &r);

	cli_list_begin(cli);
	if (!result && !cli->json)
		printf("workers %u\n", count);
	if (!result && cli->json) {
		json_t *o = json_object();

		set_text(o, "object", "workers");
		set_number(o, "count", count);
		json_array_append_new(cli->list, o);
	}
	cli_list_end(cli);
	return cli_conclude(result, &r);
}

int workers_command(struct cli *cli, struct args *a)
{
	struct uxfrm_result r;
	uint32_t count;

	if (cli->target == UXFRM_TARGET_KERNEL) {
		fprintf(stderr, "uxfrm: the kernel has no workers\n");
		return 255;
	}
	if (!args_peek(a))
		return show(cli);
	if (strcmp(args_peek(a), "help") == 0) {
		fputs(usage_text, stderr);
		return 255;
	}
	const char *word = args_peek(a);

	read_u32(a, &count, "COUNT is invalid");
	if (!count)
		args_wrong(word, "COUNT is invalid");
	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	return cli_conclude(uxfrm_workers_set(cli_conn(cli), count, &r), &r);
}

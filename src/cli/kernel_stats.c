/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm --kernel stats: the counters of the kernel that runs here. */

#include "cli/kernel_stats.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/json_values.h"

#define NAME_LENGTH 63

/* The next counter; false at the end. */
static bool next_counter(FILE *in, char name[NAME_LENGTH + 1], uint64_t *ret_count)
{
	return fscanf(in, "%63s %" SCNu64, name, ret_count) == 2;
}

static json_t *counters_object(FILE *in)
{
	char name[NAME_LENGTH + 1];
	uint64_t count;
	json_t *root = json_object(), *drops = json_array();

	while (next_counter(in, name, &count)) {
		json_t *one = json_object();

		set_text(one, "linux_name", name);
		set_number(one, "count", count);
		json_array_append_new(drops, one);
	}
	json_object_set_new(root, "drops", drops);
	return root;
}

static void print_counters(FILE *in, bool zeros)
{
	char name[NAME_LENGTH + 1];
	uint64_t count;
	bool any = false;

	while (next_counter(in, name, &count)) {
		if (count == 0 && !zeros)
			continue;
		if (!any)
			puts("drops");
		any = true;
		printf("  %-24s  %" PRIu64 "\n", name, count);
	}
	if (!any)
		puts("no drops");
}

static FILE *open_counters(void)
{
	FILE *in = fopen("/proc/net/xfrm_stat", "re");

	if (!in)
		fprintf(stderr, "uxfrm: this kernel has no counters of IPsec: %s\n",
			strerror(errno));
	return in;
}

int kernel_xfrm_stat(void)
{
	FILE *in = open_counters();
	int c;

	if (!in)
		return 2;
	while ((c = getc(in)) != EOF)
		putchar(c);
	fclose(in);
	return 0;
}

int kernel_stats(const struct cli *cli)
{
	FILE *in = open_counters();

	if (!in)
		return 2;
	if (cli->json) {
		json_t *root = counters_object(in);

		cli_print_document(root);
		json_decref(root);
	} else {
		print_counters(in, cli->stats > 0);
	}
	fclose(in);
	return 0;
}

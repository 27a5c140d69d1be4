/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm stats xfrm-stat: for programs that read /proc/net/xfrm_stat. */

#include "cli/xfrm_stat.h"

#include <string.h>

#include "base/xfrm_counters.h"

static long long sum_of(const json_t *drops, const char *counter)
{
	long long sum = 0;
	const json_t *drop;
	size_t i;

	json_array_foreach(drops, i, drop)
	{
		const char *name = json_string_value(json_object_get(drop, "linux_name"));

		if (name && strcmp(name, counter) == 0)
			sum += (long long)json_integer_value(json_object_get(drop, "count"));
	}
	return sum;
}

void print_xfrm_stat(FILE *out, const json_t *status)
{
	const json_t *drops = json_object_get(status, "drops");

	for (size_t i = 0; i < UX_XFRM_COUNTERS; i++)
		fprintf(out, UX_XFRM_COUNTER_FORMAT, ux_xfrm_counters[i],
			sum_of(drops, ux_xfrm_counters[i]));
}

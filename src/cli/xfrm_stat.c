/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm stats xfrm-stat: for programs that read /proc/net/xfrm_stat. */

#include "cli/xfrm_stat.h"

#include <string.h>

/* Those of Linux 6.12. */
static const char *const counters[] = {
    "XfrmInError",
    "XfrmInBufferError",
    "XfrmInHdrError",
    "XfrmInNoStates",
    "XfrmInStateProtoError",
    "XfrmInStateModeError",
    "XfrmInStateSeqError",
    "XfrmInStateExpired",
    "XfrmInStateMismatch",
    "XfrmInStateInvalid",
    "XfrmInTmplMismatch",
    "XfrmInNoPols",
    "XfrmInPolBlock",
    "XfrmInPolError",
    "XfrmOutError",
    "XfrmOutBundleGenError",
    "XfrmOutBundleCheckError",
    "XfrmOutNoStates",
    "XfrmOutStateProtoError",
    "XfrmOutStateModeError",
    "XfrmOutStateSeqError",
    "XfrmOutStateExpired",
    "XfrmOutPolBlock",
    "XfrmOutPolDead",
    "XfrmOutPolError",
    "XfrmFwdHdrError",
    "XfrmOutStateInvalid",
    "XfrmAcquireError",
    "XfrmOutStateDirError",
    "XfrmInStateDirError",
};

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

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		fprintf(out, "%-24s\t%lld\n", counters[i], sum_of(drops, counters[i]));
}

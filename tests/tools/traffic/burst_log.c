/* SPDX-License-Identifier: BSD-2-Clause */
#include "burst_log.h"

#include <inttypes.h>
#include <stdlib.h>

#define FIRST_SIZE 65536

void burst_log_add(struct burst_log *l, uint64_t first, uint64_t count, uint64_t ns)
{
	if (l->n == l->size) {
		size_t size = l->size ? 2 * l->size : FIRST_SIZE;
		struct burst *grown = reallocarray(l->bursts, size, sizeof(*grown));

		if (!grown) {
			fprintf(stderr, "out of memory: what was sent cannot be recorded\n");
			exit(2);
		}
		l->bursts = grown;
		l->size = size;
	}
	l->bursts[l->n++] = (struct burst){first, count, ns};
}

void burst_log_print(const struct burst_log *l, uint32_t flow, FILE *out)
{
	for (size_t i = 0; i < l->n; i++)
		fprintf(out, "sent %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", flow,
			l->bursts[i].first, l->bursts[i].count, l->bursts[i].ns);
}

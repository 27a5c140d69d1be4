/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* When which packets of a flow were sent: a line for each burst. Written by the flow's sender alone. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct burst {
	uint64_t first, count; /* numbers of packets */
	uint64_t ns;	       /* CLOCK_MONOTONIC just before they were sent */
};

struct burst_log {
	struct burst *bursts;
	size_t n, size;
};

/* burst_log_add - ends the program when there is no memory. */
void burst_log_add(struct burst_log *l, uint64_t first, uint64_t count, uint64_t ns);
/* burst_log_print - "sent FLOW FIRST COUNT NS" for each. */
void burst_log_print(const struct burst_log *l, uint32_t flow, FILE *out);

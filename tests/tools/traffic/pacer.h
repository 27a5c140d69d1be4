/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Says when the next units are due at a steady rate. A sender that was held up catches up in small
 * bursts; what a long hold-up would owe beyond PACER_DEBT_NS is forgiven, so that a stall of the
 * machine does not turn into a flood.
 */

#include <stdint.h>

#define PACER_DEBT_NS 20000000

struct pacer {
	uint64_t start_ns; /* of the current line of even pace */
	uint64_t done;	   /* units since then */
	double ns_per_unit;
};

uint64_t pacer_now_ns(void);
void pacer_start(struct pacer *p, double units_per_second);
/* pacer_wait - sleep until @min units are due; returns how many are, at most @max. */
unsigned int pacer_wait(struct pacer *p, unsigned int min, unsigned int max);
/* pacer_done - @n units were sent. */
static inline void pacer_done(struct pacer *p, uint64_t n)
{
	p->done += n;
}

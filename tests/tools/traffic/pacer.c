/* SPDX-License-Identifier: BSD-2-Clause */
#include "pacer.h"

#include <time.h>

uint64_t pacer_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void pacer_start(struct pacer *p, double units_per_second)
{
	*p = (struct pacer){.start_ns = pacer_now_ns(), .ns_per_unit = 1e9 / units_per_second};
}

unsigned int pacer_wait(struct pacer *p, unsigned int min, unsigned int max)
{
	/* The last of the @min units is due min - 1 intervals after the first. */
	uint64_t next = p->start_ns + (uint64_t)((double)(p->done + min - 1) * p->ns_per_unit);
	uint64_t now = pacer_now_ns();
	double due;

	if (next > now) {
		struct timespec t = {(time_t)(next / 1000000000u), (long)(next % 1000000000u)};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = pacer_now_ns();
	} else if (now - next > PACER_DEBT_NS) {
		p->start_ns += now - next - PACER_DEBT_NS;
	}
	due = (double)(now - p->start_ns) / p->ns_per_unit - (double)p->done + 1;
	if (due < min)
		return min;
	return due > max ? max : (unsigned int)due;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Marks between the stages of the short way, for bench/profile. They are nothing unless the sources
 * are compiled with UX_STAGES, as they are for that program and for nothing else. One thread.
 */

enum ux_stage {
	UX_STAGE_FIND,	  /* out: the flow; in: the SA */
	UX_STAGE_LIMITS,  /* who may get how much */
	UX_STAGE_NUMBERS, /* out: sequence numbers and IVs; in: are they new? */
	UX_STAGE_HEADERS, /* out: everything around the payload */
	UX_STAGE_CRYPTO,
	UX_STAGE_WINDOW,  /* in: the numbers are used up */
	UX_STAGE_TRAILER, /* in: padding off */
	UX_STAGE_INNER,	  /* in: the inner flow and its policy */
	UX_STAGE_DELIVER, /* the packets' results */
	UX_STAGE_ACCOUNT, /* what SAs count */
	UX_STAGES_N
};

#ifdef UX_STAGES
#include <stdint.h>
#include <x86intrin.h>

/* Ticks of the counter; who profiles defines it. */
struct ux_stages {
	uint64_t ticks[UX_STAGES_N], last, ends;
};
extern struct ux_stages ux_stages;

/* ux_stage_begin - what was before belongs to no stage. */
static inline void ux_stage_begin(void)
{
	ux_stages.last = __rdtsc();
}

/* ux_stage_end - all since the last mark was this stage. */
static inline void ux_stage_end(enum ux_stage stage)
{
	uint64_t now = __rdtsc();

	ux_stages.ticks[stage] += now - ux_stages.last;
	ux_stages.ends++;
	ux_stages.last = now;
}
#else
static inline void ux_stage_begin(void)
{
}

static inline void ux_stage_end(enum ux_stage stage)
{
	(void)stage;
}
#endif

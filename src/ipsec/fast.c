/* SPDX-License-Identifier: BSD-2-Clause */

/* What both directions of the short way share. */

#include "ipsec/fast.h"

#include <stdlib.h>

#include "ipsec/fast_flows.h"

struct ux_fast *ux_fast_new(uint32_t max_flows, const uint64_t secret[2])
{
	struct ux_fast *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	if (ux_flow_cache_init(&f->out_flows, sizeof(struct ux_out_flow), UX_OUT_FLOW_NEAR,
			       max_flows, secret) < 0 ||
	    ux_flow_cache_init(&f->in_sas, sizeof(struct ux_in_sa), sizeof(struct ux_in_sa),
			       max_flows, secret) < 0 ||
	    ux_flow_cache_init(&f->in_flows, sizeof(struct ux_in_flow), sizeof(struct ux_in_flow),
			       max_flows, secret) < 0) {
		ux_fast_free(f);
		return NULL;
	}
	return f;
}

void ux_fast_free(struct ux_fast *f)
{
	if (!f)
		return;
	ux_flow_cache_fini(&f->out_flows);
	ux_flow_cache_fini(&f->in_sas);
	ux_flow_cache_fini(&f->in_flows);
	free(f);
}

/* A burst in which known and unknown flows alternate more often goes the general way. */
#define TURNS_MAX 4

void ux_fast_burst(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n,
		   const struct ux_fast_ways *ways,
		   void (*general)(struct uxfrm_worker *w, struct uxfrm_packet *const *packets,
				   size_t n))
{
	unsigned int turns = w->fast ? 0 : TURNS_MAX;

	w->n_burst = n;
	while (n > 0) {
		size_t run = turns < TURNS_MAX ? ways->short_way(w, packets, n) : 0;

		if (!run) {
			bool last = turns >= TURNS_MAX || ++turns == TURNS_MAX;

			run = last ? n : 1;
			while (run < n && !ways->knows(w, packets[run]))
				run++;
			general(w, packets, run);
		}
		packets += run;
		n -= run;
	}
}

static uint32_t bucket_of(const struct ux_sa_runtime *rt)
{
	return (uint32_t)(((uintptr_t)rt / sizeof(*rt)) * 0x9e3779b97f4a7c15u >> 57);
}

uint8_t ux_fast_group(struct ux_fast *f, struct ux_sa_runtime *rt)
{
	uint32_t b = bucket_of(rt);

	while (f->bucket[b] && f->groups[f->bucket[b] - 1].rt != rt)
		b = (b + 1) % UX_FAST_BUCKETS;
	if (!f->bucket[b]) {
		f->groups[f->n_groups] = (struct ux_fast_group){.rt = rt};
		f->bucket[b] = (uint8_t)++f->n_groups;
	}
	return (uint8_t)(f->bucket[b] - 1);
}

void ux_fast_groups_clear(struct ux_fast *f)
{
	/* few groups are the rule: their buckets only, unless they were many */
	if (f->n_groups <= 4) {
		for (size_t i = 0; i < f->n_groups; i++) {
			uint32_t b = bucket_of(f->groups[i].rt);

			while (f->bucket[b] != i + 1)
				b = (b + 1) % UX_FAST_BUCKETS;
			f->bucket[b] = 0;
		}
	} else {
		memset(f->bucket, 0, sizeof(f->bucket));
	}
	f->n_groups = 0;
}

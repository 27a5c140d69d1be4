/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The short way of packets whose flow the worker knows: one SA, ESP in tunnel mode, nothing about
 * the packet or the SA that wants a closer look. What the general way (outbound.c, inbound.c) found
 * out about the flow's first packet is remembered (flow_cache.h) with all that follows from it, up
 * to the outer header. Everything else goes the general way, and both give the same packets.
 *
 * The short way takes a run of packets or leaves it: it looks at everything that could stop them
 * before it takes a number.
 */

#include "ipsec/flow_cache.h"
#include "ipsec/worker.h"

/* Packets of a run that share an SA: they take numbers and count together. */
struct ux_fast_group {
	struct ux_sa_runtime *rt;
	uint32_t n;	/* packets */
	uint64_t bytes; /* that the SA counts */
	uint64_t seq, iv; /* outbound: of the next packet */
};

#define UX_FAST_BUCKETS 128 /* at least twice UXFRM_BURST, power of two */

struct ux_fast {
	uint64_t generation; /* of the burst */
	struct ux_flow_cache out_flows, in_sas, in_flows;
	size_t n_groups;
	uint8_t bucket[UX_FAST_BUCKETS]; /* number of the group + 1; 0: free */
	struct ux_fast_group groups[UXFRM_BURST];
	/* of the packets of the run */
	uint8_t group_of[UXFRM_BURST];
};

/* ux_fast_new - for up to @max_flows each way. NULL: out of memory. */
struct ux_fast *ux_fast_new(uint32_t max_flows, const uint64_t secret[2]);
void ux_fast_free(struct ux_fast *f);

/* ux_fast_begin - a burst begins; inside the read section. */
static inline void ux_fast_begin(struct uxfrm_worker *w)
{
	if (w->fast)
		w->fast->generation = ux_generation_now(&w->instance->generation);
}

/* One direction. */
struct ux_fast_ways {
	/* the packets from the first on that can go the short way have their verdicts then; returns
	 * how many, 0 if the first cannot */
	size_t (*short_way)(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n);
	/* is this packet of a flow the short way may take? */
	bool (*knows)(struct uxfrm_worker *w, struct uxfrm_packet *p);
};
extern const struct ux_fast_ways ux_fast_outbound, ux_fast_inbound;

/*
 * ux_fast_burst - a burst, in order: stretches of packets go the short way, the others @general.
 * Where the worker remembers nothing, all of them.
 */
void ux_fast_burst(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n,
		   const struct ux_fast_ways *ways,
		   void (*general)(struct uxfrm_worker *w, struct uxfrm_packet *const *packets,
				   size_t n));

/* ux_fast_learn_outbound - @s was classified: remember it if its kind can go the short way. */
void ux_fast_learn_outbound(struct uxfrm_worker *w, struct ux_slot *s);

/* ux_fast_learn_sa - @s has found its SA and nothing is wrong. */
void ux_fast_learn_sa(struct uxfrm_worker *w, struct ux_slot *s);
/* ux_fast_learn_inner - @s, inside now, may be delivered by s->policy. */
void ux_fast_learn_inner(struct uxfrm_worker *w, struct ux_slot *s);

/* ux_fast_ahead - packet @i is next: have near what those behind it will be asked for first. */
#define UX_FAST_AHEAD 8
static inline void ux_fast_ahead(struct uxfrm_packet *const *packets, size_t n, size_t i)
{
	if (i + 2 * UX_FAST_AHEAD < n)
		__builtin_prefetch(packets[i + 2 * UX_FAST_AHEAD], 1);
	if (i + UX_FAST_AHEAD < n)
		__builtin_prefetch(packets[i + UX_FAST_AHEAD]->data, 1);
}

/* ux_fast_group - the group of @rt in this run, made if it is the first of it. */
uint8_t ux_fast_group(struct ux_fast *f, struct ux_sa_runtime *rt);
/* ux_fast_groups_clear - before a run. */
void ux_fast_groups_clear(struct ux_fast *f);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What happens to an SA because of its packets, and because of none: limits in bytes and packets
 * run out, sequence numbers are told to whoever keeps them (RFC 2367 knows nothing of that; Linux:
 * xfrm_replay_notify), a peer has moved behind its NAT, a NAT wants to see a packet. An SA for
 * which nothing of that was ever to be remembered has no struct ux_sa_events. Control thread.
 *
 * All this belongs to the runtime: a move keeps it, but for NAT keepalives, of which the next one
 * is due as if the SA was new.
 */

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "base/heap.h"
#include "core/notice.h"
#include "core/sa.h"

struct ux_policy;
struct ux_template;

struct ux_sa_event_timer {
	struct ux_heap_node node; /* in uxfrm.event_timers while it runs */
	uint64_t deadline_ns;	  /* 0: it does not run */
	struct ux_sa_runtime *runtime;
	void (*run_out)(struct uxfrm *u, struct ux_sa_runtime *r);
};

struct ux_sa_events {
	struct ux_sa_event_timer replay, keepalive;
	uint64_t told_packets; /* when the sequence numbers were last told */
	/* the mapping told last, if the SA wants it seldom */
	uint64_t mapping_told_s; /* monotonic */
	__be16 mapping_sport;
	bool mapping_told;
};

/* What is to be told to clients; ctl/ has the functions. SAs are published or about to be. */
struct ux_tell_ops {
	/* @larval is needed for the template @t of @policy. The number the request goes by; 0:
	 * nobody has heard it. */
	uint32_t (*acquire)(struct uxfrm *u, const struct ux_policy *policy,
			    const struct ux_template *t, const struct ux_sa *larval);
	/* the sequence numbers of @sa went on; @by_time: so little that only the time made it due
	 */
	void (*replay)(struct uxfrm *u, const struct ux_sa *sa, bool by_time);
	void (*mapping)(struct uxfrm *u, const struct ux_sa *sa, const struct ux_addr *saddr,
			__be16 sport);
};

/* ux_sa_events_prepare - memory for what @r will have to remember. -ENOMEM. */
int ux_sa_events_prepare(struct ux_sa_runtime *r) UX_MUST_CHECK;
/* ux_sa_events_noted - do what a worker's notice asks for. The SA may be gone afterwards. */
void ux_sa_events_noted(struct uxfrm *u, struct ux_sa_runtime *r,
			const struct ux_notice_sa *notice);
/* ux_sa_events_published - @sa is there, new or moved. */
void ux_sa_events_published(struct uxfrm *u, const struct ux_sa *sa);
/* ux_sa_events_stop - the SA goes. */
void ux_sa_events_stop(struct uxfrm *u, struct ux_sa_runtime *r);
/* ux_sa_events_tick - do what is due, @most of it; the next deadline, UINT64_MAX: none. */
uint64_t ux_sa_events_tick(struct uxfrm *u, int most);

/* ux_sa_sequence - grows by one with each number sent or received. Any thread that may use @r. */
uint32_t ux_sa_sequence(const struct ux_sa_runtime *r);

/* SPDX-License-Identifier: BSD-2-Clause */

/* Counting packets in SAs, limits, and noting what the control thread must do. */

#include "ipsec/account.h"

#include "core/sa_events.h"

/* What an SA has counted, and then would have. */
struct used {
	uint64_t bytes, packets;
};

static struct used used_by(const struct ux_sa_runtime *rt)
{
	return (struct used){
	    .bytes = atomic_load_explicit(&rt->bytes, memory_order_relaxed),
	    .packets = atomic_load_explicit(&rt->packets, memory_order_relaxed),
	};
}

static void note(struct uxfrm_worker *w, struct ux_sa_runtime *rt, uint8_t bit)
{
	const struct ux_notice_sa notice = {.bit = bit};

	ux_notice_sa(w->ring, rt, &notice);
}

static bool is_dying(const struct ux_sa *sa)
{
	return atomic_load_explicit(&sa->dying, memory_order_relaxed);
}

/* The control thread's timer tells of it; here it only takes effect. */
static bool time_is_up(const struct ux_sa_runtime *rt, const struct ux_limits *l, uint64_t now_s)
{
	uint64_t use, added;

	if (!l->hard_add_s && !l->hard_use_s)
		return false;
	use = atomic_load_explicit(&rt->use_time_s, memory_order_relaxed);
	added = atomic_load_explicit(&rt->add_time_s, memory_order_relaxed);
	if (l->hard_add_s && now_s >= added && now_s - added >= l->hard_add_s)
		return true;
	return l->hard_use_s && use && now_s >= use && now_s - use >= l->hard_use_s;
}

uint32_t ux_account_allow(struct uxfrm_worker *w, size_t first)
{
	const struct ux_sa *sa = w->live[first]->sa;
	const struct ux_limits *l = ux_sa_limits(sa->runtime);
	struct used used = used_by(sa->runtime);
	bool soft = false;
	uint32_t n = 0;

	if (time_is_up(sa->runtime, l, w->now_s))
		return 0;
	for (size_t i = first; i < w->n_live; i++) {
		if (w->live[i]->sa != sa)
			continue;
		if (used.bytes >= l->hard_bytes || used.packets >= l->hard_packets) {
			note(w, sa->runtime, UX_NOTED_HARD);
			break;
		}
		soft |= used.bytes >= l->soft_bytes || used.packets >= l->soft_packets;
		used.bytes += w->live[i]->counted_len;
		used.packets++;
		n++;
	}
	if (soft && !is_dying(sa))
		note(w, sa->runtime, UX_NOTED_SOFT);
	return n;
}

bool ux_account_may_pass(struct uxfrm_worker *w, const struct ux_sa *sa)
{
	const struct ux_limits *l = ux_sa_limits(sa->runtime);
	struct used used = used_by(sa->runtime);

	if (time_is_up(sa->runtime, l, w->now_s))
		return false;
	if (used.bytes >= l->hard_bytes || used.packets >= l->hard_packets) {
		note(w, sa->runtime, UX_NOTED_HARD);
		return false;
	}
	if ((used.bytes >= l->soft_bytes || used.packets >= l->soft_packets) && !is_dying(sa))
		note(w, sa->runtime, UX_NOTED_SOFT);
	return true;
}

void ux_account_count(struct ux_sa_runtime *rt, uint64_t bytes, uint64_t packets, uint64_t now_s)
{
	uint64_t unused = 0;

	atomic_fetch_add_explicit(&rt->bytes, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&rt->packets, packets, memory_order_relaxed);
	if (atomic_load_explicit(&rt->use_time_s, memory_order_relaxed) == 0)
		atomic_compare_exchange_strong_explicit(&rt->use_time_s, &unused, now_s,
							memory_order_relaxed, memory_order_relaxed);
	/* Once a second, so that workers do not fight for the line. */
	if (atomic_load_explicit(&rt->last_used_s, memory_order_relaxed) != now_s)
		atomic_store_explicit(&rt->last_used_s, now_s, memory_order_relaxed);
}

void ux_account_sequence(struct uxfrm_worker *w, struct ux_sa_runtime *rt)
{
	uint32_t listens =
	    atomic_load_explicit(&w->instance->notices.listens, memory_order_relaxed);
	uint32_t maxdiff;

	if (!(listens & UX_LISTENS_AEVENTS))
		return;
	maxdiff = atomic_load_explicit(&rt->terms.replay_maxdiff, memory_order_relaxed);
	if ((maxdiff &&
	     ux_sa_sequence(rt) - atomic_load_explicit(&rt->told, memory_order_relaxed) >=
		 maxdiff) ||
	    (atomic_load_explicit(&rt->noted, memory_order_relaxed) & UX_NOTED_OVERDUE))
		note(w, rt, UX_NOTED_REPLAY);
}

void ux_account_source(struct uxfrm_worker *w, struct ux_sa *sa, const struct ux_addr *saddr,
		       __be16 sport)
{
	struct ux_notice_sa notice = {.bit = UX_NOTED_MAPPING, .saddr = *saddr, .sport = sport};

	if (sport != sa->encap.sport || !ux_addr_equal(saddr, &sa->saddr, sa->id.family))
		ux_notice_sa(w->ring, sa->runtime, &notice);
}

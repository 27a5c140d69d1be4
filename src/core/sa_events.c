/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sa_events.h"

#include <errno.h>
#include <stdlib.h>

#include <uxfrm/engine.h>

#include "core/instance.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_TENTH UINT64_C(100000000)

static uint64_t load64(const _Atomic(uint64_t) *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* ---- timers ---- */

static struct ux_sa_event_timer *timer_of(struct ux_heap_node *node)
{
	return ux_container_of(node, struct ux_sa_event_timer, node);
}

static bool earlier(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	const struct ux_sa_event_timer *x =
	    ux_container_of(a, const struct ux_sa_event_timer, node);
	const struct ux_sa_event_timer *y =
	    ux_container_of(b, const struct ux_sa_event_timer, node);

	return x->deadline_ns < y->deadline_ns;
}

static void timer_stop(struct uxfrm *u, struct ux_sa_event_timer *t)
{
	if (!t->deadline_ns)
		return;
	u->event_timers = ux_heap_remove(u->event_timers, &t->node, earlier);
	t->deadline_ns = 0;
}

static void timer_set(struct uxfrm *u, struct ux_sa_event_timer *t, uint64_t ns)
{
	timer_stop(u, t);
	t->deadline_ns = u->now_ns + ns + !(u->now_ns + ns);
	u->event_timers = ux_heap_insert(u->event_timers, &t->node, earlier);
}

uint64_t ux_sa_events_tick(struct uxfrm *u, int most)
{
	while (u->event_timers && timer_of(u->event_timers)->deadline_ns <= u->now_ns &&
	       most-- > 0) {
		struct ux_sa_event_timer *t = timer_of(u->event_timers);

		timer_stop(u, t);
		t->run_out(u, t->runtime);
	}
	return u->event_timers ? timer_of(u->event_timers)->deadline_ns : UINT64_MAX;
}

/* ---- limits in bytes and packets ---- */

static bool reached(const struct ux_sa_runtime *r, uint64_t bytes, uint64_t packets)
{
	return load64(&r->bytes) >= bytes || load64(&r->packets) >= packets;
}

static void look_at_soft(struct uxfrm *u, struct ux_sa_runtime *r)
{
	const struct ux_limits *l = ux_sa_limits(r);
	struct ux_sa *sa = ux_rcu_own(&r->current);

	if (atomic_load_explicit(&sa->dying, memory_order_relaxed) ||
	    !reached(r, l->soft_bytes, l->soft_packets))
		return;
	atomic_store_explicit(&sa->dying, true, memory_order_relaxed);
	ux_generation_move(&u->generation);
	if (u->sa_expired)
		u->sa_expired(u, sa, false);
}

static void look_at_hard(struct uxfrm *u, struct ux_sa_runtime *r)
{
	const struct ux_limits *l = ux_sa_limits(r);
	struct ux_sa *sa = ux_rcu_own(&r->current);

	if (!reached(r, l->hard_bytes, l->hard_packets))
		return;
	/* another worker has noted the soft one, which came first */
	if (atomic_load_explicit(&r->noted, memory_order_relaxed) & UX_NOTED_SOFT)
		look_at_soft(u, r);
	if (u->sa_expired)
		u->sa_expired(u, sa, true);
	ux_sad_remove(u, sa);
}

/* ---- sequence numbers ---- */

uint32_t ux_sa_sequence(const struct ux_sa_runtime *r)
{
	const struct ux_replay_window *w = ux_rcu_follow(&r->replay);

	return (uint32_t)(load64(&r->oseq) + load64(&w->top));
}

static void set_overdue(struct ux_sa_runtime *r)
{
	atomic_fetch_or_explicit(&r->noted, UX_NOTED_OVERDUE, memory_order_relaxed);
}

static void replay_due(struct uxfrm *u, struct ux_sa_runtime *r);

static void tell_replay(struct uxfrm *u, struct ux_sa_runtime *r, bool by_time)
{
	uint32_t maxage = r->terms.replay_maxage;

	/* before the message is made: what happens from here on is told next time */
	atomic_store_explicit(&r->told, ux_sa_sequence(r), memory_order_relaxed);
	if (u->tell)
		u->tell->replay(u, ux_rcu_own(&r->current), by_time);
	/* without memory for a timer only the threshold tells */
	if (ux_sa_events_prepare(r) < 0)
		return;
	r->events->told_packets = load64(&r->packets);
	if (!maxage)
		return;
	if (!r->events->replay.deadline_ns)
		atomic_fetch_and_explicit(&r->noted, ~UX_NOTED_OVERDUE, memory_order_relaxed);
	r->events->replay.run_out = replay_due;
	timer_set(u, &r->events->replay, maxage * NS_PER_TENTH);
}

static bool listened_to(const struct uxfrm *u)
{
	return atomic_load_explicit(&u->notices.listens, memory_order_relaxed) & UX_LISTENS_AEVENTS;
}

/* The number of packets tells of those that came late, into the window. */
static bool went_on(const struct ux_sa_runtime *r)
{
	return ux_sa_sequence(r) != atomic_load_explicit(&r->told, memory_order_relaxed) ||
	       (r->events && load64(&r->packets) != r->events->told_packets);
}

static void replay_due(struct uxfrm *u, struct ux_sa_runtime *r)
{
	if (listened_to(u) && went_on(r))
		tell_replay(u, r, true);
	else
		set_overdue(r);
}

static void look_at_sequence(struct uxfrm *u, struct ux_sa_runtime *r)
{
	uint32_t maxdiff = atomic_load_explicit(&r->terms.replay_maxdiff, memory_order_relaxed);
	uint32_t told = atomic_load_explicit(&r->told, memory_order_relaxed);

	if (!listened_to(u))
		return;
	if (maxdiff && ux_sa_sequence(r) - told >= maxdiff)
		tell_replay(u, r, false);
	else if ((atomic_load_explicit(&r->noted, memory_order_relaxed) & UX_NOTED_OVERDUE) &&
		 went_on(r))
		tell_replay(u, r, true);
}

/* ---- mappings ---- */

/* Right after a move: does the packet come from where the SA's peer was, or is now? */
static bool is_late(const struct uxfrm *u, const struct ux_sa *sa, const struct ux_notice_sa *n)
{
	const struct ux_former_set *former = ux_rcu_own(&sa->runtime->former);
	uint32_t count = former ? atomic_load_explicit(&former->n, memory_order_relaxed) : 0;

	if (u->now_ns >= sa->deadline_ns)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (former->id[i].family == sa->id.family &&
		    ux_addr_equal(&former->id[i].saddr, &n->saddr, sa->id.family))
			return true;
	return ux_addr_equal(&sa->saddr, &n->saddr, sa->id.family);
}

/* As in Linux the SA does not follow by itself: that is for whoever hears of it. */
static void look_at_mapping(struct uxfrm *u, struct ux_sa_runtime *r, const struct ux_notice_sa *n)
{
	const struct ux_sa *sa = ux_rcu_own(&r->current);
	uint64_t now_s = u->now_ns / NS_PER_S;
	struct ux_sa_events *e;

	if (sa->encap.type == UX_ENCAP_NONE || !u->tell ||
	    (sa->encap.sport == n->sport && ux_addr_equal(&sa->saddr, &n->saddr, sa->id.family)))
		return;
	if (is_late(u, sa, n))
		return;
	if (sa->mapping_maxage_s && ux_sa_events_prepare(r) == 0) {
		e = r->events;
		if (e->mapping_told && e->mapping_sport == n->sport &&
		    now_s - e->mapping_told_s <= sa->mapping_maxage_s)
			return;
		e->mapping_told = true;
		e->mapping_sport = n->sport;
		e->mapping_told_s = now_s;
	}
	u->tell->mapping(u, sa, &n->saddr, n->sport);
}

/* ---- NAT keepalives ---- */

static void send_keepalive(struct uxfrm *u, const struct ux_sa *sa)
{
	const struct uxfrm_keepalive_event event = {
	    .family = sa->id.family,
	    .source = &sa->saddr,
	    .destination = &sa->id.daddr,
	    .sport = sa->encap.sport,
	    .dport = sa->encap.dport,
	    .mark = sa->output_mark.v & sa->output_mark.m,
	};

	if (u->watch && u->watch->keepalive)
		u->watch->keepalive(u->watch_opaque, &event);
}

static void keepalive_due(struct uxfrm *u, struct ux_sa_runtime *r)
{
	const struct ux_sa *sa = ux_rcu_own(&r->current);
	uint64_t interval_s = sa->nat_keepalive_interval_s;
	uint64_t now_s = load64(&u->real_s), last_s = load64(&r->last_used_s);
	uint64_t idle_s = now_s > last_s ? now_s - last_s : 0;

	if (!interval_s || sa->encap.type == UX_ENCAP_NONE)
		return;
	if (idle_s >= interval_s) {
		send_keepalive(u, sa);
		idle_s = 0;
	}
	timer_set(u, &r->events->keepalive, (interval_s - idle_s) * NS_PER_S);
}

void ux_sa_events_published(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_sa_runtime *r = sa->runtime;

	if (!(r->extras & UX_SA_HAS_EVENTS))
		return;
	r->events->keepalive.run_out = keepalive_due;
	if (sa->nat_keepalive_interval_s)
		timer_set(u, &r->events->keepalive, 0);
	else
		timer_stop(u, &r->events->keepalive);
}

/* ---- life ---- */

int ux_sa_events_prepare(struct ux_sa_runtime *r)
{
	if (r->events)
		return 0;
	r->events = calloc(1, sizeof(*r->events));
	if (!r->events)
		return -ENOMEM;
	r->extras |= UX_SA_HAS_EVENTS;
	r->events->replay.runtime = r->events->keepalive.runtime = r;
	return 0;
}

void ux_sa_events_stop(struct uxfrm *u, struct ux_sa_runtime *r)
{
	if (!r->events)
		return;
	timer_stop(u, &r->events->replay);
	timer_stop(u, &r->events->keepalive);
}

void ux_sa_events_noted(struct uxfrm *u, struct ux_sa_runtime *r, const struct ux_notice_sa *n)
{
	/* first, so that what happens from here on is noted anew */
	atomic_fetch_and_explicit(&r->noted, ~(uint32_t)n->bit, memory_order_acq_rel);
	switch (n->bit) {
	case UX_NOTED_SOFT:
		look_at_soft(u, r);
		break;
	case UX_NOTED_HARD:
		look_at_hard(u, r);
		break;
	case UX_NOTED_REPLAY:
		look_at_sequence(u, r);
		break;
	default:
		look_at_mapping(u, r, n);
		break;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/waiting.h"

#include <stdlib.h>

#include "daemon/clock.h"

#define HELD_MANY 100
#define HELD_PAUSE_NS 10000ull /* for each of more than that */

/* ---- a burst at work ---- */

static bool keep(struct ux_burst *b, const struct uxfrm_packet *p, enum ux_port_side side,
		 uint64_t deadline_ns)
{
	struct ux_shared_work *s = b->shared;
	bool kept;

	pthread_mutex_lock(&s->held_lock);
	kept = ux_held_add(&s->held, p, side, ux_coarse_ns(), deadline_ns);
	if (kept) {
		if (s->held.n == 1) /* nobody has looked while there were none */
			atomic_store(&s->changes, b->changes);
		atomic_store_explicit(&s->n_held, s->held.n, memory_order_release);
		/* It may have met what is not so any more, after others have looked. */
		if (uxfrm_changes(s->engine) != b->changes)
			s->held.earliest_ns = 0;
	}
	pthread_mutex_unlock(&s->held_lock);
	return kept;
}

size_t ux_waiting_keep(struct ux_burst *b, enum ux_port_side side,
		       struct uxfrm_packet *const *packets, size_t n, const uint64_t *deadlines,
		       struct uxfrm_packet **refused)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		struct uxfrm_packet *p = packets[i];

		if (p->verdict != UXFRM_HOLD ||
		    keep(b, p, side, deadlines ? deadlines[i] : 0))
			continue;
		p->may_hold = UXFRM_MAY_HOLD_NOT;
		refused[m++] = p;
	}
	return m;
}

void ux_waiting_go_behind(struct ux_burst *b)
{
	const bool any = ux_burst_any_held(b) && !b->goes_first;
	const uint32_t offered = atomic_load(&b->shared->changes);

	uxfrm_worker_held(b->worker, any, b->not_offered ? b->changes - 1 : offered);
}

/* ---- between two bursts ---- */

/* Up to a burst of those that wait, from the front and of one side. */
static size_t take_held(struct ux_burst *b, size_t max, enum ux_port_side *ret_side,
			uint64_t deadlines[UXFRM_BURST])
{
	struct ux_held *held = &b->shared->held;
	uint64_t now = ux_coarse_ns();
	size_t n = 0;

	pthread_mutex_lock(&b->shared->held_lock);
	while (n < max && ux_held_any(held)) {
		struct ux_held_packet *next = ux_held_first(held), *taken;

		if (n && next->side != *ret_side)
			break;
		taken = ux_held_take(held);
		*ret_side = taken->side;
		ux_held_put(taken, b->all[n]);
		b->all[n]->may_hold =
		    taken->deadline_ns > now ? UXFRM_MAY_HOLD_AGAIN : UXFRM_MAY_HOLD_NOT;
		deadlines[n++] = taken->deadline_ns;
		free(taken);
	}
	pthread_mutex_unlock(&b->shared->held_lock);
	return n;
}

/* How many wait, and by what time one must be looked at. */
static uint32_t held_now(struct ux_shared_work *s, uint64_t *ret_earliest_ns)
{
	uint32_t n;

	pthread_mutex_lock(&s->held_lock);
	n = s->held.n;
	*ret_earliest_ns = s->held.earliest_ns;
	atomic_store_explicit(&s->n_held, n, memory_order_relaxed);
	pthread_mutex_unlock(&s->held_lock);
	return n;
}

/* Once through all that wait, in their order. */
static void offer_held(struct ux_burst *b, uint32_t n_waiting)
{
	uint64_t deadlines[UXFRM_BURST];
	enum ux_port_side side = UX_PORT_HOST;

	pthread_mutex_lock(&b->shared->held_lock);
	ux_held_begin(&b->shared->held);
	pthread_mutex_unlock(&b->shared->held_lock);
	for (size_t left = n_waiting; left > 0;) {
		size_t n = take_held(b, left < UXFRM_BURST ? left : UXFRM_BURST, &side, deadlines);

		left -= n;
		ux_burst_carry(b, side, n, deadlines);
	}
}

static void look_at_held(struct ux_burst *b)
{
	struct ux_shared_work *s = b->shared;
	const uint32_t changes = b->changes = uxfrm_changes(s->engine);
	const uint64_t now = ux_coarse_ns();
	uint64_t earliest_ns;
	uint32_t n = held_now(s, &earliest_ns);
	const bool due = changes != atomic_load(&s->changes) || earliest_ns <= now;

	b->not_offered = n && due && now < s->next_offer_ns;
	if (b->not_offered)
		return;
	atomic_store(&s->changes, changes);
	if (n && due) {
		/* Others have as much time as a great many take that wait. */
		s->next_offer_ns = n > HELD_MANY ? now + n * HELD_PAUSE_NS : 0;
		uxfrm_worker_held(b->worker, true, changes);
		offer_held(b, n);
		n = held_now(s, &earliest_ns);
		/* Another worker may have put some there meanwhile. */
		b->not_offered = n && earliest_ns <= now;
	}
}

void ux_waiting_look(struct ux_burst *b)
{
	struct ux_shared_work *s = b->shared;

	b->changes = uxfrm_changes(s->engine);
	b->not_offered = false;
	if (!ux_burst_any_held(b))
		return;
	pthread_mutex_lock(&s->offering);
	look_at_held(b);
	pthread_mutex_unlock(&s->offering);
}

void ux_waiting_stop(struct ux_burst *b)
{
	pthread_mutex_lock(&b->shared->offering);
	b->goes_first = true;
}

void ux_waiting_offer(struct ux_burst *b)
{
	b->goes_first = false;
	look_at_held(b);
	pthread_mutex_unlock(&b->shared->offering);
}

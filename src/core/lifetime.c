/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/lifetime.h"

#include <errno.h>
#include <stdlib.h>

#include "core/instance.h"

#define NS_PER_S UINT64_C(1000000000)
#define FIRST_LOOK_S 1

static struct ux_sa_timer *timer_of(struct ux_heap_node *node)
{
	return ux_container_of(node, struct ux_sa_timer, node);
}

static bool earlier(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	const struct ux_sa_timer *x = ux_container_of(a, const struct ux_sa_timer, node);
	const struct ux_sa_timer *y = ux_container_of(b, const struct ux_sa_timer, node);

	return x->deadline_ns < y->deadline_ns;
}

static void timer_stop(struct uxfrm *u, struct ux_sa_timer *t)
{
	if (!t->deadline_ns)
		return;
	u->sad.timers = ux_heap_remove(u->sad.timers, &t->node, earlier);
	t->deadline_ns = 0;
}

static void timer_set(struct uxfrm *u, struct ux_sa_timer *t, uint64_t seconds)
{
	timer_stop(u, t);
	if (seconds > (UINT64_MAX - u->now_ns) / NS_PER_S)
		return; /* in centuries */
	t->deadline_ns = u->now_ns + seconds * NS_PER_S;
	u->sad.timers = ux_heap_insert(u->sad.timers, &t->node, earlier);
}

static bool has_time_limits(const struct ux_limits *l)
{
	return l->soft_add_s || l->hard_add_s || l->soft_use_s || l->hard_use_s;
}

int ux_lifetime_prepare(struct ux_sa_runtime *r, const struct ux_limits *limits)
{
	if (r->timer || !has_time_limits(limits))
		return 0;
	r->timer = calloc(1, sizeof(*r->timer));
	if (!r->timer)
		return -ENOMEM;
	r->timer->runtime = r;
	return 0;
}

void ux_lifetime_start(struct uxfrm *u, struct ux_sa_runtime *r)
{
	if (r->timer)
		timer_set(u, r->timer, FIRST_LOOK_S);
}

void ux_lifetime_stop(struct uxfrm *u, struct ux_sa_runtime *r)
{
	if (r->timer)
		timer_stop(u, r->timer);
}

/* Is the limit reached? If not, *next is how long that may take at most. Differences are of 64 bits
 * with a sign, as in Linux. */
static bool reached(uint64_t limit_s, uint64_t since_s, uint64_t now_s, uint64_t *next)
{
	int64_t left = (int64_t)(limit_s + since_s - now_s);

	if (!limit_s)
		return false;
	if (left <= 0)
		return true;
	if ((uint64_t)left < *next)
		*next = (uint64_t)left;
	return false;
}

static void tell(struct uxfrm *u, const struct ux_sa *sa, bool hard)
{
	if (u->sa_expired)
		u->sa_expired(u, sa, hard);
}

static void run_out(struct uxfrm *u, struct ux_sa_timer *t)
{
	const struct ux_sa_runtime *r = t->runtime;
	const struct ux_limits *l = ux_sa_limits(r);
	struct ux_sa *sa = ux_rcu_own(&r->current);
	uint64_t now = atomic_load_explicit(&u->real_s, memory_order_relaxed);
	uint64_t added = atomic_load_explicit(&r->add_time_s, memory_order_relaxed);
	uint64_t used = atomic_load_explicit(&r->use_time_s, memory_order_relaxed);
	uint64_t next = UINT64_MAX;
	bool soft;

	if (!used)
		used = now;
	if (reached(l->hard_add_s, added, now, &next) || reached(l->hard_use_s, used, now, &next)) {
		tell(u, sa, true);
		ux_sad_remove(u, sa);
		return;
	}
	if (!atomic_load_explicit(&sa->dying, memory_order_relaxed)) {
		soft = reached(l->soft_add_s, added, now, &next);
		soft |= reached(l->soft_use_s, used, now, &next);
		atomic_store_explicit(&sa->dying, soft, memory_order_relaxed);
		if (soft)
			tell(u, sa, false);
	}
	if (next == UINT64_MAX)
		timer_stop(u, t);
	else
		timer_set(u, t, next);
}

uint64_t ux_lifetime_tick(struct uxfrm *u, int most)
{
	for (; u->sad.timers && timer_of(u->sad.timers)->deadline_ns <= u->now_ns && most > 0;
	     most--)
		run_out(u, timer_of(u->sad.timers));
	return u->sad.timers ? timer_of(u->sad.timers)->deadline_ns : UINT64_MAX;
}

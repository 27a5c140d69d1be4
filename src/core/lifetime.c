/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/lifetime.h"

#include <errno.h>
#include <stdlib.h>

#include "core/instance.h"

#define NS_PER_S UINT64_C(1000000000)
#define FIRST_LOOK_S 1
#define POLICY_REMIND_S 30 /* Linux: XFRM_KM_TIMEOUT */

/* ---- timers ---- */

static struct ux_limit_timer *timer_of(struct ux_heap_node *node)
{
	return ux_container_of(node, struct ux_limit_timer, node);
}

/* Of one instant SAs come first: Linux's timers of policies are the coarser ones. */
static bool earlier(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	const struct ux_limit_timer *x = ux_container_of(a, const struct ux_limit_timer, node);
	const struct ux_limit_timer *y = ux_container_of(b, const struct ux_limit_timer, node);

	return x->deadline_ns < y->deadline_ns ||
	       (x->deadline_ns == y->deadline_ns && x->runtime && y->policy);
}

static void timer_set(struct uxfrm *u, struct ux_limit_timer *t, uint64_t seconds)
{
	ux_lifetime_stop(u, t);
	if (seconds > (UINT64_MAX - u->now_ns) / NS_PER_S)
		return; /* in centuries */
	t->deadline_ns = u->now_ns + seconds * NS_PER_S;
	u->timers = ux_heap_insert(u->timers, &t->node, earlier);
}

static int timer_new(const struct ux_limits *l, struct ux_limit_timer **ret_timer)
{
	if (!l->soft_add_s && !l->hard_add_s && !l->soft_use_s && !l->hard_use_s)
		return 0;
	*ret_timer = calloc(1, sizeof(**ret_timer));
	return *ret_timer ? 0 : -ENOMEM;
}

int ux_lifetime_prepare(struct ux_sa_runtime *r, const struct ux_limits *limits)
{
	int err = r->timer ? 0 : timer_new(limits, &r->timer);

	if (r->timer)
		r->timer->runtime = r;
	return err;
}

int ux_lifetime_prepare_policy(struct ux_policy *policy)
{
	int err = policy->timer ? 0 : timer_new(policy->limits, &policy->timer);

	if (policy->timer)
		policy->timer->policy = policy;
	return err;
}

void ux_lifetime_start(struct uxfrm *u, struct ux_limit_timer *timer)
{
	if (timer)
		timer_set(u, timer, FIRST_LOOK_S);
}

void ux_lifetime_stop(struct uxfrm *u, struct ux_limit_timer *timer)
{
	if (!timer || !timer->deadline_ns)
		return;
	u->timers = ux_heap_remove(u->timers, &timer->node, earlier);
	timer->deadline_ns = 0;
}

void ux_lifetime_hand_over(struct ux_policy *old, struct ux_policy *policy)
{
	policy->timer = old->timer;
	old->timer = NULL;
	if (policy->timer)
		policy->timer->policy = policy;
}

/* ---- limits ---- */

/* When something was added and first used, as far as its limits are concerned, and what the time is
 * now; and when they should be looked at again. */
struct look {
	uint64_t added_s, used_s, now_s;
	uint64_t next_s;
	bool put_off; /* the hard limit since it was added */
};

/* Is the limit reached? If not, look again when it may be. Differences are of 64 bits with a sign,
 * as in Linux. */
static bool reached(struct look *look, uint64_t limit_s, uint64_t since_s)
{
	int64_t left = (int64_t)(limit_s + since_s - look->now_s);

	if (!limit_s)
		return false;
	if (left <= 0)
		return true;
	if ((uint64_t)left < look->next_s)
		look->next_s = (uint64_t)left;
	return false;
}

/*
 * The timer ran for the soft limit and now even the hard one has passed: the clock was set, or the
 * limits were. Linux then lets the SA be as old as makes the soft limit reached just now, so that
 * there is still time to act on it, and so does this.
 */
static void put_off_hard(struct look *look, struct ux_limit_timer *t, const struct ux_limits *l)
{
	int64_t left = (int64_t)(l->hard_add_s + look->added_s - look->now_s);
	bool soft_is_reached = l->soft_add_s && l->soft_add_s <= t->awaited_soft_s + 1;

	if (!l->hard_add_s || left > 0 || !t->awaited_soft_s)
		return;
	if (!soft_is_reached && l->hard_add_s <= t->awaited_soft_s)
		return; /* Linux would do this again and again */
	look->added_s = look->now_s - t->awaited_soft_s - 1;
	atomic_store_explicit(&t->runtime->add_time_s, look->added_s, memory_order_relaxed);
	look->put_off = true;
	look->next_s = l->hard_add_s > t->awaited_soft_s ? l->hard_add_s - t->awaited_soft_s : 0;
}

static bool reached_hard(struct look *look, const struct ux_limits *l)
{
	return (!look->put_off && reached(look, l->hard_add_s, look->added_s)) ||
	       reached(look, l->hard_use_s, look->used_s);
}

static bool reached_soft(struct look *look, const struct ux_limits *l)
{
	bool since_added = reached(look, l->soft_add_s, look->added_s);

	return reached(look, l->soft_use_s, look->used_s) || since_added;
}

/* Is it the soft limit since the SA was added that the timer waits for next? */
static void await_soft(struct ux_limit_timer *t, const struct look *look, const struct ux_limits *l,
		       uint64_t next_hard_s)
{
	int64_t left = (int64_t)(l->soft_add_s + look->added_s - look->now_s);

	if (!l->soft_add_s)
		return;
	if (left <= 0)
		t->awaited_soft_s = 0;
	else if ((uint64_t)left < next_hard_s)
		t->awaited_soft_s = (uint64_t)left;
}

static void look_again(struct uxfrm *u, struct ux_limit_timer *t, const struct look *look)
{
	if (look->next_s == UINT64_MAX)
		ux_lifetime_stop(u, t);
	else
		timer_set(u, t, look->next_s);
}

/* ---- what runs out ---- */

static void tell_sa(struct uxfrm *u, const struct ux_sa *sa, bool hard)
{
	if (u->sa_expired)
		u->sa_expired(u, sa, hard);
}

static void look_at_sa(struct uxfrm *u, struct ux_limit_timer *t)
{
	const struct ux_sa_runtime *r = t->runtime;
	const struct ux_limits *l = ux_sa_limits(r);
	struct ux_sa *sa = ux_rcu_own(&r->current);
	struct look look = {
	    .added_s = atomic_load_explicit(&r->add_time_s, memory_order_relaxed),
	    .used_s = atomic_load_explicit(&r->use_time_s, memory_order_relaxed),
	    .now_s = atomic_load_explicit(&u->real_s, memory_order_relaxed),
	    .next_s = UINT64_MAX,
	};

	if (!look.used_s)
		look.used_s = look.now_s;
	put_off_hard(&look, t, l);
	if (reached_hard(&look, l)) {
		tell_sa(u, sa, true);
		ux_sad_remove(u, sa);
		return;
	}
	if (!atomic_load_explicit(&sa->dying, memory_order_relaxed)) {
		await_soft(t, &look, l, look.next_s);
		if (reached_soft(&look, l)) {
			atomic_store_explicit(&sa->dying, true, memory_order_relaxed);
			ux_generation_move(&u->generation);
			tell_sa(u, sa, false);
		}
	}
	look_again(u, t, &look);
}

static void tell_policy(struct uxfrm *u, const struct ux_policy *policy, bool hard)
{
	if (u->policy_expired)
		u->policy_expired(u, policy, hard);
}

static void look_at_policy(struct uxfrm *u, struct ux_limit_timer *t)
{
	struct ux_policy *policy = t->policy;
	struct look look = {
	    .added_s = policy->add_time_s,
	    .used_s = atomic_load_explicit(&policy->use_time_s, memory_order_relaxed),
	    .now_s = atomic_load_explicit(&u->real_s, memory_order_relaxed),
	    .next_s = UINT64_MAX,
	};

	if (!look.used_s)
		look.used_s = look.added_s;
	if (reached_hard(&look, policy->limits)) {
		tell_policy(u, policy, true);
		ux_spd_remove(u, policy);
		return;
	}
	if (reached_soft(&look, policy->limits)) {
		tell_policy(u, policy, false);
		if (look.next_s > POLICY_REMIND_S)
			look.next_s = POLICY_REMIND_S;
	}
	look_again(u, t, &look);
}

uint64_t ux_lifetime_tick(struct uxfrm *u, int most)
{
	while (u->timers && timer_of(u->timers)->deadline_ns <= u->now_ns && most-- > 0) {
		struct ux_limit_timer *t = timer_of(u->timers);

		if (t->policy)
			look_at_policy(u, t);
		else
			look_at_sa(u, t);
	}
	return u->timers ? timer_of(u->timers)->deadline_ns : UINT64_MAX;
}

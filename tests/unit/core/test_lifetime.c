/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits in seconds: when they are told, and that what is gone is not looked at again. */
#include "core/lifetime.h"

#include "core_fixture.h"

#define S UINT64_C(1000000000)
#define NOW_NS 0
#define REAL_S FIXTURE_NOW_S

static unsigned int n_soft, n_hard;

static int set_up(void **state)
{
	*state = engine_new(2000);
	return 0;
}

static int tear_down(void **state)
{
	uxfrm_free(*state);
	return 0;
}

static void on_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard)
{
	assert_ptr_equal(ux_rcu_own(&sa->runtime->current), sa);
	n_soft += !hard;
	n_hard += hard;
}

static struct ux_sa *add(struct uxfrm *u, struct ux_limits limits)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100 + u->sad.n_sa);

	n_soft = n_hard = 0;
	u->sa_expired = on_expired;
	limits.hard_bytes = limits.soft_bytes = UX_LIMIT_INFINITE;
	limits.hard_packets = limits.soft_packets = UX_LIMIT_INFINITE;
	p.limits = limits;
	return sa_insert(u, &p);
}

/* The time is @s seconds after the engine's beginning. */
static uint64_t at(struct uxfrm *u, uint64_t s)
{
	return uxfrm_tick(u, NOW_NS + s * S, REAL_S + s);
}

static void no_limits_no_timer(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){0});

	assert_null(sa->runtime->timer);
	assert_null(u->timers);
	assert_true(at(u, 1000000) == UINT64_MAX);
	assert_int_equal(u->sad.n_sa, 1);
}

static void soft_then_hard(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.soft_add_s = 3, .hard_add_s = 5});

	assert_true(at(u, 0) == NOW_NS + S); /* the first look */
	assert_true(at(u, 1) == NOW_NS + 3 * S);
	at(u, 2);
	assert_int_equal(n_soft, 0);
	assert_true(at(u, 3) == NOW_NS + 5 * S);
	assert_int_equal(n_soft, 1);
	assert_true(sa->dying);
	at(u, 4);
	assert_int_equal(n_soft, 1);
	assert_int_equal(u->sad.n_sa, 1);
	assert_true(at(u, 5) == UINT64_MAX);
	assert_int_equal(n_hard, 1);
	assert_int_equal(u->sad.n_sa, 0);
}

/* As in Linux: there is still time for a new SA when the clock has jumped over both limits. */
static void the_clock_jumps_over_both(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.soft_add_s = 100, .hard_add_s = 200});

	assert_true(at(u, 1) == NOW_NS + 100 * S);
	assert_true(at(u, 1000) == NOW_NS + 1101 * S);
	assert_int_equal(n_soft, 1);
	assert_int_equal(n_hard, 0);
	assert_int_equal(atomic_load(&sa->runtime->add_time_s), REAL_S + 1000 - 99 - 1);
	at(u, 1100);
	assert_int_equal(n_hard, 0);
	at(u, 1101);
	assert_int_equal(n_soft, 1);
	assert_int_equal(n_hard, 1);
}

/* No soft limit any more, and a hard one that is shorter than what was waited for. */
static void shorter_limits_while_waiting(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.soft_add_s = 100, .hard_add_s = 200});
	struct ux_limits l = *ux_sa_limits(sa->runtime);

	at(u, 1);
	l.soft_add_s = 0;
	l.hard_add_s = 10;
	assert_int_equal(ux_sa_set_limits(sa->runtime, &l), 0);
	at(u, 100);
	assert_int_equal(n_soft, 0);
	assert_int_equal(n_hard, 1);
	assert_int_equal(u->sad.n_sa, 0);
}

static void since_first_use(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.hard_use_s = 10});

	for (uint64_t s = 1; s < 100; s++)
		at(u, s);
	assert_int_equal(n_hard, 0);
	atomic_store(&sa->runtime->use_time_s, REAL_S + 100);
	for (uint64_t s = 100; s < 110; s++)
		at(u, s);
	assert_int_equal(n_hard, 0);
	for (uint64_t s = 110; s < 121; s++)
		at(u, s);
	assert_int_equal(n_hard, 1);
}

static void removed_before(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.hard_add_s = 5});

	ux_sad_remove(u, sa);
	assert_null(u->timers);
	assert_true(at(u, 10) == UINT64_MAX);
	assert_int_equal(n_hard, 0);
}

/* The timer is the runtime's: it finds the SA where it is now. */
static void after_a_change(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *sa = add(u, (struct ux_limits){.soft_add_s = 3, .hard_add_s = 5});
	struct ux_sa *fresh = ux_sa_clone(sa);

	fresh->reqid++;
	assert_int_equal(ux_sa_init(fresh, NULL), 0);
	assert_int_equal(ux_sad_replace(u, sa, fresh, true), 0);
	at(u, 1);
	at(u, 3);
	assert_int_equal(n_soft, 1);
	assert_true(fresh->dying);
	at(u, 5);
	assert_int_equal(u->sad.n_sa, 0);
}

static void many(void **state)
{
	struct uxfrm *u = *state;

	for (uint32_t i = 0; i < 2000; i++)
		add(u, (struct ux_limits){.hard_add_s = 2 + i * 7919 % 100});
	for (uint64_t s = 1; s <= 101; s++) {
		at(u, s);
		/* 20 of each length, and those of two seconds go first */
		assert_int_equal(u->sad.n_sa, s < 2 ? 2000 : 2000 - 20 * (s - 1));
	}
	assert_null(u->timers);
}

/* ---- policies ---- */

static void on_policy_expired(struct uxfrm *u, const struct ux_policy *policy, bool hard)
{
	assert_true(ux_spd_find_by_index(u, &(struct ux_policy_key){.dir = policy->dir},
					 policy->index) == policy);
	n_soft += !hard;
	n_hard += hard;
}

static struct ux_policy *policy_of(struct uxfrm *u, struct ux_limits limits)
{
	struct ux_policy *p = ux_policy_new(u, 0);

	assert_non_null(p);
	p->sel.family = p->family = AF_INET;
	p->add_time_s = atomic_load(&u->real_s);
	assert_int_equal(ux_policy_set_limits(p, &limits), 0);
	return p;
}

static struct ux_policy *add_policy(struct uxfrm *u, struct ux_limits limits)
{
	struct ux_policy *p = policy_of(u, limits);

	n_soft = n_hard = 0;
	u->policy_expired = on_policy_expired;
	assert_int_equal(ux_spd_insert(u, p, false, NULL), 0);
	return p;
}

static void policy_without_limits(void **state)
{
	struct uxfrm *u = *state;
	struct ux_policy *p = add_policy(u, (struct ux_limits){.soft_bytes = 1});

	assert_null(p->timer);
	assert_true(at(u, 1000000) == UINT64_MAX);
	assert_int_equal(u->spd.n[UX_POLICY_IN], 1);
}

/* A soft limit is told every 30 seconds until the hard one. */
static void policy_soft_then_hard(void **state)
{
	struct uxfrm *u = *state;

	add_policy(u, (struct ux_limits){.soft_add_s = 5, .hard_add_s = 100});
	assert_true(at(u, 0) == NOW_NS + S);
	assert_true(at(u, 1) == NOW_NS + 5 * S);
	for (uint64_t s = 2; s < 100; s++) {
		at(u, s);
		assert_int_equal(n_soft, s < 5 ? 0 : s < 35 ? 1 : s < 65 ? 2 : s < 95 ? 3 : 4);
	}
	assert_int_equal(n_hard, 0);
	assert_true(at(u, 100) == UINT64_MAX);
	assert_int_equal(n_hard, 1);
	assert_int_equal(u->spd.n[UX_POLICY_IN], 0);
}

/* Never used counts from when it was added. */
static void policy_since_use(void **state)
{
	struct uxfrm *u = *state;
	struct ux_policy *p = add_policy(u, (struct ux_limits){.hard_use_s = 10});

	at(u, 9);
	assert_int_equal(u->spd.n[UX_POLICY_IN], 1);
	atomic_store(&p->use_time_s, REAL_S + 9);
	for (uint64_t s = 10; s < 19; s++)
		at(u, s);
	assert_int_equal(n_hard, 0);
	at(u, 19);
	assert_int_equal(n_hard, 1);
}

static void policy_replaced(void **state)
{
	struct uxfrm *u = *state;

	add_policy(u, (struct ux_limits){.hard_add_s = 5});
	at(u, 3);
	add_policy(u, (struct ux_limits){.hard_add_s = 5});
	at(u, 7);
	assert_int_equal(u->spd.n[UX_POLICY_IN], 1);
	at(u, 8);
	assert_int_equal(n_hard, 1);
	assert_null(u->timers);
}

/* Other templates: the timer goes on, and finds the policy that stands there now. */
static void policy_rewritten(void **state)
{
	struct uxfrm *u = *state;
	struct ux_policy *p = add_policy(u, (struct ux_limits){.hard_add_s = 5});
	struct ux_policy *copy = ux_policy_clone(p);

	assert_null(copy->timer);
	assert_ptr_equal(copy->limits, p->limits);
	at(u, 1);
	ux_spd_rewrite(u, p, copy);
	assert_true(at(u, 2) == NOW_NS + 5 * S);
	at(u, 5);
	assert_int_equal(n_hard, 1);
	assert_int_equal(u->spd.n[UX_POLICY_IN], 0);
}

static void policy_removed_before(void **state)
{
	struct uxfrm *u = *state;

	ux_spd_remove(u, add_policy(u, (struct ux_limits){.soft_use_s = 5}));
	assert_null(u->timers);
	ux_policy_free(policy_of(u, (struct ux_limits){.soft_use_s = 5}));
	assert_true(at(u, 10) == UINT64_MAX);
	assert_int_equal(n_soft, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_limits_no_timer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(soft_then_hard, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_clock_jumps_over_both, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(shorter_limits_while_waiting, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(since_first_use, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(removed_before, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(after_a_change, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_without_limits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_soft_then_hard, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_since_use, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_replaced, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_rewritten, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policy_removed_before, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

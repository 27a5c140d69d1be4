/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels: what is one, which SA a policy with a label uses, which policy traffic with one meets. */
#include "core/label.h"

#include <errno.h>

#include "core_fixture.h"

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

static const struct ux_label *label(struct uxfrm *u, const char *text)
{
	const struct ux_label *l = ux_label_hold(u, text, strlen(text));

	assert_non_null(l);
	return l;
}

static void told_apart_by_text(void **state)
{
	static const char too_long[UX_LABEL_MAX + 1];
	struct uxfrm *u = *state;
	const struct ux_label *a = label(u, "a:b"), *same = label(u, "a:b");
	const struct ux_label *zeros = ux_label_hold(u, "a:b\0", 5), *other = label(u, "a:c");

	assert_ptr_equal(a, same);
	assert_int_equal(a->len, 4); /* Linux adds a zero */
	assert_int_equal(zeros->len, 6);
	assert_true(ux_label_same(a, zeros));
	assert_false(ux_label_same(a, other));
	assert_false(ux_label_same(a, NULL));
	assert_false(ux_label_same(NULL, a));
	assert_true(ux_label_same(NULL, NULL));
	assert_null(ux_label_hold(u, too_long, sizeof(too_long)));
	ux_shared_release(a);
	ux_shared_release(same);
	ux_shared_release(zeros);
	ux_shared_release(other);
	assert_int_equal(u->labels.n, 0);
}

static struct ux_sa *sa_with(struct uxfrm *u, uint32_t spi, const char *text)
{
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, spi);
	struct ux_sa *sa = NULL;

	assert_int_equal(ux_sa_new(u, &p, &sa, NULL), 0);
	assert_int_equal(ux_sa_set_label(sa, text ? label(u, text) : NULL), 0);
	assert_int_equal(ux_sad_insert(u, sa), 0);
	return sa;
}

static void each_policy_its_sa(void **state)
{
	struct uxfrm *u = *state;
	struct ux_sa *secret = sa_with(u, 0x100, "secret"), *none = sa_with(u, 0x101, NULL);
	struct ux_sa *open = sa_with(u, 0x102, "open"), *fresh;
	const struct ux_label *of_policy = label(u, "secret"), *unknown = label(u, "unknown");
	struct ux_sa_query q = {.daddr = addr4(2),
				.saddr = addr4(1),
				.family = AF_INET,
				.proto = 50,
				.mode = UX_MODE_TUNNEL};

	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), none);
	q.label = of_policy;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), secret);
	q.label = ux_sa_label(open);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), open);
	q.label = unknown;
	assert_null(ux_sad_lookup_outbound(u, &q));
	/* it is the SA's, wherever that moves */
	fresh = ux_sa_clone(secret);
	fresh->saddr = addr4(7);
	assert_int_equal(ux_sad_replace(u, secret, fresh, true), 0);
	q.label = of_policy;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), fresh); /* by its former identity */
	q.label = NULL;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), none);
	ux_shared_release(of_policy);
	ux_shared_release(unknown);
}

static struct ux_policy *policy_with(struct uxfrm *u, const char *text)
{
	struct ux_policy *p = ux_policy_new(u, 0);

	assert_non_null(p);
	p->family = p->sel.family = AF_INET;
	ux_policy_set_label(p, text ? label(u, text) : NULL);
	assert_int_equal(ux_spd_insert(u, p, true, NULL), 0);
	return p;
}

static void policies_of_one_selector(void **state)
{
	struct uxfrm *u = *state;
	struct ux_policy *secret = policy_with(u, "secret"), *open = policy_with(u, "open");
	struct ux_policy *none = policy_with(u, NULL), *copy;
	struct ux_policy_key key = {.dir = UX_POLICY_IN, .sel = &none->sel};
	struct ux_flow_key flow = {.family = AF_INET, .label_known = true};
	const struct ux_label *unknown = label(u, "unknown");

	assert_ptr_equal(ux_spd_find(u, &key), none);
	key.label = open->label;
	assert_ptr_equal(ux_spd_find(u, &key), open);
	key.label = unknown;
	assert_null(ux_spd_find(u, &key));

	/* what has no label meets only policies without; what has one, those too */
	assert_ptr_equal(ux_spd_lookup(u, UX_POLICY_IN, &flow, 0), none);
	flow.label = open->label;
	assert_ptr_equal(ux_spd_lookup(u, UX_POLICY_IN, &flow, 0), open);
	flow.label = unknown;
	assert_ptr_equal(ux_spd_lookup(u, UX_POLICY_IN, &flow, 0), none);
	flow.label_known = false;
	assert_ptr_equal(ux_spd_lookup(u, UX_POLICY_IN, &flow, 0), secret);

	copy = ux_policy_clone(secret);
	ux_spd_rewrite(u, secret, copy);
	key.label = copy->label;
	assert_ptr_equal(ux_spd_find(u, &key), copy);
	ux_shared_release(unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(told_apart_by_text, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_policy_its_sa, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(policies_of_one_selector, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

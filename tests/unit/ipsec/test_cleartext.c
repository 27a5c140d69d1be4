/* SPDX-License-Identifier: BSD-2-Clause */

/* What the SPD says of packets that came without an SA. */

#include "pair.h"

static struct test_packet t;

static void clear(struct side *s, bool forwarded)
{
	struct inner_spec inner = {.family = AF_INET, .payload = 40, .proto = 17};
	struct uxfrm_packet *p = &t.p;

	make_inner(&t, &inner);
	uxfrm_cleartext(s->w, &p, 1, forwarded);
}

static void expect_drop_clear(struct side *s, bool forwarded, enum uxfrm_drop reason)
{
	uint64_t before = drops(s, reason);

	clear(s, forwarded);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, reason);
	assert_int_equal(drops(s, reason), before + 1);
}

static void expect_pass(struct side *s, bool forwarded)
{
	clear(s, forwarded);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.len, 60);
}

static void test_policies(void **state)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_IN,
				     .mode = UX_MODE_TUNNEL,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .priority = 10,
				     .n_templates = 1};
	struct pair p;

	pair_open(&p);
	expect_pass(&p.a, false);
	add_policy(&p.a, &policy);
	expect_drop_clear(&p.a, false, UXFRM_DROP_IN_TEMPLATE);
	expect_pass(&p.a, true); /* it is of another direction */
	policy.dir = UX_POLICY_FWD;
	add_policy(&p.a, &policy);
	expect_drop_clear(&p.a, true, UXFRM_DROP_IN_TEMPLATE);
	policy.priority = 9; /* would decide */
	policy.optional = true;
	policy.dport = 0x1234;
	add_policy(&p.a, &policy);
	expect_drop_clear(&p.a, true, UXFRM_DROP_IN_TEMPLATE); /* but is for other ports */
	policy.dport = 0x0e15;				       /* of the pattern */
	add_policy(&p.a, &policy);
	expect_pass(&p.a, true);
	policy.action = UX_POLICY_BLOCK;
	policy.n_templates = 0;
	add_policy(&p.b, &policy);
	expect_drop_clear(&p.b, true, UXFRM_DROP_IN_BLOCK);
	pair_close(&p);
}

static void test_defaults(void **state)
{
	struct policy_spec allow = {.family = AF_INET, .dir = UX_POLICY_IN};
	struct pair p;

	pair_open(&p);
	ux_spd_set_default(p.a.u, UX_POLICY_IN, UX_POLICY_BLOCK);
	expect_drop_clear(&p.a, false, UXFRM_DROP_IN_NO_POLICY);
	expect_pass(&p.a, true);
	add_policy(&p.a, &allow);
	expect_pass(&p.a, false);
	ux_spd_set_default(p.a.u, UX_POLICY_FWD, UX_POLICY_BLOCK);
	expect_drop_clear(&p.a, true, UXFRM_DROP_IN_NO_POLICY);
	pair_close(&p);
}

static void test_no_packet(void **state)
{
	struct uxfrm_packet *packet = &t.p;
	struct pair p;

	pair_open(&p);
	expect_pass(&p.a, false);
	t.p.len = 19;
	uxfrm_cleartext(p.a.w, &packet, 1, false);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, UXFRM_DROP_IN_HEADER);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_no_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

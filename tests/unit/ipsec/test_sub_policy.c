/* SPDX-License-Identifier: BSD-2-Clause */

/* Policies of type sub come first, and the main policy for the same flow counts as well. */

#include "pair.h"

#include <netinet/in.h>

#include "packet/ip.h"

static struct test_packet t;

/* Of @family, in transport mode. */
static void add_transport_sa(struct side *s, uint16_t family, uint8_t proto, uint32_t reqid)
{
	struct sa_spec spec = {.spi = 0x1000 + reqid,
			       .reqid = reqid,
			       .mode = UX_MODE_TRANSPORT,
			       .proto = proto,
			       .src = family == AF_INET ? "10.1.0.1" : "2001:db8:1::1",
			       .dst = family == AF_INET ? "10.2.0.2" : "2001:db8:2::2",
			       .algo = proto == IPPROTO_AH ? NULL_SHA256 : GCM128_16};

	add_sa(s, &spec);
}

/* Publishes a policy with one template, or none for reqid 0. */
static struct ux_policy *add_typed(struct side *s, uint8_t type, uint16_t family, uint8_t action,
				   uint8_t proto, uint32_t reqid)
{
	struct policy_spec spec = {.dir = UX_POLICY_OUT,
				   .mode = UX_MODE_TRANSPORT,
				   .action = action,
				   .proto = proto,
				   .family = family,
				   .reqid = reqid,
				   .type = type,
				   .n_templates = reqid ? 1 : 0};

	return add_policy(s, &spec);
}

static uint8_t send_one(struct side *s, uint16_t family)
{
	struct inner_spec inner = {.family = family, .payload = 64};

	make_inner(&t, &inner);
	outbound(s, &t);
	return t.p.verdict;
}

/* The protocol of the header behind the outermost, and of the one inside of AH. */
static void expect_order(uint16_t family, uint8_t outer, uint8_t inside)
{
	uint32_t header = family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;

	assert_int_equal(t.p.data[family == AF_INET ? 9 : 6], outer);
	if (outer == IPPROTO_AH)
		assert_int_equal(t.p.data[header], inside);
}

struct row {
	uint8_t sub_action, main_action;
	bool has_main;
	uint32_t sub_reqid, main_reqid; /* SAs have 1 and 2 */
	uint8_t verdict;
	enum uxfrm_drop drop;
};

static void test_both_count(void **state)
{
	static const struct row rows[] = {
	    {UX_POLICY_BLOCK, 0, false, 0, 0, UXFRM_DROP, UXFRM_DROP_OUT_BLOCK},
	    {UX_POLICY_BLOCK, UX_POLICY_ALLOW, true, 0, 1, UXFRM_DROP, UXFRM_DROP_OUT_BLOCK},
	    {UX_POLICY_ALLOW, UX_POLICY_BLOCK, true, 1, 0, UXFRM_DROP, UXFRM_DROP_OUT_BLOCK},
	    {UX_POLICY_ALLOW, UX_POLICY_ALLOW, true, 1, 3, UXFRM_DROP, UXFRM_DROP_OUT_NO_SA},
	    {UX_POLICY_ALLOW, UX_POLICY_ALLOW, true, 3, 1, UXFRM_DROP, UXFRM_DROP_OUT_NO_SA},
	    {UX_POLICY_ALLOW, 0, false, 0, 0, UXFRM_BYPASS, UXFRM_DROP_NONE},
	    {UX_POLICY_ALLOW, UX_POLICY_ALLOW, true, 0, 1, UXFRM_UNDERLAY, UXFRM_DROP_NONE},
	    {UX_POLICY_ALLOW, UX_POLICY_ALLOW, true, 1, 0, UXFRM_UNDERLAY, UXFRM_DROP_NONE},
	    {UX_POLICY_ALLOW, UX_POLICY_ALLOW, true, 2, 1, UXFRM_UNDERLAY, UXFRM_DROP_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct pair p;

		pair_open(&p);
		add_transport_sa(&p.a, AF_INET, IPPROTO_ESP, 1);
		add_transport_sa(&p.a, AF_INET, IPPROTO_ESP, 2);
		add_typed(&p.a, UX_POLICY_TYPE_SUB, AF_INET, r->sub_action, IPPROTO_ESP,
			  r->sub_reqid);
		if (r->has_main)
			add_typed(&p.a, UX_POLICY_TYPE_MAIN, AF_INET, r->main_action, IPPROTO_ESP,
				  r->main_reqid);
		assert_int_equal(send_one(&p.a, AF_INET), r->verdict);
		assert_int_equal(t.p.drop, r->drop);
		pair_close(&p);
	}
}

/* Of IPv4 the sub policy's SA is the inner one; of IPv6 the order is that of RFC 4301: ESP, AH. */
static void order(uint16_t family, uint8_t sub, uint8_t main, uint8_t outer)
{
	struct pair p;

	pair_open(&p);
	add_transport_sa(&p.a, family, IPPROTO_ESP, 1);
	add_transport_sa(&p.a, family, IPPROTO_AH, 2);
	add_typed(&p.a, UX_POLICY_TYPE_SUB, family, UX_POLICY_ALLOW, sub, sub == IPPROTO_AH ? 2 : 1);
	add_typed(&p.a, UX_POLICY_TYPE_MAIN, family, UX_POLICY_ALLOW, main,
		  main == IPPROTO_AH ? 2 : 1);
	assert_int_equal(send_one(&p.a, family), UXFRM_UNDERLAY);
	expect_order(family, outer, IPPROTO_ESP);
	pair_close(&p);
}

static void test_order(void **state)
{
	order(AF_INET, IPPROTO_AH, IPPROTO_ESP, IPPROTO_ESP);
	order(AF_INET, IPPROTO_ESP, IPPROTO_AH, IPPROTO_AH);
	order(AF_INET6, IPPROTO_AH, IPPROTO_ESP, IPPROTO_AH);
	order(AF_INET6, IPPROTO_ESP, IPPROTO_AH, IPPROTO_AH);
}

/* It goes, and the main policy alone decides again. */
static void test_gone(void **state)
{
	struct ux_policy *sub;
	struct pair p;

	pair_open(&p);
	add_transport_sa(&p.a, AF_INET, IPPROTO_ESP, 1);
	add_typed(&p.a, UX_POLICY_TYPE_MAIN, AF_INET, UX_POLICY_ALLOW, IPPROTO_ESP, 1);
	sub = add_typed(&p.a, UX_POLICY_TYPE_SUB, AF_INET, UX_POLICY_BLOCK, IPPROTO_ESP, 0);
	assert_int_equal(send_one(&p.a, AF_INET), UXFRM_DROP);
	ux_spd_remove(p.a.u, sub);
	assert_int_equal(send_one(&p.a, AF_INET), UXFRM_UNDERLAY);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_count),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Packets of interfaces: only their policies count, nothing leaves in clear, and what comes by an
 * SA of theirs is theirs. */

#include "pair.h"

#include <errno.h>
#include <string.h>

static struct test_packet t;

static const struct sa_spec tunnel = {.src = "192.0.2.1",
				      .dst = "192.0.2.2",
				      .spi = 0x1001,
				      .reqid = 7,
				      .if_id = 5,
				      .mode = UX_MODE_TUNNEL,
				      .algo = GCM128_16};
static const struct policy_spec covering = {.family = AF_INET,
					    .dir = UX_POLICY_OUT,
					    .mode = UX_MODE_TUNNEL,
					    .src = "192.0.2.1",
					    .dst = "192.0.2.2",
					    .reqid = 7,
					    .if_id = 5,
					    .n_templates = 1};

static void packet_of(uint32_t if_id)
{
	struct inner_spec spec = {.family = AF_INET, .payload = 100};

	make_inner(&t, &spec);
	t.p.if_id = if_id;
}

static struct pair open_pair(void)
{
	struct pair p;

	pair_open(&p);
	add_sa(&p.a, &tunnel);
	add_sa(&p.b, &tunnel);
	add_policy(&p.a, &covering);
	return p;
}

static void test_out(void **state)
{
	struct pair p = open_pair();

	packet_of(5);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.spi, 0x1001);
	/* one of no interface does not meet the policy; it goes as if there were none */
	packet_of(0);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS);
	pair_close(&p);
}

static void test_out_never_clear(void **state)
{
	struct policy_spec allow = {.family = AF_INET, .dir = UX_POLICY_OUT, .if_id = 6};
	struct policy_spec optional = covering, block = allow;
	struct pair p = open_pair();

	packet_of(6);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_POLICY);
	add_policy(&p.a, &allow);
	packet_of(6);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_POLICY);
	optional.if_id = 8;
	optional.optional = true;
	add_policy(&p.a, &optional);
	packet_of(8);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_POLICY);
	block.if_id = 9;
	block.action = UX_POLICY_BLOCK;
	add_policy(&p.a, &block);
	packet_of(9);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_BLOCK);
	/* policies of no interface do not protect it */
	allow = covering;
	allow.if_id = 0;
	add_policy(&p.a, &allow);
	packet_of(10);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_POLICY);
	pair_close(&p);
}

/* An SA of another interface, or of none, is not what the policy asks for. */
static void test_out_no_sa(void **state)
{
	struct policy_spec other = covering;
	struct pair p = open_pair();

	other.if_id = 6;
	add_policy(&p.a, &other);
	packet_of(6);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	pair_close(&p);
}

/* The SA's packets are routed back to the interface. */
static void test_out_loop(void **state)
{
	struct pair p = open_pair();
	uint8_t sent[2000];
	uint32_t len;

	packet_of(5);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	len = t.p.len;
	memcpy(sent, t.p.data, len);
	load(&t, sent, len);
	t.p.if_id = 5;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_LOOP);
	sent[23] ^= 1; /* another SPI: somebody else's, who may send through ours */
	load(&t, sent, len);
	t.p.if_id = 5;
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	pair_close(&p);
}

static void test_in(void **state)
{
	struct policy_spec in = covering;
	struct pair p = open_pair();

	in.dir = UX_POLICY_FWD;
	add_policy(&p.b, &in);
	/* without the interface the policies of none decide, and there are none */
	packet_of(5);
	outbound(&p.a, &t);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_POLICY);
	assert_int_equal(t.p.if_id, 0);
	assert_int_equal(uxfrm_interface_add(p.b.u, 6), 0);
	packet_of(5);
	outbound(&p.a, &t);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_POLICY);
	assert_int_equal(uxfrm_interface_add(p.b.u, 5), 0);
	packet_of(5);
	outbound(&p.a, &t);
	t.p.if_id = 99; /* what stands there does not matter */
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.if_id, 5);
	pair_close(&p);
}

/* With the interface there, a policy of none does not let its packets in; without it it does. */
static void test_in_policy_of_none(void **state)
{
	struct policy_spec in = covering;
	struct pair p = open_pair();

	in.dir = UX_POLICY_FWD;
	in.if_id = 0;
	add_policy(&p.b, &in);
	packet_of(5);
	outbound(&p.a, &t);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.if_id, 0);
	assert_int_equal(uxfrm_interface_add(p.b.u, 5), 0);
	packet_of(5);
	outbound(&p.a, &t);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_POLICY);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_out),	      cmocka_unit_test(test_out_never_clear),
	    cmocka_unit_test(test_out_no_sa), cmocka_unit_test(test_out_loop),
	    cmocka_unit_test(test_in),	      cmocka_unit_test(test_in_policy_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

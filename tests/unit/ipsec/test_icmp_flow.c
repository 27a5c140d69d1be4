/* SPDX-License-Identifier: BSD-2-Clause */

/* ICMP errors that no policy is for, and the policies of the flows they belong to (RFC 4301
 * section 6). */

#include "pair.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"

static struct test_packet t;

#define ROUTER "172.16.0.1" /* on the way, covered by nothing */

/* "Time exceeded" from the router about a packet from @from to @to, sent to @from. */
static void make_error(const char *from, const char *to)
{
	struct inner_spec inner = {
	    .family = AF_INET, .payload = 8 + 28, .proto = 1, .src = ROUTER, .dst = from};
	struct ux_addr saddr = addr_of(from, NULL), daddr = addr_of(to, NULL);
	struct ux_ip_build quoted = {
	    .saddr = &saddr, .daddr = &daddr, .total_len = 100, .ttl = 1, .proto = 17};

	make_inner(&t, &inner);
	memset(t.p.data + 20, 0, 8 + 28);
	t.p.data[20] = 11;
	ux_ip4_build(t.p.data + 28, &quoted);
}

struct way {
	uint8_t sa_flags, policy_flags;
	bool local;
};

/* Between 10.1.0.1 and 10.2.0.2, both the SA's selector and the policy's. */
static const struct sa_spec narrow_sa = {.src = "192.0.2.1",
					 .dst = "192.0.2.2",
					 .spi = 0x1001,
					 .reqid = 7,
					 .mode = UX_MODE_TUNNEL,
					 .sel_src = "10.1.0.1",
					 .sel_dst = "10.2.0.2",
					 .sel_bits = 32,
					 .algo = GCM128_16};
static const struct policy_spec narrow_policy = {.family = AF_INET,
						 .mode = UX_MODE_TUNNEL,
						 .src = "192.0.2.1",
						 .dst = "192.0.2.2",
						 .reqid = 7,
						 .sel_src = "10.1.0.1",
						 .sel_dst = "10.2.0.2",
						 .sel_bits = 32,
						 .n_templates = 1};

static void send_with_flags(uint8_t policy_flags, const char *quoted, uint8_t verdict)
{
	struct policy_spec policy = narrow_policy;
	struct pair p;

	policy.dir = UX_POLICY_OUT;
	policy.flags = policy_flags;
	pair_open(&p);
	add_sa(&p.a, &narrow_sa);
	add_policy(&p.a, &policy);
	make_error("10.2.0.2", quoted);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, verdict);
	pair_close(&p);
}

static void test_outbound(void **state)
{
	send_with_flags(UX_POLICY_FLAG_ICMP, "10.1.0.1", UXFRM_UNDERLAY);
	send_with_flags(UX_POLICY_FLAG_ICMP, "10.1.0.9", UXFRM_BYPASS);
	send_with_flags(0, "10.1.0.1", UXFRM_BYPASS);
}

/* The first fragment of an error about what is protected, and one behind it. */
static void send_fragments(struct side *s, enum uxfrm_drop reason)
{
	for (uint8_t offset = 0; offset < 2; offset++) {
		make_error("10.2.0.2", "10.1.0.1");
		t.p.data[6] = 0x20;
		t.p.data[7] = offset;
		if (reason != UXFRM_DROP_NONE) {
			expect_drop_out(s, &t, reason);
			continue;
		}
		outbound(s, &t);
		assert_int_equal(t.p.verdict, UXFRM_BYPASS);
	}
}

/*
 * Later fragments do not show what is quoted: where that may decide, all wait for their packet to
 * be whole, or they would pass in clear behind a first one that is protected.
 */
static void test_fragments(void **state)
{
	struct policy_spec spec = narrow_policy;
	struct ux_policy *policy;
	struct pair p;

	spec.dir = UX_POLICY_OUT;
	pair_open(&p);
	add_sa(&p.a, &narrow_sa);
	ux_spd_remove(p.a.u, add_policy(&p.a, &spec));
	spec.flags = UX_POLICY_FLAG_ICMP;
	policy = add_policy(&p.a, &spec);
	send_fragments(&p.a, UXFRM_DROP_FRAGMENT);
	ux_spd_remove(p.a.u, policy);
	send_fragments(&p.a, UXFRM_DROP_NONE);
	spec.flags = 0;
	add_policy(&p.a, &spec);
	send_fragments(&p.a, UXFRM_DROP_NONE);
	pair_close(&p);
}

struct row {
	uint8_t sa_flags, policy_flags;
	bool local;
	const char *quoted;
	enum uxfrm_drop drop;
};

static void receive(const struct row *row)
{
	struct sa_spec wide_sa = narrow_sa, sa = narrow_sa;
	struct policy_spec wide = narrow_policy, policy = narrow_policy;
	struct pair p;

	pair_open(&p);
	wide_sa.sel_src = wide_sa.sel_dst = NULL;
	wide.sel_src = wide.sel_dst = NULL;
	wide.dir = UX_POLICY_OUT;
	add_sa(&p.a, &wide_sa);
	add_policy(&p.a, &wide);
	sa.flags = row->sa_flags;
	policy.flags = row->policy_flags;
	policy.dir = row->local ? UX_POLICY_IN : UX_POLICY_FWD;
	add_sa(&p.b, &sa);
	add_policy(&p.b, &policy);
	if (row->local)
		add_local(&p.b, "10.2.0.2");
	make_error("10.2.0.2", row->quoted);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	if (row->drop != UXFRM_DROP_NONE) {
		expect_drop_in(&p.b, &t, row->drop);
	} else {
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	}
	pair_close(&p);
}

static void test_inbound(void **state)
{
	static const struct row rows[] = {
	    {UX_SA_ICMP, 0, true, "10.1.0.1", UXFRM_DROP_NONE},
	    {UX_SA_ICMP, 0, true, "10.1.0.9", UXFRM_DROP_IN_SELECTOR},
	    {0, UX_POLICY_FLAG_ICMP, true, "10.1.0.1", UXFRM_DROP_IN_SELECTOR},
	    {UX_SA_ICMP, UX_POLICY_FLAG_ICMP, false, "10.1.0.1", UXFRM_DROP_NONE},
	    {UX_SA_ICMP, 0, false, "10.1.0.1", UXFRM_DROP_IN_NO_POLICY},
	    {0, UX_POLICY_FLAG_ICMP, false, "10.1.0.1", UXFRM_DROP_IN_SELECTOR},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		receive(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outbound),
	    cmocka_unit_test(test_fragments),
	    cmocka_unit_test(test_inbound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

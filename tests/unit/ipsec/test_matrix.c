/* SPDX-License-Identifier: BSD-2-Clause */

/* Every mode, address family, encapsulation and algorithm, in many sizes: what goes in comes out.
 */

#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct path {
	uint8_t mode;
	uint16_t inner;
	const char *src, *dst;
};

static const struct path paths[] = {
    {UX_MODE_TUNNEL, AF_INET, "192.0.2.1", "192.0.2.2"},
    {UX_MODE_TUNNEL, AF_INET6, "192.0.2.1", "192.0.2.2"},
    {UX_MODE_TUNNEL, AF_INET, "2001:db8:f::1", "2001:db8:f::2"},
    {UX_MODE_TUNNEL, AF_INET6, "2001:db8:f::1", "2001:db8:f::2"},
    {UX_MODE_TRANSPORT, AF_INET, "10.1.0.1", "10.2.0.2"},
    {UX_MODE_TRANSPORT, AF_INET6, "2001:db8:1::1", "2001:db8:2::2"},
};
#define N_PATHS (sizeof(paths) / sizeof(paths[0]))

static const uint32_t sizes[] = {1,  2,	  3,   4,   5,	  6,	7,    8,    9,	  10,	11,
				 12, 13,  14,  15,  16,	  17,	31,   32,   33,	  63,	64,
				 65, 255, 256, 257, 1399, 1400, 1480, 1500, 4095, 8999, 9000};

static void set_up(struct pair *p, const struct path *path, struct sa_spec *spec)
{
	struct policy_spec policy = {.family = path->inner,
				     .mode = path->mode,
				     .src = path->mode == UX_MODE_TUNNEL ? path->src : NULL,
				     .dst = path->mode == UX_MODE_TUNNEL ? path->dst : NULL,
				     .reqid = 3,
				     .n_templates = 1};

	pair_open(p);
	spec->src = path->src;
	spec->dst = path->dst;
	spec->mode = path->mode;
	spec->flags = path->mode == UX_MODE_TUNNEL ? UX_SA_AF_UNSPEC : 0;
	spec->spi = 0xabc00001;
	spec->reqid = 3;
	spec->window = 64;
	add_sa(&p->a, spec);
	add_sa(&p->b, spec);
	policy.dir = UX_POLICY_OUT;
	add_policy(&p->a, &policy);
	policy.dir = UX_POLICY_IN;
	add_policy(&p->b, &policy);
	add_local(&p->b, path->inner == AF_INET ? "10.2.0.2" : "2001:db8:2::2");
}

static void send_one(struct pair *p, const struct path *path, uint32_t size)
{
	static struct test_packet t, before, wire;
	struct inner_spec inner = {.family = path->inner, .payload = size};

	make_inner(&t, &inner);
	copy_packet(&before, &t);
	outbound(&p->a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.spi, 0xabc00001);
	copy_packet(&wire, &t);
	inbound(&p->b, &wire);
	if (wire.p.verdict != UXFRM_DELIVER)
		fail_msg("size %u: %s", size, uxfrm_drop_name(wire.p.drop));
	assert_int_equal(wire.p.len, before.p.len);
	assert_memory_equal(wire.p.data, before.p.data, before.p.len);
	assert_int_equal(wire.p.spi, 0xabc00001);
}

static void run(const struct path *path, struct sa_spec *spec)
{
	struct uxfrm_packet_stats out, in;
	struct pair p;

	set_up(&p, path, spec);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		send_one(&p, path, sizes[i]);
	uxfrm_packet_stats_get(p.a.u, &out);
	uxfrm_packet_stats_get(p.b.u, &in);
	assert_int_equal(out.out_packets, sizeof(sizes) / sizeof(sizes[0]));
	assert_int_equal(in.in_packets, out.out_packets);
	assert_int_equal(in.in_bytes, out.out_bytes);
	pair_close(&p);
}

static void test_all(void **state)
{
	for (size_t i = 0; i < N_PATHS; i++)
		for (int algo = 0; algo < ALGO_COUNT; algo++)
			for (int variant = 0; variant < 4; variant++) {
				struct sa_spec spec = {.algo = algo, .esn = variant & 1};

				if (variant & 2) {
					spec.sport = 4500;
					spec.dport = 4501;
				}
				run(&paths[i], &spec);
			}
}

/* ESN across the boundary of the low half: the high half is not in the packet, both must agree. */
static void test_esn_boundary(void **state)
{
	for (int algo = 0; algo < ALGO_COUNT; algo++) {
		struct sa_spec spec = {
		    .algo = algo, .esn = true, .oseq = 0x1fffffff0, .iseq = 0x1fffffff0};

		run(&paths[0], &spec);
	}
}

/* Bursts of packets of several SAs and sizes, mixed with others that never get so far. */
static void test_mixed_burst(void **state)
{
	static struct test_packet t[UXFRM_BURST];
	struct uxfrm_packet *burst[UXFRM_BURST];
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	set_up(&p, &paths[0], &spec);
	for (int i = 0; i < UXFRM_BURST; i++) {
		struct inner_spec inner = {.family = i % 5 == 4 ? AF_INET6 : AF_INET,
					   .payload = 20u + i};

		make_inner(&t[i], &inner);
		burst[i] = &t[i].p;
		if (i % 7 == 6)
			t[i].p.len = 19; /* not a packet */
	}
	uxfrm_outbound(p.a.w, burst, UXFRM_BURST);
	for (int i = 0, seq = 0; i < UXFRM_BURST; i++) {
		int want = i % 7 == 6 ? UXFRM_DROP : i % 5 == 4 ? UXFRM_BYPASS : UXFRM_UNDERLAY;

		assert_int_equal(burst[i]->verdict, want);
		if (want != UXFRM_UNDERLAY)
			continue;
		/* order kept: the numbers are consecutive */
		assert_int_equal(ux_get_be32(burst[i]->data + 24), ++seq);
	}
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all),
	    cmocka_unit_test(test_esn_boundary),
	    cmocka_unit_test(test_mixed_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* The size a sender is told is exact: it passes, and one byte more does not. */

#include "pair.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ip.h"

static struct test_packet t;

struct sizes {
	uint8_t mode;
	uint16_t inner, outer;
	uint16_t port; /* of UDP encapsulation, 0 = none */
	enum algo algo;
};

static void set_up(struct pair *p, const struct sizes *z)
{
	bool v4 = z->outer == AF_INET;
	struct sa_spec spec = {.src = v4 ? "192.0.2.1" : "2001:db8:f::1",
			       .dst = v4 ? "192.0.2.2" : "2001:db8:f::2",
			       .spi = 0x1001,
			       .reqid = 7,
			       .mode = z->mode,
			       .sport = z->port,
			       .dport = z->port,
			       .flags = UX_SA_AF_UNSPEC,
			       .algo = z->algo};
	struct policy_spec policy = {.dir = UX_POLICY_OUT,
				     .family = z->inner,
				     .mode = z->mode,
				     .src = spec.src,
				     .dst = spec.dst,
				     .reqid = 7,
				     .n_templates = 1};

	if (z->mode == UX_MODE_BEET) {
		spec.flags = 0;
		spec.sel_src = z->inner == AF_INET ? "10.1.0.1" : "2001:db8:1::1";
		spec.sel_dst = z->inner == AF_INET ? "10.2.0.2" : "2001:db8:2::2";
		spec.sel_bits = z->inner == AF_INET ? 32 : 128;
	}
	pair_open(p);
	assert_int_equal(uxfrm_worker_follow_paths(p->a.w), 0);
	add_sa(&p->a, &spec);
	add_policy(&p->a, &policy);
}

static uint32_t header_len(uint16_t family)
{
	return family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
}

/* A packet of @len bytes through; its path has @mtu, when it is asked for. */
static void send_one(struct pair *p, const struct sizes *z, uint32_t len, bool df, uint32_t mtu)
{
	struct inner_spec inner = {
	    .family = z->inner, .payload = len - header_len(z->inner), .df = df};
	const struct uxfrm_path *path;

	if (z->mode == UX_MODE_TRANSPORT) {
		inner.src = z->inner == AF_INET ? "192.0.2.1" : "2001:db8:f::1";
		inner.dst = z->inner == AF_INET ? "192.0.2.2" : "2001:db8:f::2";
	}
	make_inner(&t, &inner);
	outbound(&p->a, &t);
	path = uxfrm_path_asked(p->a.w);
	assert_int_equal(path != NULL, t.p.verdict == UXFRM_ASK_PATH);
	if (!path)
		return;
	assert_int_equal(path->family, z->outer);
	assert_int_equal(t.p.len, len);
	uxfrm_path_set(p->a.w, path, mtu);
	outbound(&p->a, &t);
	assert_null(uxfrm_path_asked(p->a.w));
}

static void told_size_is_exact(const struct sizes *z, uint32_t mtu)
{
	uint32_t told;
	struct pair p;

	set_up(&p, z);
	send_one(&p, z, mtu + 1, true, mtu);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_TOO_BIG);
	assert_int_equal(t.p.len, mtu + 1);
	told = t.p.mtu;
	send_one(&p, z, told, true, mtu);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.mtu, mtu);
	if (z->inner == AF_INET || told > 1280)
		assert_in_range(t.p.len, 1, mtu);
	send_one(&p, z, told + 1, true, mtu);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.mtu, told);
	if (z->inner == AF_INET) {
		send_one(&p, z, told + 1, false, mtu);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_true(t.p.len > mtu);
		assert_int_equal(t.p.may_fragment, 1);
	}
	pair_close(&p);
}

static void test_told_size_is_exact(void **state)
{
	static const uint8_t modes[] = {UX_MODE_TUNNEL, UX_MODE_TRANSPORT, UX_MODE_BEET};
	static const uint16_t families[] = {AF_INET, AF_INET6};

	for (unsigned int i = 0; i < 3 * 2 * 2 * 2 * ALGO_COUNT; i++) {
		unsigned int j = i / ALGO_COUNT;
		struct sizes z = {.algo = (enum algo)(i % ALGO_COUNT),
				  .port = j & 1 ? 4500 : 0,
				  .inner = families[j >> 1 & 1],
				  .outer = families[j >> 2 & 1],
				  .mode = modes[j >> 3]};

		if (z.mode == UX_MODE_TRANSPORT && z.inner != z.outer)
			continue;
		for (uint32_t mtu = 1480; mtu <= 1500; mtu++)
			told_size_is_exact(&z, mtu);
	}
}

/* What every link has to carry (RFC 8200 section 5) is carried. */
static void test_ip6_minimum(void **state)
{
	static const uint16_t outer[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 2; i++) {
		struct sizes z = {UX_MODE_TUNNEL, AF_INET6, outer[i], 0, GCM128_16};
		struct ux_ip_info info;
		struct pair p;

		set_up(&p, &z);
		send_one(&p, &z, 1281, true, 1300);
		assert_int_equal(t.p.verdict, UXFRM_DROP);
		assert_int_equal(t.p.mtu, 1280);
		send_one(&p, &z, 1280, true, 1300);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_int_equal(t.p.may_fragment, 1);
		assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
		assert_int_equal(info.df, outer[i] == AF_INET6); /* IPv6 has it by nature */
		send_one(&p, &z, 1200, true, 1300);
		assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
		assert_true(info.df);
		pair_close(&p);
	}
}

static void test_ip4_minimum(void **state)
{
	struct sizes z = {UX_MODE_TUNNEL, AF_INET, AF_INET6, 0, GCM128_16};
	struct pair p;

	set_up(&p, &z);
	send_one(&p, &z, 1000, true, 90);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.mtu, 68);
	pair_close(&p);
}

/* The caller knows that a packet may go in fragments, whatever its header says. */
static void test_may_split(void **state)
{
	static const uint8_t modes[] = {UX_MODE_TUNNEL, UX_MODE_TRANSPORT};
	static const uint16_t families[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 8; i++) {
		struct sizes z = {modes[i & 1], families[i >> 1 & 1], families[i >> 2], 0,
				  GCM128_16};
		struct ux_ip_info info;
		struct pair p;

		if (z.mode == UX_MODE_TRANSPORT && z.inner != z.outer)
			continue;
		set_up(&p, &z);
		send_one(&p, &z, 3000, true, 1400);
		assert_int_equal(t.p.verdict, UXFRM_DROP);
		t.p.may_split = 1;
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_int_equal(t.p.may_fragment, 1);
		assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
		assert_int_equal(info.df, z.outer == AF_INET6);
		assert_int_equal(ux_checksum_finish(ux_checksum_add(0, t.p.data, 20)) == 0,
				 z.outer == AF_INET);
		pair_close(&p);
	}
}

/* A fragment that transport mode refuses is to be made whole, not to be complained of. */
static void test_fragment_is_not_measured(void **state)
{
	struct sizes z = {UX_MODE_TRANSPORT, AF_INET6, AF_INET6, 0, GCM128_16};
	struct inner_spec inner = {.family = AF_INET6,
				   .payload = 1460,
				   .proto = 44,
				   .src = "2001:db8:f::1",
				   .dst = "2001:db8:f::2"};
	struct pair p;

	set_up(&p, &z);
	make_inner(&t, &inner);
	expect_drop_out(&p.a, &t, UXFRM_DROP_FRAGMENT);
	pair_close(&p);
}

/* Packets that would need no answer do not ask, and without following paths none do. */
static void test_who_asks(void **state)
{
	struct sizes z = {UX_MODE_TUNNEL, AF_INET, AF_INET, 0, GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 60000, .df = true};
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	set_up(&p, &z);
	inner.payload = 128 - UX_IP4_LEN;
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.mtu, 0);
	inner.payload++;
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_ASK_PATH);
	pair_close(&p);

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	inner.payload = 60000;
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	pair_close(&p);
}

/* The answer may be older than what has changed the path. */
static void test_forgotten_while_asked(void **state)
{
	struct sizes z = {UX_MODE_TUNNEL, AF_INET, AF_INET, 0, GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 1000, .df = true};
	struct pair p;

	set_up(&p, &z);
	for (int i = 0; i < 2; i++) {
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_ASK_PATH);
		if (i == 0)
			uxfrm_paths_forget(p.a.u);
		uxfrm_path_set(p.a.w, uxfrm_path_asked(p.a.w), i == 0 ? 1500 : 600);
	}
	outbound(&p.a, &t);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_TOO_BIG);
	pair_close(&p);
}

static void test_forgotten(void **state)
{
	struct sizes z = {UX_MODE_TUNNEL, AF_INET, AF_INET, 0, GCM128_16};
	struct pair p;

	set_up(&p, &z);
	send_one(&p, &z, 1500, true, 0); /* nothing known: everything goes */
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.mtu, 0);
	send_one(&p, &z, 1500, true, 1400);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	uxfrm_paths_forget(p.a.u);
	send_one(&p, &z, 1500, true, 1400);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	pair_close(&p);
}

/* Two SAs, one in the other: what is told counts both. */
static void test_bundle(void **state)
{
	struct sizes z = {UX_MODE_TRANSPORT, AF_INET, AF_INET, 0, GCM128_16};
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .spi = 0x1001,
			       .reqid = 7,
			       .mode = UX_MODE_TRANSPORT,
			       .algo = CBC128_SHA1};
	struct policy_spec policy = {.dir = UX_POLICY_OUT,
				     .family = AF_INET,
				     .mode = UX_MODE_TRANSPORT,
				     .src = spec.src,
				     .dst = spec.dst,
				     .reqid = 7,
				     .n_templates = 2};
	struct pair p;

	for (uint32_t mtu = 1400; mtu < 1440; mtu++) {
		uint32_t told;

		pair_open(&p);
		assert_int_equal(uxfrm_worker_follow_paths(p.a.w), 0);
		add_sa(&p.a, &spec);
		add_policy(&p.a, &policy);
		send_one(&p, &z, mtu, true, mtu);
		assert_int_equal(t.p.verdict, UXFRM_DROP);
		told = t.p.mtu;
		send_one(&p, &z, told, true, mtu);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_in_range(t.p.len, mtu - 15, mtu);
		send_one(&p, &z, told + 1, false, mtu);
		assert_true(t.p.len > mtu);
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_told_size_is_exact),
	    cmocka_unit_test(test_ip6_minimum),
	    cmocka_unit_test(test_ip4_minimum),
	    cmocka_unit_test(test_may_split),
	    cmocka_unit_test(test_fragment_is_not_measured),
	    cmocka_unit_test(test_who_asks),
	    cmocka_unit_test(test_forgotten_while_asked),
	    cmocka_unit_test(test_forgotten),
	    cmocka_unit_test(test_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

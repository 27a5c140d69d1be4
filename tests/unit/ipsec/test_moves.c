/* SPDX-License-Identifier: BSD-2-Clause */

/* Order of arrival, replays, and SAs that move while packets are on their way. */

#include "pair.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "core/migrate.h"
#include "packet/ip.h"

#define N 64
static struct test_packet flight[N], t;

static void make(struct side *s, struct test_packet *to, uint32_t payload)
{
	struct inner_spec inner = {.family = AF_INET, .payload = payload};

	make_inner(to, &inner);
	outbound(s, to);
	assert_int_equal(to->p.verdict, UXFRM_UNDERLAY);
}

static void expect_delivered(struct side *s, const struct test_packet *wire)
{
	copy_packet(&t, wire);
	inbound(s, &t);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("dropped: %s", uxfrm_drop_name(t.p.drop));
}

static void expect_refused(struct side *s, const struct test_packet *wire, enum uxfrm_drop reason)
{
	copy_packet(&t, wire);
	expect_drop_in(s, &t, reason);
}

/* Any order within the window is accepted, once. */
static void test_out_of_order(void **state)
{
	for (int esn = 0; esn < 2; esn++) {
		struct sa_spec spec = {
		    .algo = GCM128_16, .window = N, .esn = esn, .oseq = esn ? 0xffffffe0 : 0};
		uint32_t order[N], x = 12345;
		struct pair p;

		spec.iseq = spec.oseq;
		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		for (uint32_t i = 0; i < N; i++) {
			make(&p.a, &flight[i], i);
			order[i] = i;
		}
		for (uint32_t i = N - 1; i > 0; i--) {
			uint32_t other, k;

			x = x * 1664525 + 1013904223;
			k = (x >> 8) % (i + 1);
			other = order[i];
			order[i] = order[k];
			order[k] = other;
		}
		for (uint32_t i = 0; i < N; i++) {
			expect_delivered(&p.b, &flight[order[i]]);
			for (uint32_t k = 0; k <= i; k += 7)
				expect_refused(&p.b, &flight[order[k]], UXFRM_DROP_IN_REPLAY);
		}
		pair_close(&p);
	}
}

/* The two ends of the window, exactly. */
static void test_window_edges(void **state)
{
	static const uint32_t windows[] = {1, 32, 33, 63};

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		uint32_t w = windows[i];
		struct sa_spec spec = {.algo = GCM128_16, .window = w};
		struct pair p;

		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		for (uint32_t k = 0; k <= w; k++)
			make(&p.a, &flight[k], k);
		expect_delivered(&p.b, &flight[w]); /* number w + 1: the window is 2 .. w + 1 */
		expect_refused(&p.b, &flight[0], UXFRM_DROP_IN_TOO_OLD);
		if (w > 1)
			expect_delivered(&p.b, &flight[1]);
		pair_close(&p);
	}
}

/* Twice the same packet in one burst: the check before decryption passes both, the commit one. */
static void test_copies_in_one_burst(void **state)
{
	static struct test_packet copies[8];
	struct sa_spec spec = {.algo = GCM128_16, .window = 32};
	struct uxfrm_packet *burst[8];
	struct pair p;
	int delivered = 0;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	make(&p.a, &flight[0], 100);
	for (int i = 0; i < 8; i++) {
		copy_packet(&copies[i], &flight[0]);
		burst[i] = &copies[i].p;
	}
	uxfrm_inbound(p.b.w, burst, 8);
	for (int i = 0; i < 8; i++)
		delivered += burst[i]->verdict == UXFRM_DELIVER;
	assert_int_equal(delivered, 1);
	assert_int_equal(drops(&p.b, UXFRM_DROP_IN_REPLAY), 7);
	pair_close(&p);
}

/* No window, no check: RFC 4303 section 3.4.3 leaves it to the receiver. */
static void test_no_window(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	make(&p.a, &flight[0], 100);
	expect_delivered(&p.b, &flight[0]);
	expect_delivered(&p.b, &flight[0]);
	pair_close(&p);
}

struct move_to {
	const char *src, *dst;
	uint16_t port; /* 0: none */
	bool change_encap;
	uint32_t reqid;
};

static struct ux_sa *move(struct side *s, struct ux_sa *sa, const struct move_to *to)
{
	struct ux_migration m = {.reqid = to->reqid ? to->reqid : sa->reqid, .sel = sa->sel};
	struct ux_ext_ack ext = {0};
	struct ux_sa *moved;
	int err;

	m.daddr = addr_of(to->dst, &m.family);
	m.saddr = addr_of(to->src, NULL);
	if (to->change_encap) {
		m.has_encap = true;
		m.encap.type = to->port ? UX_ENCAP_ESPINUDP : UX_ENCAP_NONE;
		m.encap.sport = m.encap.dport = htons(to->port);
	}
	err = ux_migrate(s->u, sa, &m, &moved, &ext);
	if (err < 0)
		fail_msg("move refused: %d %s", err, ext.msg);
	return moved;
}

static void expect_outer(const struct test_packet *wire, const char *dst, uint8_t proto)
{
	struct ux_ip_info info;
	struct ux_addr saddr, daddr, want;
	uint16_t family;

	want = addr_of(dst, &family);
	assert_true(ux_ip_parse(wire->p.data, wire->p.len, &info));
	assert_int_equal(info.family, family);
	assert_int_equal(info.proto, proto);
	ux_ip_addresses(wire->p.data, family, &saddr, &daddr);
	assert_true(ux_addr_equal(&daddr, &want, family));
}

static const struct move_to stations[] = {
    {"192.0.2.1", "198.51.100.2", 0, false, 0},
    {"203.0.113.1", "198.51.100.2", 0, false, 0},
    {"2001:db8:f::1", "2001:db8:f::2", 0, false, 0},
    {"2001:db8:f::1", "2001:db8:f::2", 4500, true, 0}, /* the same tuple, now in UDP */
    {"203.0.113.5", "198.51.100.2", 4500, true, 0},
    {"203.0.113.5", "198.51.100.2", 4501, true, 0}, /* another port */
    {"203.0.113.5", "198.51.100.2", 0, true, 99},   /* out of UDP, another reqid */
    {"192.0.2.1", "192.0.2.2", 0, false, 7},	    /* home */
};

/*
 * Both ends roam, station by station, policies untouched. At each, packets of before the move
 * arrive after it (grace), and after both have moved everything goes the new way: nothing is lost,
 * numbers go on.
 */
static void test_roaming(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64, .esn = true};
	struct ux_sa *at_a, *at_b;
	struct pair p;
	uint32_t sent = 0;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, &at_b);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(stations) / sizeof(stations[0]); i++) {
			const struct move_to *to = &stations[i];
			bool udp = to->port != 0;

			make(&p.a, &flight[0], 40);
			make(&p.a, &flight[1], 41);
			sent += 2;
			expect_delivered(&p.b, &flight[0]);
			at_b = move(&p.b, at_b, to);
			expect_delivered(&p.b, &flight[1]); /* was on its way */
			make(&p.a, &flight[2], 42);	    /* a has not moved yet */
			expect_delivered(&p.b, &flight[2]);
			at_a = move(&p.a, at_a, to);
			make(&p.a, &flight[3], 43);
			expect_outer(&flight[3], to->dst, udp ? 17 : 50);
			expect_delivered(&p.b, &flight[3]);
			sent += 2;
			/* a replay is one by whichever tuple it comes */
			expect_refused(&p.b, &flight[1], UXFRM_DROP_IN_REPLAY);
			expect_refused(&p.b, &flight[3], UXFRM_DROP_IN_REPLAY);
		}
	assert_int_equal(atomic_load(&at_a->runtime->oseq), sent);
	assert_int_equal(atomic_load(&at_b->runtime->packets), sent);
	pair_close(&p);
}

/* When the grace time is over the former tuple is not known any more. */
static void test_grace_ends(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct ux_sa *at_b;
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, &at_b);
	make(&p.a, &flight[0], 1);
	make(&p.a, &flight[1], 1);
	move(&p.b, at_b, &stations[0]);
	uxfrm_tick(p.b.u, 1000 + 1999999999ull, REAL_S + 1);
	expect_delivered(&p.b, &flight[0]);
	uxfrm_tick(p.b.u, 1000 + 2000000001ull, REAL_S + 2);
	expect_refused(&p.b, &flight[1], UXFRM_DROP_IN_NO_SA);
	pair_close(&p);
}

static void test_no_grace(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct uxfrm_params params;
	struct ux_sa *at_b;
	struct pair p;

	uxfrm_params_init(&params);
	params.real_s = REAL_S;
	params.grace_ms = 0;
	pair_open_params(&p, &params);
	usual_tunnel(&p, &spec, &at_b);
	make(&p.a, &flight[0], 1);
	move(&p.b, at_b, &stations[0]);
	expect_refused(&p.b, &flight[0], UXFRM_DROP_IN_NO_SA);
	pair_close(&p);
}

/* Encapsulation is added while plain packets are on their way: both kinds pass; failures count in
 * the SA clients see. */
static void test_encap_added_in_flight(void **state)
{
	static const struct move_to same_place = {"192.0.2.1", "192.0.2.2", 4500, true, 0};
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct ux_sa *at_a, *at_b;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, &at_b);
	make(&p.a, &flight[0], 10);
	move(&p.a, at_a, &same_place);
	make(&p.a, &flight[1], 11);
	at_b = move(&p.b, at_b, &same_place);
	expect_delivered(&p.b, &flight[1]);
	expect_delivered(&p.b, &flight[0]);
	expect_refused(&p.b, &flight[0], UXFRM_DROP_IN_REPLAY);
	assert_int_equal(atomic_load(&at_b->runtime->stats.replay), 1);
	flight[0].p.data[30] ^= 1;
	ux_put_be32(flight[0].p.data + 24, 40);
	expect_refused(&p.b, &flight[0], UXFRM_DROP_IN_ICV);
	assert_int_equal(atomic_load(&at_b->runtime->stats.integrity_failed), 1);
	pair_close(&p);
}

/* As Linux: a moved SA leaves the policies that used it. */
static void test_strict_templates(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct inner_spec inner = {.family = AF_INET, .payload = 10};
	struct uxfrm_params params;
	uint8_t plain[32] = {[31] = 4};
	struct ux_sa *at_a, *at_b;
	struct pair p;

	uxfrm_params_init(&params);
	params.real_s = REAL_S;
	params.grace_ms = 2000;
	params.strict_templates = true;
	pair_open_params(&p, &params);
	at_a = usual_tunnel(&p, &spec, &at_b);
	make(&p.a, &flight[0], 10);
	at_b = move(&p.b, at_b, &stations[0]);
	/* by the former tuple, which is what the template names */
	expect_delivered(&p.b, &flight[0]);
	move(&p.a, at_a, &stations[0]);
	make_inner(&t, &inner);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	make_inner(&t, &inner);
	memcpy(plain, t.p.data, 30);
	craft(&p.a, &flight[1], at_b, 9, plain, 32);
	expect_refused(&p.b, &flight[1], UXFRM_DROP_IN_TEMPLATE);
	pair_close(&p);
}

/* Two tunnels, one in the other: each template adds one, and each has its own numbers. */
static void test_nested_bundle(void **state)
{
	struct sa_spec inner_sa = {.src = "192.0.2.1",
				   .dst = "192.0.2.2",
				   .spi = 0x11,
				   .reqid = 1,
				   .mode = UX_MODE_TUNNEL,
				   .algo = NULL_SHA256};
	struct sa_spec outer_sa = {.src = "192.0.2.1",
				   .dst = "192.0.2.2",
				   .spi = 0x22,
				   .reqid = 2,
				   .mode = UX_MODE_TRANSPORT,
				   .algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET, .payload = 42};
	struct ux_template *tmpl;
	struct ux_policy *policy;
	struct pair p;

	pair_open(&p);
	policy = ux_policy_new(p.a.u, 2);
	tmpl = policy->templates;
	add_sa(&p.a, &inner_sa);
	add_sa(&p.a, &outer_sa);
	policy->dir = UX_POLICY_OUT;
	policy->family = policy->sel.family = AF_INET;
	tmpl[0] = (struct ux_template){
	    .reqid = 1, .family = AF_INET, .proto = 50, .mode = UX_MODE_TUNNEL};
	tmpl[0].daddr = addr_of(inner_sa.dst, NULL);
	tmpl[0].saddr = addr_of(inner_sa.src, NULL);
	tmpl[1] = (struct ux_template){.reqid = 2, .family = AF_INET, .proto = 50};
	assert_int_equal(ux_spd_insert(p.a.u, policy, true, NULL), 0);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.spi, 0x22);
	/* IP, ESP 0x22 around ESP 0x11 around the packet, each with trailer and ICV of 16 */
	assert_int_equal(ux_get_be32(t.p.data + 20), 0x22);
	assert_int_equal(ux_get_be32(t.p.data + 28), 0x11);
	assert_int_equal(t.p.data[36], 0x45);
	assert_int_equal(t.p.len, 20 + 8 + (8 + 62 + 2 + 16) + 4 + 16);
	assert_int_equal(t.p.data[t.p.len - 17], 50);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_out_of_order),
	    cmocka_unit_test(test_window_edges),
	    cmocka_unit_test(test_copies_in_one_burst),
	    cmocka_unit_test(test_no_window),
	    cmocka_unit_test(test_roaming),
	    cmocka_unit_test(test_grace_ends),
	    cmocka_unit_test(test_no_grace),
	    cmocka_unit_test(test_encap_added_in_flight),
	    cmocka_unit_test(test_strict_templates),
	    cmocka_unit_test(test_nested_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Several SAs for one packet: applied in the order of the templates, opened in one go, and compared
 * with the templates as Linux compares them. */

#include "pair.h"

#include <arpa/inet.h>
#include <string.h>

static struct test_packet t, sent;

/* One SA, and the template that asks for it. */
struct layer {
	uint8_t mode;
	enum algo algo;
	const char *src, *dst;
	bool optional;
	uint8_t proto; /* 0: ESP */
};
#define TRANSPORT(algo_)                                                                         \
	{                                                                                        \
		.mode = UX_MODE_TRANSPORT, .algo = (algo_), .src = "10.1.0.1", .dst = "10.2.0.2" \
	}
#define TUNNEL(algo_, src_, dst_)                                                     \
	{                                                                             \
		.mode = UX_MODE_TUNNEL, .algo = (algo_), .src = (src_), .dst = (dst_) \
	}

#define AH_TRANSPORT(algo_)                                                      \
	{                                                                        \
		.mode = UX_MODE_TRANSPORT, .proto = IPPROTO_AH, .algo = (algo_), \
		.src = "10.1.0.1", .dst = "10.2.0.2"                             \
	}

struct bundle {
	const char *name;
	struct layer layers[UX_TEMPLATES_MAX]; /* innermost first */
	uint8_t n;
};

static void add_layer_sa(struct side *s, const struct layer *l, unsigned int i)
{
	struct sa_spec spec = {.src = l->src,
			       .dst = l->dst,
			       .spi = 0x1000 + i,
			       .reqid = i + 1,
			       .mode = l->mode,
			       .proto = l->proto,
			       .algo = l->algo,
			       .window = 64};

	add_sa(s, &spec);
}

static struct ux_policy *add_bundle_policy(struct side *s, const struct bundle *b, uint8_t dir)
{
	struct policy_spec spec = {.family = AF_INET, .dir = dir, .n_templates = b->n};
	struct ux_policy *policy = add_policy(s, &spec);

	for (unsigned int i = 0; i < b->n; i++) {
		const struct layer *l = &b->layers[i];
		struct ux_template *tmpl = &policy->templates[i];

		tmpl->mode = l->mode;
		tmpl->proto = l->proto ? l->proto : IPPROTO_ESP;
		tmpl->reqid = i + 1;
		tmpl->optional = l->optional;
		if (l->mode != UX_MODE_TRANSPORT) {
			tmpl->daddr = addr_of(l->dst, &tmpl->family);
			tmpl->saddr = addr_of(l->src, NULL);
		}
	}
	return policy;
}

/* The receiver is the end of everything. */
static void open_bundle(struct pair *p, const struct bundle *b)
{
	pair_open(p);
	for (unsigned int i = 0; i < b->n; i++) {
		add_layer_sa(&p->a, &b->layers[i], i);
		add_layer_sa(&p->b, &b->layers[i], i);
		if (b->layers[i].mode != UX_MODE_TRANSPORT)
			add_local(&p->b, b->layers[i].dst);
	}
	add_bundle_policy(&p->a, b, UX_POLICY_OUT);
	add_local(&p->b, "10.2.0.2");
}

static void send_one(struct pair *p)
{
	struct inner_spec spec = {.family = AF_INET, .payload = 200, .tos = 0x28};

	make_inner(&t, &spec);
	copy_packet(&sent, &t);
	outbound(&p->a, &t);
	if (t.p.verdict != UXFRM_UNDERLAY)
		fail_msg("not sent: %s", uxfrm_drop_name(t.p.drop));
}

static void expect_delivered(struct pair *p)
{
	inbound(&p->b, &t);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("not delivered: %s", uxfrm_drop_name(t.p.drop));
	assert_int_equal(t.p.len, sent.p.len);
	assert_memory_equal(t.p.data, sent.p.data, t.p.len);
}

static const struct bundle bundles[] = {
    {"transport in tunnel",
     {TRANSPORT(GCM128_16), TUNNEL(CBC128_SHA1, "192.0.2.1", "192.0.2.2")},
     2},
    {"transport in transport", {TRANSPORT(NULL_SHA256), TRANSPORT(GCM256_8)}, 2},
    {"tunnel in transport",
     {TUNNEL(GCM128_16, "192.0.2.1", "192.0.2.2"),
      {.mode = UX_MODE_TRANSPORT, .algo = CHACHA, .src = "192.0.2.1", .dst = "192.0.2.2"}},
     2},
    {"tunnel in tunnel",
     {TUNNEL(GCM128_16, "192.0.2.1", "192.0.2.2"), TUNNEL(CHACHA, "2001:db8::1", "2001:db8::2")},
     2},
    {"ESP in AH", {TRANSPORT(GCM128_16), AH_TRANSPORT(CBC256_SHA256)}, 2},
    {"AH in ESP", {AH_TRANSPORT(CBC256_SHA256), TRANSPORT(GCM128_16)}, 2},
    {"AH in AH in a tunnel",
     {AH_TRANSPORT(CBC128_SHA1), AH_TRANSPORT(DES3_MD5),
      TUNNEL(GCM128_16, "192.0.2.1", "192.0.2.2")},
     3},
    {"six of them",
     {TRANSPORT(NULL_SHA256), TUNNEL(CBC256_SHA512, "2001:db8:1::1", "2001:db8:1::2"),
      TUNNEL(CBC256_SHA512, "2001:db8:2::1", "2001:db8:2::2"),
      TUNNEL(CBC256_SHA512, "2001:db8:3::1", "2001:db8:3::2"),
      TUNNEL(CBC256_SHA512, "2001:db8:4::1", "2001:db8:4::2"),
      TUNNEL(CBC256_SHA512, "2001:db8:5::1", "2001:db8:5::2")},
     6},
};
#define N_BUNDLES (sizeof(bundles) / sizeof(bundles[0]))

static void test_both_ways(void **state)
{
	for (size_t i = 0; i < N_BUNDLES; i++) {
		struct uxfrm_packet_stats stats;
		struct pair p;

		print_message("%s\n", bundles[i].name);
		open_bundle(&p, &bundles[i]);
		add_bundle_policy(&p.b, &bundles[i], UX_POLICY_IN);
		for (int n = 0; n < 3; n++) {
			send_one(&p);
			expect_delivered(&p);
		}
		uxfrm_packet_stats_get(p.b.u, &stats);
		assert_int_equal(stats.in_packets, 3);
		pair_close(&p);
	}
}

/* Each SA has seen the packet: none opens it a second time. */
static void test_replay(void **state)
{
	struct test_packet copy;
	struct pair p;

	open_bundle(&p, &bundles[0]);
	add_bundle_policy(&p.b, &bundles[0], UX_POLICY_IN);
	send_one(&p);
	copy_packet(&copy, &t);
	expect_delivered(&p);
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_REPLAY);
	pair_close(&p);
}

/* A packet for another host is carried on as it is. */
static void test_not_for_us(void **state)
{
	struct policy_spec any = {.family = AF_INET, .dir = UX_POLICY_FWD, .n_templates = 1};
	struct bundle outer = bundles[3];
	struct pair p;

	pair_open(&p);
	for (unsigned int i = 0; i < 2; i++)
		add_layer_sa(&p.a, &outer.layers[i], i);
	add_layer_sa(&p.b, &outer.layers[1], 1);
	add_bundle_policy(&p.a, &outer, UX_POLICY_OUT);
	any.mode = UX_MODE_TUNNEL;
	add_policy(&p.b, &any);
	send_one(&p);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.data[9], 50); /* ESP, to 192.0.2.2 */
	/* were that its own address, an SA for it would be missed */
	add_local(&p.b, "192.0.2.2");
	send_one(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_SA);
	pair_close(&p);
}

static void test_too_many(void **state)
{
	const struct bundle *six = &bundles[N_BUNDLES - 1];
	struct bundle one = {.layers = {TUNNEL(GCM128_16, "198.51.100.1", "198.51.100.2")}, .n = 1};
	struct policy_spec again = {.family = AF_INET6,
				    .dir = UX_POLICY_OUT,
				    .mode = UX_MODE_TUNNEL,
				    .src = "198.51.100.1",
				    .dst = "198.51.100.2",
				    .reqid = 10,
				    .n_templates = 1};
	struct test_packet through;
	struct pair p;

	open_bundle(&p, six);
	add_bundle_policy(&p.b, six, UX_POLICY_IN);
	add_layer_sa(&p.a, &one.layers[0], 9);
	add_layer_sa(&p.b, &one.layers[0], 9);
	add_policy(&p.a, &again);
	send_one(&p);
	copy_packet(&through, &t); /* with room anew */
	outbound(&p.a, &through);
	assert_int_equal(through.p.verdict, UXFRM_UNDERLAY);
	expect_drop_in(&p.b, &through, UXFRM_DROP_IN_BUNDLE);
	pair_close(&p);
}

/* Receivers that ask for something else than what was done. Templates innermost first. */
static void test_templates(void **state)
{
	static const struct layer tr = TRANSPORT(GCM128_16);
	static const struct layer tu = TUNNEL(GCM128_16, "192.0.2.1", "192.0.2.2");
	static const struct {
		const char *name;
		uint8_t modes[3], n;
		uint8_t optional; /* a bit for each */
		uint8_t reqids[3];
		bool fits;
	} rows[] = {
	    {"both", {0, 1}, 2, 0, {1, 2}, true},
	    {"any reqid", {0, 1}, 2, 0, {0, 0}, true},
	    {"the other order", {1, 0}, 2, 0, {2, 1}, false},
	    {"only the tunnel", {1}, 1, 0, {2}, true}, /* more transport than asked for is fine */
	    {"only the transport", {0}, 1, 0, {1}, false},
	    {"nothing", {0}, 0, 0, {0}, false},
	    {"one more transport", {0, 0, 1}, 3, 0, {1, 1, 2}, false},
	    {"one more optional transport", {0, 0, 1}, 3, 1, {9, 1, 2}, true},
	    {"optional transport inside", {0, 1}, 2, 1, {9, 2}, true},
	    {"optional tunnel outside", {0, 1}, 2, 2, {1, 2}, true},
	    {"another optional tunnel outside", {0, 1}, 2, 2, {1, 9}, false},
	    {"another optional tunnel inside", {1, 0, 1}, 3, 1, {9, 1, 2}, true},
	    {"wrong reqid inside", {0, 1}, 2, 0, {2, 2}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bundle asked = {.n = rows[i].n};
		struct ux_policy *policy;
		struct pair p;

		for (unsigned int k = 0; k < asked.n; k++) {
			asked.layers[k] = rows[i].modes[k] ? tu : tr;
			asked.layers[k].optional = rows[i].optional >> k & 1;
		}
		print_message("%s\n", rows[i].name);
		open_bundle(&p, &bundles[0]);
		policy = add_bundle_policy(&p.b, &asked, UX_POLICY_IN);
		for (unsigned int k = 0; k < asked.n; k++)
			policy->templates[k].reqid = rows[i].reqids[k];
		send_one(&p);
		if (rows[i].fits)
			expect_delivered(&p);
		else
			expect_drop_in(&p.b, &t, UXFRM_DROP_IN_TEMPLATE);
		pair_close(&p);
	}
}

/* The selector of each SA must let the innermost packet pass, as in Linux. */
static void test_selectors(void **state)
{
	struct bundle b = bundles[0];
	struct pair p;

	pair_open(&p);
	for (unsigned int i = 0; i < 2; i++) {
		struct sa_spec spec = {.src = b.layers[i].src,
				       .dst = b.layers[i].dst,
				       .spi = 0x1000 + i,
				       .reqid = i + 1,
				       .mode = b.layers[i].mode,
				       .algo = b.layers[i].algo};

		add_layer_sa(&p.a, &b.layers[i], i);
		spec.sel_dst = i ? "10.3.0.0" : NULL; /* of the tunnel */
		spec.sel_bits = 16;
		add_sa(&p.b, &spec);
	}
	add_bundle_policy(&p.a, &b, UX_POLICY_OUT);
	add_bundle_policy(&p.b, &b, UX_POLICY_IN);
	add_local(&p.b, "10.2.0.2");
	send_one(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_SELECTOR);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways),  cmocka_unit_test(test_replay),
	    cmocka_unit_test(test_not_for_us), cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_templates),  cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

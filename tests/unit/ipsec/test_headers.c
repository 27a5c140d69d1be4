/* SPDX-License-Identifier: BSD-2-Clause */

/* What stands in the headers outside, and what becomes of the inner ones. */

#include "pair.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/udp.h"

static struct test_packet t, copy;

static const char *const v4_ends[2] = {"192.0.2.1", "192.0.2.2"};
static const char *const v6_ends[2] = {"2001:db8:f::1", "2001:db8:f::2"};

static void expect_address(const uint8_t *at, const char *text)
{
	uint16_t family;
	struct ux_addr a = addr_of(text, &family);

	assert_memory_equal(at, &a, family == AF_INET ? 4 : 16);
}

/* tos inside -> tos outside; the flags of the SA; RFC 3168 section 9.1.1 for the lower two bits */
struct outer_row {
	uint16_t inner, outer;
	uint8_t inner_tos, flags;
	uint32_t extra;
	bool inner_df;
	uint8_t want_tos;
	bool want_df;
};

static const struct outer_row outer_rows[] = {
    /* DSCP and ECN */
    {AF_INET, AF_INET, 0xb8, 0, 0, false, 0xb8, false},
    {AF_INET, AF_INET, 0xb9, 0, 0, false, 0xb9, false},
    {AF_INET, AF_INET, 0xba, 0, 0, false, 0xba, false},
    {AF_INET, AF_INET, 0xbb, 0, 0, false, 0xba, false}, /* CE becomes ECT(0) */
    {AF_INET, AF_INET, 0xbb, UX_SA_NOECN, 0, false, 0xb8, false},
    {AF_INET, AF_INET, 0xb9, 0, UX_SA_EXTRA_DONT_ENCAP_DSCP, false, 0x01, false},
    {AF_INET, AF_INET, 0xb9, UX_SA_NOECN, UX_SA_EXTRA_DONT_ENCAP_DSCP, false, 0, false},
    {AF_INET6, AF_INET, 0x2e, 0, 0, false, 0x2e, true},
    {AF_INET6, AF_INET6, 0x2f, 0, 0, false, 0x2e, true},
    {AF_INET, AF_INET6, 0x2d, 0, 0, false, 0x2d, true},
    {AF_INET, AF_INET6, 0x2f, UX_SA_NOECN, 0, true, 0x2c, true},
    {AF_INET6, AF_INET6, 0xff, 0, UX_SA_EXTRA_DONT_ENCAP_DSCP, false, 0x02, true},
    /* DF */
    {AF_INET, AF_INET, 0, 0, 0, true, 0, true},
    {AF_INET, AF_INET, 0, UX_SA_NOPMTUDISC, 0, true, 0, false},
    {AF_INET, AF_INET, 0, UX_SA_NOPMTUDISC, 0, false, 0, false},
    {AF_INET6, AF_INET, 0, 0, 0, false, 0, true},
    {AF_INET6, AF_INET, 0, UX_SA_NOPMTUDISC, 0, false, 0, false},
};

static void check_outer(const struct outer_row *r)
{
	const char *const *ends = r->outer == AF_INET ? v4_ends : v6_ends;
	struct sa_spec spec = {.src = ends[0],
			       .dst = ends[1],
			       .flags = r->flags,
			       .extra_flags = r->extra,
			       .algo = GCM128_16};
	struct inner_spec inner = {.family = r->inner,
				   .payload = 50,
				   .tos = r->inner_tos,
				   .df = r->inner_df,
				   .flow_label = 0xabcde};
	struct ux_ip_info info;
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
	assert_int_equal(info.family, r->outer);
	assert_int_equal(info.total_len, t.p.len);
	assert_int_equal(info.tos, r->want_tos);
	assert_int_equal(info.proto, 50);
	if (r->outer == AF_INET) {
		assert_int_equal(t.p.data[8], 64);
		assert_int_equal(info.df, r->want_df);
		assert_int_equal(t.p.may_fragment, !r->want_df);
		assert_int_equal(ux_checksum_finish(ux_checksum_add(0, t.p.data, 20)), 0);
		expect_address(t.p.data + 12, ends[0]);
		expect_address(t.p.data + 16, ends[1]);
	} else {
		assert_int_equal(t.p.data[7], 64);
		assert_int_equal(t.p.may_fragment, 1);
		assert_int_equal(info.flow_label, r->inner == AF_INET6 ? 0xabcde : 0);
		expect_address(t.p.data + 8, ends[0]);
		expect_address(t.p.data + 24, ends[1]);
	}
	pair_close(&p);
}

static void test_outer_fields(void **state)
{
	for (size_t i = 0; i < sizeof(outer_rows) / sizeof(outer_rows[0]); i++) {
		print_message("row %zu\n", i);
		check_outer(&outer_rows[i]);
	}
}

/* An inner packet keeps its hop limit: the host that forwarded it has counted already. */
static void test_inner_untouched(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET, .payload = 50, .tos = 0xbb, .df = true};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	make_inner(&t, &inner);
	copy_packet(&copy, &t);
	outbound(&p.a, &t);
	assert_memory_equal(t.p.data + 28, copy.p.data, copy.p.len);
	pair_close(&p);
}

/* While DF is clear each packet has its own identification; with DF it may be 0 (RFC 6864). */
static void test_ids(void **state)
{
	static bool seen[65536];
	struct sa_spec spec = {.algo = GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 5};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < 2000; i++) {
		uint16_t id;

		make_inner(&t, &inner);
		outbound(&p.a, &t);
		id = ux_get_be16(t.p.data + 4);
		assert_false(seen[id]);
		seen[id] = true;
	}
	inner.df = true;
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(ux_get_be16(t.p.data + 4), 0);
	pair_close(&p);
}

static void test_padding_bytes(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (uint32_t payload = 0; payload < 8; payload++) {
		struct inner_spec inner = {.family = AF_INET, .payload = payload};
		uint32_t end, pad = (4 - (20 + payload + 2) % 4) % 4;

		make_inner(&t, &inner);
		outbound(&p.a, &t);
		end = t.p.len - 16;
		assert_int_equal(t.p.data[end - 1], 4);
		assert_int_equal(t.p.data[end - 2], pad);
		for (uint32_t i = 0; i < pad; i++)
			assert_int_equal(t.p.data[end - 2 - pad + i], i + 1);
		assert_int_equal((end - 28) % 4, 0);
	}
	pair_close(&p);
}

static void test_udp_header(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const char *const *ends = v6 ? v6_ends : v4_ends;
		struct sa_spec spec = {.src = ends[0],
				       .dst = ends[1],
				       .algo = GCM128_16,
				       .sport = 4500,
				       .dport = 41000};
		struct inner_spec inner = {.family = AF_INET, .payload = 51};
		uint32_t at = v6 ? 40 : 20;
		struct pair p;

		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		assert_int_equal(t.p.data[v6 ? 6 : 9], 17);
		assert_int_equal(ux_get_be16(t.p.data + at), 4500);
		assert_int_equal(ux_get_be16(t.p.data + at + 2), 41000);
		assert_int_equal(ux_get_be16(t.p.data + at + 4), t.p.len - at);
		if (v6) { /* demanded by RFC 8200 section 8.1 */
			uint64_t sum =
			    ux_checksum_pseudo(t.p.data + 8, t.p.data + 24, 16, 17, t.p.len - 40);

			assert_int_not_equal(ux_get_be16(t.p.data + 46), 0);
			assert_int_equal(
			    ux_checksum_finish(ux_checksum_add(sum, t.p.data + 40, t.p.len - 40)),
			    0);
		} else {
			assert_int_equal(ux_get_be16(t.p.data + 26), 0);
		}
		pair_close(&p);
	}
}

static void transport_pair(struct pair *p, bool v6, struct sa_spec *spec)
{
	struct policy_spec policy = {
	    .family = v6 ? AF_INET6 : AF_INET, .mode = UX_MODE_TRANSPORT, .n_templates = 1};

	spec->src = v6 ? "2001:db8:1::1" : "10.1.0.1";
	spec->dst = v6 ? "2001:db8:2::2" : "10.2.0.2";
	spec->spi = 0x55;
	spec->mode = UX_MODE_TRANSPORT;
	pair_open(p);
	add_sa(&p->a, spec);
	add_sa(&p->b, spec);
	policy.dir = UX_POLICY_OUT;
	add_policy(&p->a, &policy);
	policy.dir = UX_POLICY_IN;
	add_policy(&p->b, &policy);
	add_local(&p->b, spec->dst);
}

static void test_transport4(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET, .payload = 40, .tos = 0xbb};
	struct ux_ip_info info;
	struct pair p;

	transport_pair(&p, false, &spec);
	for (int df = 0; df < 2; df++) {
		inner.df = df;
		make_inner(&t, &inner);
		copy_packet(&copy, &t);
		outbound(&p.a, &t);
		assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
		/* all of the header is the original's but protocol, length and checksum */
		assert_int_equal(info.tos, 0xbb);
		assert_int_equal(ux_get_be16(t.p.data + 4), 0x4242);
		assert_int_equal(t.p.data[8], 63);
		assert_int_equal(info.proto, 50);
		assert_int_equal(info.df, df);
		assert_int_equal(t.p.may_fragment, !df);
		assert_memory_equal(t.p.data + 12, copy.p.data + 12, 8);
		assert_int_equal(ux_checksum_finish(ux_checksum_add(0, t.p.data, 20)), 0);
		assert_memory_equal(t.p.data + 28, copy.p.data + 20, 40);
		assert_int_equal(t.p.data[28 + 40 + 3],
				 253); /* 40 + 2 = 42, two bytes of padding */
	}
	pair_close(&p);
}

/* IPv4 options stay in front of ESP and come back. */
static void test_transport4_options(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 40};
	struct pair p;

	transport_pair(&p, false, &spec);
	make_inner(&t, &inner);
	t.p.data[0] = 0x46;
	memset(t.p.data + 20, 1, 4);
	ux_ip4_set_length(t.p.data, 60);
	copy_packet(&copy, &t);
	outbound(&p.a, &t);
	assert_int_equal(t.p.data[0], 0x46);
	assert_int_equal(ux_get_be32(t.p.data + 24), 0x55);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.len, 60);
	assert_memory_equal(t.p.data, copy.p.data, 60);
	pair_close(&p);
}

/* RFC 4303 section 3.1.1: hop-by-hop options in front of ESP, destination options behind a routing
 * header inside. */
static void test_transport6_extensions(void **state)
{
	static const uint8_t extensions[] = {43, 0, 1, 4, 0, 0,	 0, 0, /* hop-by-hop */
					     60, 2, 0, 0, 0, 0,	 0, 0, 1, 1, 1, 1,
					     1,	 1, 1, 1, 1, 1,	 1, 1, 1, 1, 1, 1, /* routing */
					     17, 0, 1, 4, 0, 0,	 0, 0,		   /* options */
					     0,	 1, 0, 2, 0, 12, 0, 0, 9, 9, 9, 9};
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET6, .payload = sizeof(extensions)};
	struct pair p;

	transport_pair(&p, true, &spec);
	make_inner(&t, &inner);
	memcpy(t.p.data + 40, extensions, sizeof(extensions));
	t.p.data[6] = 0;
	copy_packet(&copy, &t);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.data[6], 0);
	assert_int_equal(t.p.data[40], 43);
	assert_int_equal(t.p.data[48], 50);
	assert_int_equal(ux_get_be32(t.p.data + 72), 0x55);
	assert_memory_equal(t.p.data + 80, copy.p.data + 72, 20);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.len, copy.p.len);
	assert_memory_equal(t.p.data, copy.p.data, copy.p.len);
	pair_close(&p);
}

/* RFC 3948 section 3.1.2: behind a NAT the transport checksum no longer fits the addresses. */
static void test_transport_nat_checksum(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .sport = 4500, .dport = 4500};
	struct inner_spec inner = {.family = AF_INET, .payload = 30, .proto = 6};
	struct ux_ip_info info;
	struct pair p;
	uint64_t sum;

	transport_pair(&p, false, &spec);
	make_inner(&t, &inner);
	assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
	ux_transport_checksum(t.p.data, &info);
	outbound(&p.a, &t);
	t.p.data[15] = 77; /* the NAT's source address */
	ux_ip4_set_length(t.p.data, t.p.len);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.data[15], 77);
	sum = ux_checksum_pseudo(t.p.data + 12, t.p.data + 16, 4, 6, 30);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(sum, t.p.data + 20, 30)), 0);
	pair_close(&p);
}

struct inner_row {
	uint16_t inner;
	uint8_t inner_tos, outer_tos, flags, want;
};
static const struct inner_row inner_rows[] = {
    {AF_INET, 0xb8, 0x28, 0, 0xb8},
    {AF_INET, 0xba, 0x2b, 0, 0xbb}, /* congestion on the way */
    {AF_INET, 0xb9, 0x2b, 0, 0xbb},
    {AF_INET, 0xb8, 0x2b, 0, 0xb8}, /* not ECN-capable: delivered as it was, as Linux */
    {AF_INET, 0xba, 0x2b, UX_SA_NOECN, 0xba},
    {AF_INET, 0xba, 0x28, UX_SA_DECAP_DSCP, 0x2a},
    {AF_INET, 0xba, 0x2b, UX_SA_DECAP_DSCP, 0x2b},
    {AF_INET6, 0xba, 0x2b, UX_SA_DECAP_DSCP | UX_SA_NOECN, 0x2a},
    {AF_INET6, 0x2d, 0x03, 0, 0x2f},
    {AF_INET6, 0x2d, 0x01, 0, 0x2d},
};

static void test_inner_tos(void **state)
{
	for (size_t i = 0; i < sizeof(inner_rows) / sizeof(inner_rows[0]); i++) {
		const struct inner_row *r = &inner_rows[i];
		struct sa_spec spec = {.algo = GCM128_16, .flags = r->flags};
		struct inner_spec inner = {
		    .family = r->inner, .payload = 30, .tos = r->inner_tos, .flow_label = 7};
		struct ux_ip_info info;
		struct pair p;

		print_message("row %zu\n", i);
		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		ux_ip_change_tos(t.p.data, AF_INET, 0, r->outer_tos);
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
		assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
		assert_int_equal(info.tos, r->want);
		if (r->inner == AF_INET)
			assert_int_equal(ux_checksum_finish(ux_checksum_add(0, t.p.data, 20)), 0);
		else
			assert_int_equal(info.flow_label, 7);
		pair_close(&p);
	}
}

static void test_marks(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .output_mark = {0x50, 0xf0}};
	struct inner_spec inner = {.family = AF_INET, .payload = 30};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	make_inner(&t, &inner);
	t.p.mark = 0xabc;
	outbound(&p.a, &t);
	assert_int_equal(t.p.mark, 0xa5c);
	t.p.mark = 0x111;
	inbound(&p.b, &t);
	assert_int_equal(t.p.mark, 0x151);
	pair_close(&p);
}

/* RFC 4303 section 2.7: what stands behind the inner packet is traffic-flow padding. */
static void test_flow_padding(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET, .payload = 20};
	uint8_t plain[200] = {0};
	struct ux_sa *at_a, *at_b;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, &at_b);
	make_inner(&t, &inner);
	memcpy(plain, t.p.data, 40);
	plain[199] = 4;
	craft(&p.a, &t, at_a, 1, plain, 200);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.len, 40);
	/* Linux counts what ESP carried, padding of this kind included */
	assert_int_equal(atomic_load(&at_b->runtime->bytes), 198);
	pair_close(&p);
}

/* What `ip -s xfrm state` shows: the bytes ESP protects, without the outer and the transport-mode
 * header. */
static void test_counters(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 64};
	struct ux_sa *at_a, *at_b;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, &at_b);
	assert_int_equal(atomic_load(&at_a->runtime->use_time_s), 0);
	for (int i = 0; i < 3; i++) {
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		inbound(&p.b, &t);
	}
	assert_int_equal(atomic_load(&at_a->runtime->bytes), 3 * 84);
	assert_int_equal(atomic_load(&at_a->runtime->packets), 3);
	assert_int_equal(atomic_load(&at_b->runtime->bytes), 3 * 84);
	assert_int_equal(atomic_load(&at_b->runtime->packets), 3);
	assert_int_equal(atomic_load(&at_a->runtime->use_time_s), REAL_S);
	uxfrm_tick(p.b.u, 5000, REAL_S + 9);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	inbound(&p.b, &t);
	assert_int_equal(atomic_load(&at_b->runtime->use_time_s), REAL_S);
	assert_int_equal(atomic_load(&at_b->runtime->last_used_s), REAL_S + 9);
	pair_close(&p);
	transport_pair(&p, false, &spec);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	inbound(&p.b, &t);
	at_a = ux_container_of(p.a.u->sad.all.next, struct ux_sa, all);
	at_b = ux_container_of(p.b.u->sad.all.next, struct ux_sa, all);
	assert_int_equal(atomic_load(&at_a->runtime->bytes), 64);
	assert_int_equal(atomic_load(&at_b->runtime->bytes), 64);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outer_fields),
	    cmocka_unit_test(test_inner_untouched),
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_padding_bytes),
	    cmocka_unit_test(test_udp_header),
	    cmocka_unit_test(test_transport4),
	    cmocka_unit_test(test_transport4_options),
	    cmocka_unit_test(test_transport6_extensions),
	    cmocka_unit_test(test_transport_nat_checksum),
	    cmocka_unit_test(test_inner_tos),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_flow_padding),
	    cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

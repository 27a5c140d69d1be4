/* SPDX-License-Identifier: BSD-2-Clause */

/* AH in all modes: what it protects, what may change on the way, and headers that are wrong. */

#include "pair.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ah_header.h"
#include "packet/ip.h"

static struct test_packet t, sent, wire;

struct form {
	uint8_t mode, flags;
	uint16_t inner, outer;
	enum algo algo;
	bool esn;
	uint32_t ah_len;
};

static const struct form forms[] = {
    {UX_MODE_TRANSPORT, 0, AF_INET, AF_INET, CBC128_SHA1, false, 24},
    {UX_MODE_TRANSPORT, 0, AF_INET, AF_INET, CBC256_SHA256, true, 32}, /* 28, filled up */
    {UX_MODE_TRANSPORT, UX_SA_ALIGN4, AF_INET, AF_INET, CBC256_SHA256, false, 28},
    {UX_MODE_TRANSPORT, 0, AF_INET6, AF_INET6, CBC256_SHA512, false, 48},
    {UX_MODE_TRANSPORT, UX_SA_ALIGN4, AF_INET6, AF_INET6, CBC256_SHA256, false, 32},
    {UX_MODE_TUNNEL, 0, AF_INET, AF_INET, CBC192_SHA384, false, 40},
    {UX_MODE_TUNNEL, 0, AF_INET6, AF_INET, CAMELLIA_XCBC, true, 24},
    {UX_MODE_TUNNEL, 0, AF_INET, AF_INET6, CTR192_CMAC, false, 24},
    {UX_MODE_TUNNEL, 0, AF_INET6, AF_INET6, DES3_MD5, false, 24},
    {UX_MODE_BEET, 0, AF_INET, AF_INET, CBC128_SHA1, false, 24},
    {UX_MODE_BEET, 0, AF_INET6, AF_INET, CBC128_SHA1, true, 24},
    {UX_MODE_BEET, 0, AF_INET, AF_INET6, CBC128_SHA1, false, 24},
};
#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

static const char *const inner_ends[2][2] = {{"10.1.0.1", "10.2.0.2"},
					     {"2001:db8:1::1", "2001:db8:2::2"}};
static const char *const outer_ends[2][2] = {{"192.0.2.1", "192.0.2.2"},
					     {"2001:db8::1", "2001:db8::2"}};

static void open_form(struct pair *p, const struct form *f)
{
	const char *const *ends = f->mode == UX_MODE_TRANSPORT ? inner_ends[f->inner == AF_INET6]
							       : outer_ends[f->outer == AF_INET6];
	struct sa_spec sa = {.src = ends[0],
			     .dst = ends[1],
			     .spi = 0x1001,
			     .reqid = 7,
			     .proto = IPPROTO_AH,
			     .mode = f->mode,
			     .flags = f->flags,
			     .algo = f->algo,
			     .window = 64,
			     .esn = f->esn,
			     .oseq = f->esn ? 0x1fffffffeull : 0,
			     .iseq = f->esn ? 0x1fffffffeull : 0};
	struct policy_spec policy = {.family = f->inner,
				     .dir = UX_POLICY_OUT,
				     .mode = f->mode,
				     .proto = IPPROTO_AH,
				     .src = ends[0],
				     .dst = ends[1],
				     .reqid = 7,
				     .n_templates = 1};

	if (f->mode == UX_MODE_BEET) {
		sa.sel_src = inner_ends[f->inner == AF_INET6][0];
		sa.sel_dst = inner_ends[f->inner == AF_INET6][1];
		sa.sel_bits = f->inner == AF_INET ? 32 : 128;
	}
	pair_open(p);
	add_sa(&p->a, &sa);
	add_sa(&p->b, &sa);
	add_policy(&p->a, &policy);
	policy.dir = UX_POLICY_IN;
	add_policy(&p->b, &policy);
	add_local(&p->b, inner_ends[f->inner == AF_INET6][1]);
}

static void send_loaded(struct pair *p)
{
	copy_packet(&sent, &t);
	outbound(&p->a, &t);
	if (t.p.verdict != UXFRM_UNDERLAY)
		fail_msg("not sent: %s", uxfrm_drop_name(t.p.drop));
	copy_packet(&wire, &t);
}

static void send_one(struct pair *p, const struct form *f)
{
	struct inner_spec spec = {.family = f->inner,
				  .payload = 61,
				  .tos = 0x48,
				  .df = true,
				  /* BEET in IPv4 has no place for it */
				  .flow_label = f->outer == AF_INET6 ? 0x12345 : 0};

	make_inner(&t, &spec);
	send_loaded(p);
}

static void expect_delivered(struct pair *p)
{
	inbound(&p->b, &t);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("not delivered: %s", uxfrm_drop_name(t.p.drop));
}

static uint32_t header_len(const struct test_packet *packet)
{
	return packet->p.data[0] >> 4 == 4 ? (packet->p.data[0] & 15u) * 4 : UX_IP6_LEN;
}

static void test_forms(void **state)
{
	for (size_t i = 0; i < N_FORMS; i++) {
		const uint8_t *ah;
		struct pair p;

		print_message("form %zu\n", i);
		open_form(&p, &forms[i]);
		for (uint32_t n = 1; n <= 3; n++) {
			send_one(&p, &forms[i]);
			ah = t.p.data + header_len(&t);
			assert_int_equal(t.p.data[forms[i].outer == AF_INET ? 9 : 6], IPPROTO_AH);
			assert_int_equal(ux_ah_len(ah), forms[i].ah_len);
			assert_int_equal(ux_get_be16(ah + 2), 0);
			assert_int_equal(ux_get_be32(ah + 4), 0x1001);
			assert_int_equal(ux_ah_seq(ah), forms[i].esn ? n - 2 : n);
			expect_delivered(&p);
			assert_int_equal(t.p.len, sent.p.len);
			/* the outer header has no place for an inner one's identification */
			if (forms[i].mode == UX_MODE_BEET && forms[i].inner != forms[i].outer)
				memcpy(t.p.data, sent.p.data, 12);
			assert_memory_equal(t.p.data, sent.p.data, t.p.len);
		}
		copy_packet(&t, &wire);
		expect_drop_in(&p.b, &t, UXFRM_DROP_IN_REPLAY);
		pair_close(&p);
	}
}

/* Bits a router may change: those of type of service, DF and the one before it, TTL and checksum;
 * of IPv6 class, label and hop limit. */
static uint8_t mutable_bits(uint16_t family, uint32_t at)
{
	static const uint8_t bits4[UX_IP4_LEN] = {
	    [1] = 0xff, [6] = 0xc0, [8] = 0xff, [10] = 0xff, [11] = 0xff};
	static const uint8_t bits6[UX_IP6_LEN] = {
	    [0] = 0x0f, [1] = 0xff, [2] = 0xff, [3] = 0xff, [7] = 0xff};

	if (family == AF_INET)
		return at < UX_IP4_LEN ? bits4[at] : 0;
	return at < UX_IP6_LEN ? bits6[at] : 0;
}

static void test_every_bit(void **state)
{
	for (size_t i = 0; i < N_FORMS; i++) {
		uint32_t n_bits;
		struct pair p;

		open_form(&p, &forms[i]);
		send_one(&p, &forms[i]);
		n_bits = wire.p.len * 8;
		for (uint32_t bit = 0; bit < n_bits; bit++) {
			uint8_t mask = (uint8_t)(1 << bit % 8);

			if (mutable_bits(forms[i].outer, bit / 8) & mask)
				continue;
			copy_packet(&t, &wire);
			t.p.data[bit / 8] ^= mask;
			inbound(&p.b, &t);
			if (t.p.verdict == UXFRM_DELIVER)
				fail_msg("form %zu: bit %u is not protected", i, bit);
		}
		/* all that may change, changed, is let in */
		copy_packet(&t, &wire);
		for (uint32_t at = 0; at < header_len(&wire); at++)
			t.p.data[at] ^= mutable_bits(forms[i].outer, at);
		expect_delivered(&p);
		pair_close(&p);
	}
}

/* An IPv4 packet with @len bytes of options and eight of payload. */
static void load_options4(const uint8_t *options, uint32_t len)
{
	struct ux_addr saddr = addr_of(inner_ends[0][0], NULL);
	struct ux_addr daddr = addr_of(inner_ends[0][1], NULL);
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = UX_IP4_LEN + len + 8,
				.id = 5,
				.ttl = 9,
				.proto = 253};
	uint8_t packet[UX_IP4_LEN + 40 + 8] = {0};

	ux_ip4_build(packet, &b);
	packet[0] = (uint8_t)(0x40 | (UX_IP4_LEN + len) / 4);
	memcpy(packet + UX_IP4_LEN, options, len);
	ux_ip4_set_length(packet, b.total_len);
	load(&t, packet, b.total_len);
}

static void test_options4(void **state)
{
	/* record route with room for one, router alert, the end and what is behind it */
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0};
	static const struct {
		uint8_t at, bit;
		bool may;
	} changes[] = {{2, 4, true},   {3, 0xff, true}, {6, 1, true},
		       {10, 1, false}, {8, 1, false},	{11, 1, false}};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct pair p;

		open_form(&p, &forms[0]);
		load_options4(options, sizeof(options));
		send_loaded(&p);
		assert_memory_equal(t.p.data + UX_IP4_LEN, options, sizeof(options));
		t.p.data[UX_IP4_LEN + changes[i].at] ^= changes[i].bit;
		if (changes[i].may) {
			expect_delivered(&p);
			/* as it has become on the way */
			assert_int_equal(t.p.data[UX_IP4_LEN + changes[i].at],
					 options[changes[i].at] ^ changes[i].bit);
		} else {
			inbound(&p.b, &t);
			assert_int_equal(t.p.verdict, UXFRM_DROP);
		}
		pair_close(&p);
	}
}

/* A source route is authenticated as it will be at its end. */
static void test_source_route(void **state)
{
	static const uint8_t options[] = {131, 7, 4, 10, 9, 9, 9, 0};
	struct pair p;

	open_form(&p, &forms[0]);
	load_options4(options, sizeof(options));
	send_loaded(&p);
	assert_memory_equal(t.p.data + 16, sent.p.data + 16, 4); /* not changed by us */
	/* the router in the route sends it on to the last address, which is in the ICV */
	inbound(&p.b, &t);
	assert_int_equal(t.p.drop, UXFRM_DROP_IN_ICV);
	pair_close(&p);
}

static void test_bad_options(void **state)
{
	static const uint8_t rows[][4] = {{7, 1, 0, 0}, {7, 5, 4, 0}, {1, 1, 1, 7}, {131, 4, 4, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair p;

		open_form(&p, &forms[0]);
		load_options4(rows[i], sizeof(rows[i]));
		expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_OPTIONS);
		/* and in a packet that comes */
		load_options4((const uint8_t[4]){1, 1, 1, 1}, 4);
		send_loaded(&p);
		memcpy(t.p.data + UX_IP4_LEN, rows[i], sizeof(rows[i]));
		expect_drop_in(&p.b, &t, UXFRM_DROP_IN_OPTIONS);
		pair_close(&p);
	}
}

/* Hop-by-hop options with one that may change and one that may not, and a route that is done. */
static void test_extensions6(void **state)
{
	static const uint8_t extensions[] = {
	    43,	 1, 0x3e, 2, 1, 2, 0x1e, 4, 1, 2, 3, 4, 1, 2, 0, 0, /* hop-by-hop */
	    253, 0, 2,	  0, 0, 0, 0,	 0			    /* routing */
	};
	struct ux_addr saddr = addr_of(inner_ends[1][0], NULL);
	struct ux_addr daddr = addr_of(inner_ends[1][1], NULL);
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = UX_IP6_LEN + sizeof(extensions) + 8,
				.ttl = 9,
				.proto = 0};
	static const struct {
		uint8_t at;
		bool may;
	} changes[] = {{4, true}, {5, true}, {2, false}, {8, false}, {18, false}, {20, false}};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t packet[128] = {0};
		struct pair p;

		open_form(&p, &forms[3]);
		ux_ip6_build(packet, &b);
		memcpy(packet + UX_IP6_LEN, extensions, sizeof(extensions));
		load(&t, packet, b.total_len);
		send_loaded(&p);
		assert_int_equal(t.p.data[UX_IP6_LEN + 16], IPPROTO_AH);
		t.p.data[UX_IP6_LEN + changes[i].at] ^= 1;
		inbound(&p.b, &t);
		print_message("byte %u\n", changes[i].at);
		assert_int_equal(t.p.verdict, changes[i].may ? UXFRM_DELIVER : UXFRM_DROP);
		if (changes[i].may) {
			sent.p.data[UX_IP6_LEN + changes[i].at] ^= 1;
			assert_memory_equal(t.p.data, sent.p.data, t.p.len);
		}
		pair_close(&p);
	}
}

/* More in front than is kept meanwhile. */
static void test_long_extensions(void **state)
{
	struct ux_addr saddr = addr_of(inner_ends[1][0], NULL);
	struct ux_addr daddr = addr_of(inner_ends[1][1], NULL);
	uint8_t packet[1100] = {0};
	struct ux_ip_build b = {
	    .saddr = &saddr, .daddr = &daddr, .total_len = sizeof(packet), .ttl = 9, .proto = 0};
	struct pair p;

	open_form(&p, &forms[3]);
	ux_ip6_build(packet, &b);
	packet[UX_IP6_LEN] = 253;
	packet[UX_IP6_LEN + 1] = 126; /* 1,016 bytes of Pad1 */
	load(&t, packet, sizeof(packet));
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_OPTIONS);
	pair_close(&p);
}

static void test_bad_lengths(void **state)
{
	for (unsigned int len = 0; len < 256; len++) {
		struct pair p;

		open_form(&p, &forms[1]);
		send_one(&p, &forms[1]);
		t.p.data[UX_IP4_LEN + 1] = (uint8_t)len;
		/* 32 for the ICV asked for; 48 for the whole digest is a header too, of another ICV
		 */
		if (len == 6)
			expect_delivered(&p);
		else
			expect_drop_in(&p.b, &t,
				       len == 10 ? UXFRM_DROP_IN_ICV : UXFRM_DROP_IN_SHORT);
		pair_close(&p);
	}
}

static void test_cut_short(void **state)
{
	for (uint32_t len = UX_IP4_LEN; len < UX_IP4_LEN + 32; len++) {
		struct pair p;

		open_form(&p, &forms[1]);
		send_one(&p, &forms[1]);
		t.p.len = len;
		ux_ip4_set_length(t.p.data, len);
		expect_drop_in(&p.b, &t,
			       len < UX_IP4_LEN + UX_AH_FIXED_LEN ? UXFRM_DROP_IN_HEADER
								  : UXFRM_DROP_IN_SHORT);
		pair_close(&p);
	}
}

/* A raw socket would give another identification to one that is 0. */
static void test_identification(void **state)
{
	struct inner_spec spec = {.family = AF_INET, .payload = 20};
	struct pair p;

	open_form(&p, &forms[0]);
	make_inner(&t, &spec);
	ux_put_be16(t.p.data + 4, 0);
	ux_ip4_set_length(t.p.data, t.p.len);
	send_loaded(&p);
	assert_int_not_equal(ux_get_be16(t.p.data + 4), 0);
	expect_delivered(&p);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_options4),	    cmocka_unit_test(test_source_route),
	    cmocka_unit_test(test_bad_options),	    cmocka_unit_test(test_extensions6),
	    cmocka_unit_test(test_long_extensions), cmocka_unit_test(test_bad_lengths),
	    cmocka_unit_test(test_cut_short),	    cmocka_unit_test(test_identification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

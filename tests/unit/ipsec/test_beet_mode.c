/* SPDX-License-Identifier: BSD-2-Clause */
/* BEET mode: what the wire shows, and that the inner packet comes back. */
#include "pair.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"

#define SRC4 "10.1.0.1"
#define DST4 "10.2.0.2"
#define SRC6 "2001:db8:1::1"
#define DST6 "2001:db8:2::2"

static struct test_packet t, before;

struct path {
	uint16_t inner;
	const char *src, *dst; /* of the SA */
};
static const struct path paths[] = {
    {AF_INET, "192.0.2.1", "192.0.2.2"},
    {AF_INET6, "192.0.2.1", "192.0.2.2"},
    {AF_INET, "2001:db8:f::1", "2001:db8:f::2"},
    {AF_INET6, "2001:db8:f::1", "2001:db8:f::2"},
};
#define N_PATHS (sizeof(paths) / sizeof(paths[0]))

static struct ux_sa *set_up(struct pair *p, const struct path *path, struct sa_spec spec)
{
	bool v4 = path->inner == AF_INET;
	struct policy_spec policy = {.family = path->inner,
				     .mode = UX_MODE_BEET,
				     .src = path->src,
				     .dst = path->dst,
				     .reqid = 3,
				     .n_templates = 1};
	struct ux_sa *at_a;

	pair_open(p);
	spec.src = path->src;
	spec.dst = path->dst;
	spec.mode = UX_MODE_BEET;
	spec.spi = 0xabc00001;
	spec.reqid = 3;
	spec.window = 64;
	spec.sel_src = v4 ? SRC4 : SRC6;
	spec.sel_dst = v4 ? DST4 : DST6;
	spec.sel_bits = v4 ? 32 : 128;
	at_a = add_sa(&p->a, &spec);
	add_sa(&p->b, &spec);
	policy.dir = UX_POLICY_OUT;
	add_policy(&p->a, &policy);
	policy.dir = UX_POLICY_IN;
	add_policy(&p->b, &policy);
	add_local(&p->b, v4 ? DST4 : DST6);
	return at_a;
}

static void check_outer(const struct path *path, bool udp, const struct inner_spec *inner)
{
	struct ux_addr saddr, daddr, src = addr_of(path->src, NULL), dst = addr_of(path->dst, NULL);
	struct ux_ip_info info;

	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
	assert_int_equal(info.proto, udp ? 17 : 50);
	assert_int_equal(info.tos, inner->tos);
	assert_int_equal(t.p.data[info.family == AF_INET ? 8 : 7], 63); /* the inner one's */
	ux_ip_addresses(t.p.data, info.family, &saddr, &daddr);
	assert_true(ux_addr_equal(&saddr, &src, info.family));
	assert_true(ux_addr_equal(&daddr, &dst, info.family));
	if (info.family == AF_INET)
		assert_int_equal(info.df, path->inner == AF_INET6 || inner->df);
}

static void carry(struct pair *p, const struct path *path, const struct inner_spec *inner, bool udp)
{
	uint32_t base = path->inner == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
	bool same = (path->src[4] == ':') == (path->inner == AF_INET6);

	make_inner(&t, inner);
	copy_packet(&before, &t);
	outbound(&p->a, &t);
	check_outer(path, udp, inner);
	inbound(&p->b, &t);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("%s, %u bytes: %s", path->src, inner->payload, uxfrm_drop_name(t.p.drop));
	assert_int_equal(t.p.len, before.p.len);
	/* another family in between forgets identification and DF, and nothing else */
	if (same || path->inner == AF_INET6)
		assert_memory_equal(t.p.data, before.p.data, base);
	else
		assert_memory_equal(t.p.data + 12, before.p.data + 12, 8);
	assert_memory_equal(t.p.data + base, before.p.data + base, inner->payload);
}

static void test_round_trip(void **state)
{
	static const uint32_t sizes[] = {1,   2,    7,	 8,
					 100, 1400, 9000}; /* ESP carries no empty payload */

	for (size_t i = 0; i < N_PATHS; i++) {
		for (int algo = 0; algo < ALGO_COUNT; algo++) {
			struct sa_spec spec = {.algo = algo, .esn = algo & 1};
			struct pair p;

			if (algo & 2)
				spec.sport = spec.dport = 4500;
			set_up(&p, &paths[i], spec);
			for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
				struct inner_spec inner = {.family = paths[i].inner,
							   .payload = sizes[s],
							   .tos = 0xb9,
							   .df = s & 1};

				carry(&p, &paths[i], &inner, algo & 2);
			}
			pair_close(&p);
		}
	}
}

/* An IPv4 packet with @options bytes of options, each of which can be told from the others. */
static void make_with_options(uint32_t options)
{
	struct inner_spec inner = {.family = AF_INET, .payload = options + 50, .proto = 17};

	make_inner(&t, &inner);
	t.p.data[0] = (uint8_t)(0x40 | (UX_IP4_LEN + options) / 4);
	for (uint32_t i = 0; i < options; i++)
		t.p.data[UX_IP4_LEN + i] = (uint8_t)(0x80 + i);
	ux_ip4_set_length(t.p.data, t.p.len);
}

static void test_options(void **state)
{
	for (size_t i = 0; i < N_PATHS; i += 2) {
		struct sa_spec spec = {.algo = NULL_SHA256};
		struct pair p;

		set_up(&p, &paths[i], spec);
		for (uint32_t options = 4; options <= 40; options += 4) {
			uint32_t outer = i ? UX_IP6_LEN : UX_IP4_LEN;
			const uint8_t *ph;

			make_with_options(options);
			copy_packet(&before, &t);
			outbound(&p.a, &t);
			assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
			ph = t.p.data + outer + 8; /* nothing is encrypted */
			assert_int_equal(ph[0], 17);
			assert_int_equal(ph[1], options / 8);
			assert_int_equal(ph[2], options & 4 ? 0 : 4);
			assert_memory_equal(ph + 4 + ph[2], before.p.data + UX_IP4_LEN, options);
			inbound(&p.b, &t);
			assert_int_equal(t.p.verdict, UXFRM_DELIVER);
			assert_int_equal(t.p.len, before.p.len);
			if (!i) /* the header too, checksum included */
				assert_memory_equal(t.p.data, before.p.data, UX_IP4_LEN);
			assert_memory_equal(t.p.data + UX_IP4_LEN, before.p.data + UX_IP4_LEN,
					    before.p.len - UX_IP4_LEN);
		}
		pair_close(&p);
	}
}

static void test_malformed_options(void **state)
{
	static const struct {
		uint8_t head[4];
		uint32_t len;
		enum uxfrm_drop reason; /* NONE: goes through */
	} rows[] = {
	    {{17, 0, 0, 0}, 8, UXFRM_DROP_NONE},	     /* 4 bytes of options */
	    {{17, 0, 4, 0}, 8, UXFRM_DROP_NONE},	     /* none at all */
	    {{17, 0, 5, 0}, 8, UXFRM_DROP_IN_MODE},	     /* more padding than there is room */
	    {{17, 0, 1, 0}, 8, UXFRM_DROP_IN_MODE},	     /* options of 3 bytes */
	    {{17, 1, 0, 0}, 8, UXFRM_DROP_IN_MODE},	     /* longer than the payload */
	    {{17, 5, 0, 0}, 48, UXFRM_DROP_IN_MODE},	     /* 44 bytes: no header is so long */
	    {{17, 5, 4, 0}, 48, UXFRM_DROP_NONE},	     /* 40 */
	    {{17, 255, 255, 255}, 1400, UXFRM_DROP_IN_MODE}, /* the largest there are */
	};
	struct sa_spec spec = {.algo = NULL_SHA256};
	static uint8_t plain[1408];
	struct ux_sa *at_a;
	struct pair p;

	at_a = set_up(&p, &paths[0], spec);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(plain, 1, sizeof(plain));
		memcpy(plain, rows[i].head, 4);
		plain[rows[i].len + 2] = 2; /* padding of 1, 2; next header */
		plain[rows[i].len + 1] = 2;
		plain[rows[i].len] = 1;
		plain[rows[i].len + 3] = 94;
		plain[rows[i].len + 2] = 2;
		craft(&p.a, &t, at_a, i + 1, plain, rows[i].len + 4);
		if (rows[i].reason != UXFRM_DROP_NONE) {
			expect_drop_in(&p.b, &t, rows[i].reason);
			continue;
		}
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	}
	/* shorter than its header; and in IPv6 there is no such thing */
	memcpy(plain, (uint8_t[]){17, 0, 1, 1, 2, 94}, 6);
	plain[2] = 0;
	memcpy(plain, (uint8_t[]){17, 0, 0, 94}, 4);
	craft(&p.a, &t, at_a, 100, plain, 4);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_MODE);
	pair_close(&p);
	at_a = set_up(&p, &paths[3], spec);
	memset(plain, 1, sizeof(plain));
	plain[10] = 2;
	plain[11] = 94;
	plain[8] = 1;
	plain[9] = 2;
	craft(&p.a, &t, at_a, 1, plain, 12);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_MODE);
	pair_close(&p);
}

static void test_fragments_wait(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 64};
	struct pair p;

	set_up(&p, &paths[0], spec);
	make_inner(&t, &inner);
	t.p.data[6] = 0x20; /* more fragments */
	ux_ip4_set_length(t.p.data, t.p.len);
	expect_drop_out(&p.a, &t, UXFRM_DROP_FRAGMENT);
	pair_close(&p);
}

/* In IPv6 it is a header like others. */
static void test_fragments6(void **state)
{
	static const uint8_t fragment[8] = {17, 0, 0, 1, 1, 2, 3, 4}; /* the first of some */

	for (size_t i = 1; i < N_PATHS; i += 2) {
		struct sa_spec spec = {.algo = GCM128_16};
		struct inner_spec inner = {.family = AF_INET6, .payload = 64, .proto = 44};
		struct pair p;

		set_up(&p, &paths[i], spec);
		make_inner(&t, &inner);
		memcpy(t.p.data + UX_IP6_LEN, fragment, sizeof(fragment));
		copy_packet(&before, &t);
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
		assert_int_equal(t.p.len, before.p.len);
		assert_memory_equal(t.p.data, before.p.data, before.p.len);
		pair_close(&p);
	}
}

/* What does not lie between the two hosts of the selector is not this SA's. */
static void test_others(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct inner_spec inner = {.family = AF_INET, .payload = 64, .dst = "10.2.0.3"};
	struct pair p;

	set_up(&p, &paths[0], spec);
	make_inner(&t, &inner);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),	      cmocka_unit_test(test_options),
	    cmocka_unit_test(test_malformed_options), cmocka_unit_test(test_fragments_wait),
	    cmocka_unit_test(test_fragments6),	      cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

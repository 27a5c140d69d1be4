/* SPDX-License-Identifier: BSD-2-Clause */

/* Each reason for which an inbound packet is dropped, reached by a packet, moves its own counter
 * and no other. */

#include "pair.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/fragment.h"
#include "packet/ip.h"

static struct test_packet t, copy;

static void inner4(uint32_t payload)
{
	struct inner_spec spec = {.family = AF_INET, .payload = payload};

	make_inner(&t, &spec);
}

static void on_wire(struct pair *p)
{
	inner4(100);
	outbound(&p->a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
}

static void test_in_header(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .sport = 4500, .dport = 4500};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	on_wire(&p);
	copy_packet(&copy, &t);
	copy.p.len = 10; /* cut short */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_HEADER);
	copy_packet(&copy, &t);
	copy.p.data[9] = 6; /* TCP */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_HEADER);
	copy_packet(&copy, &t);
	memset(copy.p.data + 28, 0, 4); /* non-ESP marker */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_HEADER);
	copy_packet(&copy, &t);
	ux_put_be16(copy.p.data + 24, 15); /* UDP with 7 bytes */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_HEADER);
	copy_packet(&copy, &t);
	ux_put_be16(copy.p.data + 24, 6000); /* longer than the packet */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_HEADER);
	t.p.len = 27;
	ux_ip4_set_length(t.p.data, 27);
	t.p.data[9] = 50; /* seven bytes of ESP */
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_HEADER);
	pair_close(&p);
}

static void test_in_no_sa(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	on_wire(&p);
	copy_packet(&copy, &t);
	copy.p.data[23] ^= 1; /* SPI */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_NO_SA);
	t.p.data[19] ^= 1; /* destination */
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_SA);
	pair_close(&p);
}

static void test_mark_selects(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	spec = (struct sa_spec){.src = "192.0.2.1",
				.dst = "192.0.2.2",
				.spi = 0x2000,
				.mode = UX_MODE_TUNNEL,
				.mark = {5, 0xff}};
	add_sa(&p.b, &spec);
	on_wire(&p);
	ux_put_be32(t.p.data + 20, 0x2000);
	copy_packet(&copy, &t);
	copy.p.mark = 6;
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_NO_SA);
	t.p.mark = 0x105;
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_ICV); /* found: only the key's use differs */
	pair_close(&p);
}

static void test_in_larval(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	spec = (struct sa_spec){.src = "192.0.2.1",
				.dst = "192.0.2.2",
				.spi = 0x2000,
				.mode = UX_MODE_TUNNEL,
				.larval = true};
	add_sa(&p.b, &spec);
	on_wire(&p);
	ux_put_be32(t.p.data + 20, 0x2000);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_LARVAL);
	pair_close(&p);
}

static void test_in_encap(void **state)
{
	struct sa_spec plain = {.src = "192.0.2.1",
				.dst = "192.0.2.2",
				.spi = 0x1001,
				.reqid = 7,
				.mode = UX_MODE_TUNNEL,
				.algo = GCM128_16};
	struct sa_spec udp = plain;
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .reqid = 7,
				     .n_templates = 1};
	struct pair p;

	udp.sport = udp.dport = 4500;
	policy.src = plain.src;
	policy.dst = plain.dst;
	pair_open(&p);
	add_policy(&p.a, &policy);
	add_sa(&p.a, &plain);
	add_sa(&p.b, &udp);
	on_wire(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_ENCAP);
	pair_close(&p);
	pair_open(&p);
	add_policy(&p.a, &policy);
	add_sa(&p.a, &udp);
	add_sa(&p.b, &plain);
	on_wire(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_ENCAP);
	pair_close(&p);
}

static void test_direction(void **state)
{
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .spi = 0x1001,
			       .reqid = 7,
			       .mode = UX_MODE_TUNNEL,
			       .algo = GCM128_16};
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .reqid = 7,
				     .n_templates = 1};
	struct pair p;

	pair_open(&p);
	add_policy(&p.a, &policy);
	add_policy(&p.b, &policy);
	spec.dir = UX_SA_DIR_OUT;
	add_sa(&p.a, &spec);
	on_wire(&p);
	add_sa(&p.b, &spec);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_DIRECTION);
	pair_close(&p);
	pair_open(&p);
	add_policy(&p.a, &policy);
	spec.dir = UX_SA_DIR_IN;
	spec.window = 32;
	add_sa(&p.a, &spec);
	inner4(10);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_DIRECTION);
	pair_close(&p);
}

static void test_replay(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 32};
	struct ux_sa *at_b;
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, &at_b);
	on_wire(&p);
	copy_packet(&copy, &t);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	copy_packet(&t, &copy);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_REPLAY);
	assert_int_equal(atomic_load(&at_b->runtime->stats.replay), 1);
	copy_packet(&t, &copy);
	ux_put_be32(t.p.data + 24, 0);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_SEQ_ZERO);
	for (int i = 0; i < 32; i++) {
		on_wire(&p);
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	}
	/* number 1 is now left of the window 2..33 */
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_TOO_OLD);
	assert_int_equal(atomic_load(&at_b->runtime->stats.replay_window), 1);
	pair_close(&p);
}

static void test_in_icv(void **state)
{
	struct pair p;

	for (int algo = 0; algo < ALGO_COUNT; algo++) {
		struct sa_spec spec = {.algo = algo, .window = 32};
		struct ux_sa *at_b;
		uint32_t n = 0;

		pair_open(&p);
		usual_tunnel(&p, &spec, &at_b);
		on_wire(&p);
		/* the sequence number as well: it is authenticated, though sent in clear */
		for (uint32_t i = 27; i < t.p.len; i += 3, n++) {
			copy_packet(&copy, &t);
			copy.p.data[i] ^= 0x40;
			expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_ICV);
		}
		assert_int_equal(atomic_load(&at_b->runtime->stats.integrity_failed), n);
		/* none of them has used up the number */
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
		pair_close(&p);
	}
}

static void test_in_short(void **state)
{
	struct sa_spec spec = {.algo = CBC128_SHA1};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (uint32_t esp = 8; esp < 8 + 16 + 12 + 16; esp++) {
		on_wire(&p);
		t.p.len = 20 + esp;
		ux_ip4_set_length(t.p.data, t.p.len);
		expect_drop_in(&p.b, &t, UXFRM_DROP_IN_SHORT);
	}
	pair_close(&p);
}

static void test_in_trailer_and_inner(void **state)
{
	static const struct {
		uint8_t pad, next;
		uint32_t len;
		enum uxfrm_drop reason;
	} rows[] = {
	    {255, 4, 64, UXFRM_DROP_IN_PADDING}, {63, 4, 64, UXFRM_DROP_IN_PADDING},
	    {62, 4, 64, UXFRM_DROP_IN_PADDING}, /* nothing left */
	    {62, 59, 64, UXFRM_DROP_IN_DUMMY},	 {0, 59, 64, UXFRM_DROP_IN_DUMMY},
	    {2, 50, 64, UXFRM_DROP_IN_MODE},	 {2, 17, 64, UXFRM_DROP_IN_MODE},
	    {2, 4, 64, UXFRM_DROP_IN_INNER}, /* zeros are no IPv4 packet */
	    {2, 41, 64, UXFRM_DROP_IN_INNER},
	    {50, 4, 64, UXFRM_DROP_IN_MODE}, /* shorter than a header */
	    {30, 41, 64, UXFRM_DROP_IN_MODE},
	};
	struct sa_spec spec = {.algo = NULL_SHA256, .window = 64};
	struct ux_sa *at_a;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t plain[64] = {0};

		plain[62] = rows[i].pad;
		plain[63] = rows[i].next;
		craft(&p.a, &t, at_a, i + 1, plain, rows[i].len);
		copy_packet(&copy, &t);
		t.p.size = UXFRM_HEADROOM + t.p.len; /* nothing behind it */
		expect_drop_in(&p.b, &t, rows[i].reason);
		/* genuine, so its number is used up */
		expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_REPLAY);
	}
	pair_close(&p);
}

static void test_in_inner_version(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256};
	struct inner_spec inner = {.family = AF_INET, .payload = 42};
	struct ux_sa *at_a;
	uint8_t plain[64];
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, NULL);
	make_inner(&t, &inner);
	memcpy(plain, t.p.data, 62);
	plain[62] = 0;
	plain[63] = 41;
	craft(&p.a, &t, at_a, 1, plain, 64);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_INNER);
	plain[63] = 4;
	craft(&p.a, &t, at_a, 2, plain, 64);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	pair_close(&p);
}

static void test_in_inner_transport(void **state)
{
	struct sa_spec spec = {.src = "2001:db8::1",
			       .dst = "2001:db8::2",
			       .spi = 9,
			       .mode = UX_MODE_TRANSPORT,
			       .algo = NULL_SHA256};
	uint8_t plain[64] = {59, 200}; /* options of 1608 bytes */
	struct ux_sa *at_a;
	struct pair p;

	pair_open(&p);
	at_a = add_sa(&p.a, &spec);
	add_sa(&p.b, &spec);
	plain[63] = 60;
	craft(&p.a, &t, at_a, 1, plain, 64);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_INNER);
	pair_close(&p);
}

static void test_expired(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .hard_packets = 2};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < 2; i++) {
		on_wire(&p);
		copy_packet(&copy, &t);
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	}
	ux_put_be32(copy.p.data + 24, 3);
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_EXPIRED);
	inner4(10);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_EXPIRED);
	pair_close(&p);
}

static void test_fragment(void **state)
{
	struct sa_spec spec = {.src = "10.1.0.1",
			       .dst = "10.2.0.2",
			       .spi = 5,
			       .mode = UX_MODE_TRANSPORT,
			       .algo = GCM128_16};
	struct policy_spec policy = {
	    .family = AF_INET, .dir = UX_POLICY_OUT, .mode = UX_MODE_TRANSPORT, .n_templates = 1};
	static uint8_t pieces[2][2000];
	struct ux_fragmenter f;
	struct pair p;
	uint32_t len;

	pair_open(&p);
	add_sa(&p.a, &spec);
	add_policy(&p.a, &policy);
	inner4(1000);
	assert_true(ux_fragment_begin(&f, t.p.data, t.p.len, 600, 0));
	while ((len = ux_fragment_next(&f, pieces[0]))) {
		load(&t, pieces[0], len);
		expect_drop_out(&p.a, &t, UXFRM_DROP_FRAGMENT);
	}
	/* fragments of an outer packet are not for the engine either */
	pair_close(&p);
	pair_open(&p);
	spec = (struct sa_spec){.algo = GCM128_16};
	usual_tunnel(&p, &spec, NULL);
	inner4(1000);
	outbound(&p.a, &t);
	assert_true(ux_fragment_begin(&f, t.p.data, t.p.len, 600, 0));
	len = ux_fragment_next(&f, pieces[1]);
	load(&t, pieces[1], len);
	expect_drop_in(&p.b, &t, UXFRM_DROP_FRAGMENT);
	/* but a fragment inside a tunnel is only payload */
	load(&t, pieces[0], 20 + 0);
	inner4(64);
	ux_put_be16(t.p.data + 6, 0x2000 | 5);
	ux_ip4_set_length(t.p.data, t.p.len);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	pair_close(&p);
}

static void test_keepalive(void **state)
{
	static const uint8_t keepalive[29] = {0x45, 0,	  0,	29,   0, 0, 0,	 0, 64,	 17,
					      0,    0,	  192,	0,    2, 1, 192, 0, 2,	 2,
					      0x11, 0x94, 0x11, 0x94, 0, 9, 0,	 0, 0xff};
	struct uxfrm_packet_stats stats;
	struct pair p;

	pair_open(&p);
	load(&t, keepalive, sizeof(keepalive));
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_CONSUMED);
	uxfrm_packet_stats_get(p.b.u, &stats);
	for (int i = 0; i < UXFRM_DROP_COUNT; i++)
		assert_int_equal(stats.drops[i], 0);
	t.p.data[28] = 0xfe; /* one byte of anything else is not one */
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_HEADER);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_header),	     cmocka_unit_test(test_in_no_sa),
	    cmocka_unit_test(test_mark_selects),     cmocka_unit_test(test_in_larval),
	    cmocka_unit_test(test_in_encap),	     cmocka_unit_test(test_direction),
	    cmocka_unit_test(test_replay),	     cmocka_unit_test(test_in_icv),
	    cmocka_unit_test(test_in_short),	     cmocka_unit_test(test_in_trailer_and_inner),
	    cmocka_unit_test(test_in_inner_version), cmocka_unit_test(test_in_inner_transport),
	    cmocka_unit_test(test_expired),	     cmocka_unit_test(test_fragment),
	    cmocka_unit_test(test_keepalive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

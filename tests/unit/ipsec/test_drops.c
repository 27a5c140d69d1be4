/* SPDX-License-Identifier: BSD-2-Clause */

/* Each reason for which the path drops a packet, reached by a packet, moves its own counter and no
 * other. */

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

/* One good packet of @p's tunnel, as it is on the wire. */
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
	assert_int_equal(atomic_load(&at_b->stats.replay), 1);
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
	assert_int_equal(atomic_load(&at_b->stats.replay_window), 1);
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
		assert_int_equal(atomic_load(&at_b->stats.integrity_failed), n);
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

/* Plaintexts no peer sends, enciphered right. */
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
		expect_drop_in(&p.b, &t, rows[i].reason);
		/* genuine, so its number is used up */
		expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_REPLAY);
	}
	pair_close(&p);
}

/* The inner version must be what the next header says. */
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

/* Transport mode: what ESP carried does not make a packet with this header. */
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

static void test_in_policy(void **state)
{
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .spi = 0x1001,
			       .reqid = 7,
			       .mode = UX_MODE_TUNNEL,
			       .algo = GCM128_16};
	struct policy_spec out = {.family = AF_INET,
				  .dir = UX_POLICY_OUT,
				  .mode = UX_MODE_TUNNEL,
				  .src = "192.0.2.1",
				  .dst = "192.0.2.2",
				  .reqid = 7,
				  .n_templates = 1};
	struct policy_spec in = out;
	struct pair p;

	pair_open(&p);
	add_policy(&p.a, &out);
	add_sa(&p.a, &spec);
	add_sa(&p.b, &spec);
	on_wire(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_POLICY);
	/* the destination is not local: the in policy does not apply, the fwd policy does */
	in.dir = UX_POLICY_IN;
	add_policy(&p.b, &in);
	on_wire(&p);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_POLICY);
	add_local(&p.b, "10.2.0.2");
	on_wire(&p);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	in.dport = 0;
	in.priority = 0;
	in.mark = 9; /* sorts apart from the first */
	in.action = UX_POLICY_BLOCK;
	in.n_templates = 0;
	add_policy(&p.b, &in);
	on_wire(&p);
	t.p.mark = 9;
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER); /* the older one of equal priority */
	pair_close(&p);
}

static void test_in_block(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct policy_spec block = {.family = AF_INET,
				    .dir = UX_POLICY_FWD,
				    .action = UX_POLICY_BLOCK,
				    .mode = UX_MODE_TUNNEL};
	struct inner_spec inner = {.family = AF_INET, .payload = 9, .dst = "10.9.9.9"};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	add_policy(&p.b, &block);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_BLOCK);
	pair_close(&p);
}

/* What a template may demand of the SA, and what it then drops. */
static void test_in_template(void **state)
{
	static const struct {
		struct policy_spec in;
		bool fits;
	} rows[] = {
	    {{.mode = UX_MODE_TUNNEL, .src = "192.0.2.1", .dst = "192.0.2.2", .reqid = 7}, true},
	    {{.mode = UX_MODE_TUNNEL}, true}, /* any addresses, any reqid */
	    {{.mode = UX_MODE_TUNNEL, .spi = 0x1001}, true},
	    {{.mode = UX_MODE_TUNNEL, .spi = 0x1002}, false},
	    {{.mode = UX_MODE_TUNNEL, .reqid = 8}, false},
	    {{.mode = UX_MODE_TUNNEL, .src = "192.0.2.9", .dst = "192.0.2.2"}, false},
	    {{.mode = UX_MODE_TUNNEL, .src = "192.0.2.1", .dst = "192.0.2.9"}, false},
	    {{.mode = UX_MODE_TUNNEL, .src = "2001:db8::1", .dst = "2001:db8::2"}, false},
	    {{.mode = UX_MODE_TUNNEL, .reqid = 8, .optional = true},
	     false}, /* tunnel not asked for */
	    {{.mode = UX_MODE_TUNNEL, .reqid = 7, .optional = true}, true},
	    {{.mode = UX_MODE_TRANSPORT, .reqid = 7}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sa_spec spec = {.src = "192.0.2.1",
				       .dst = "192.0.2.2",
				       .spi = 0x1001,
				       .reqid = 7,
				       .mode = UX_MODE_TUNNEL,
				       .algo = GCM128_16};
		struct policy_spec out = {.family = AF_INET,
					  .dir = UX_POLICY_OUT,
					  .mode = UX_MODE_TUNNEL,
					  .src = "192.0.2.1",
					  .dst = "192.0.2.2",
					  .reqid = 7,
					  .n_templates = 1};
		struct policy_spec in = rows[i].in;
		struct pair p;

		pair_open(&p);
		in.family = AF_INET;
		in.dir = UX_POLICY_FWD;
		in.n_templates = 1;
		add_policy(&p.a, &out);
		add_policy(&p.b, &in);
		add_sa(&p.a, &spec);
		add_sa(&p.b, &spec);
		on_wire(&p);
		print_message("template %zu\n", i);
		if (rows[i].fits) {
			inbound(&p.b, &t);
			assert_int_equal(t.p.verdict, UXFRM_DELIVER);
		} else {
			expect_drop_in(&p.b, &t, UXFRM_DROP_IN_TEMPLATE);
		}
		pair_close(&p);
	}
}

/* Two templates, one SA: one of them was not fulfilled. An allow policy does not admit a tunnel. */
static void test_in_template_count(void **state)
{
	static const uint8_t counts[] = {0, 2};

	for (size_t i = 0; i < 2; i++) {
		struct sa_spec spec = {.algo = GCM128_16};
		struct policy_spec in = {.family = AF_INET,
					 .dir = UX_POLICY_FWD,
					 .mode = UX_MODE_TUNNEL,
					 .reqid = 7,
					 .n_templates = counts[i]};
		struct inner_spec inner = {.family = AF_INET, .payload = 9, .dst = "10.9.9.9"};
		struct pair p;

		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		add_policy(&p.b, &in);
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		expect_drop_in(&p.b, &t, UXFRM_DROP_IN_TEMPLATE);
		pair_close(&p);
	}
}

static void test_in_selector(void **state)
{
	static const struct {
		const char *dst;
		uint8_t bits;
		uint16_t inner;
		bool fits;
	} rows[] = {
	    {"10.2.0.0", 16, AF_INET, true},	  {"10.3.0.0", 16, AF_INET, false},
	    {"0.0.0.0", 0, AF_INET, true},	  {"0.0.0.0", 0, AF_INET6, true},
	    {"2001:db8:2::", 48, AF_INET6, true}, {"2001:db8:3::", 48, AF_INET6, false},
	    {"a02::", 16, AF_INET, false}, /* the same bytes, another family */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sa_spec spec = {.algo = GCM128_16}, limited;
		struct inner_spec inner = {.family = rows[i].inner, .payload = 30};
		struct pair p;

		pair_open(&p);
		usual_tunnel(&p, &spec, NULL);
		limited = (struct sa_spec){.src = "192.0.2.1",
					   .dst = "192.0.2.2",
					   .spi = 0x2002,
					   .reqid = 7,
					   .mode = UX_MODE_TUNNEL,
					   .sel_dst = rows[i].dst,
					   .sel_bits = rows[i].bits};
		add_sa(&p.b, &limited);
		/* the sender's own SA has this SPI and no selector */
		limited.sel_dst = NULL;
		limited.flags = UX_SA_AF_UNSPEC;
		struct ux_sa *at_a = add_sa(&p.a, &limited);
		uint8_t plain[128] = {0};
		uint32_t len;

		make_inner(&t, &inner);
		len = t.p.len;
		memcpy(plain, t.p.data, len);
		plain[126] = (uint8_t)(126 - len);
		plain[127] = rows[i].inner == AF_INET ? 4 : 41;
		craft(&p.a, &t, at_a, 1, plain, 128);
		print_message("selector %zu\n", i);
		if (rows[i].fits) {
			inbound(&p.b, &t);
			assert_int_equal(t.p.verdict, UXFRM_DELIVER);
			assert_int_equal(t.p.len, len);
		} else {
			expect_drop_in(&p.b, &t, UXFRM_DROP_IN_SELECTOR);
		}
		pair_close(&p);
	}
}

static void test_out_header(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	inner4(10);
	t.p.len = 0;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_HEADER);
	inner4(10);
	t.p.len--;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_HEADER);
	inner4(10);
	t.p.data[0] = 0x15;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_HEADER);
	pair_close(&p);
}

static void test_out_policy(void **state)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .n_templates = 1};
	struct uxfrm_packet_stats stats;
	struct pair p;

	pair_open(&p);
	inner4(10);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS); /* no policy */
	add_policy(&p.a, &policy);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	policy.optional = true;
	add_policy(&p.b, &policy);
	outbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS); /* optional, and no SA: as Linux */
	assert_int_equal(t.p.len, 30);
	uxfrm_packet_stats_get(p.b.u, &stats);
	assert_int_equal(stats.bypassed, 1);
	pair_close(&p);
	pair_open(&p);
	policy.action = UX_POLICY_BLOCK;
	policy.n_templates = 0;
	add_policy(&p.a, &policy);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_BLOCK);
	pair_close(&p);
}

static void test_out_seq(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .oseq = UINT32_MAX - 2};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	on_wire(&p);
	assert_int_equal(ux_get_be32(t.p.data + 24), UINT32_MAX - 1);
	on_wire(&p);
	assert_int_equal(ux_get_be32(t.p.data + 24), UINT32_MAX);
	for (int i = 0; i < 3; i++) {
		inner4(10);
		expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_SEQ);
	}
	pair_close(&p);
}

/* The last numbers go to the first packets of a burst; the others are refused. */
static void test_out_seq_in_burst(void **state)
{
	static struct test_packet burst[8];
	struct sa_spec spec = {
	    .algo = GCM128_16, .esn = true, .window = 32, .oseq = UINT64_MAX - 5};
	struct uxfrm_packet *packets[8];
	struct inner_spec inner = {.family = AF_INET, .payload = 1};
	struct ux_sa *at_a;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < 8; i++) {
		make_inner(&burst[i], &inner);
		packets[i] = &burst[i].p;
	}
	uxfrm_outbound(p.a.w, packets, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(packets[i]->verdict, i < 5 ? UXFRM_UNDERLAY : UXFRM_DROP);
	assert_int_equal(drops(&p.a, UXFRM_DROP_OUT_SEQ), 3);
	assert_true(atomic_load(&at_a->runtime->oseq) == UINT64_MAX);
	assert_int_equal(atomic_load(&at_a->runtime->packets), 5);
	pair_close(&p);
}

static void test_oseq_may_wrap(void **state)
{
	struct sa_spec spec = {
	    .algo = GCM128_16, .oseq = UINT32_MAX, .extra_flags = UX_SA_EXTRA_OSEQ_MAY_WRAP};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (uint32_t i = 0; i < 3; i++) {
		on_wire(&p);
		assert_int_equal(ux_get_be32(t.p.data + 24), i);
	}
	pair_close(&p);
}

static void test_out_iv(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct ux_sa *at_a;
	struct pair p;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, NULL);
	atomic_store(&at_a->runtime->iv->next, UINT64_MAX);
	inner4(10);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_IV);
	pair_close(&p);
}

static void test_out_room(void **state)
{
	struct sa_spec spec = {.algo = CBC256_SHA512, .sport = 4500, .dport = 4500};
	/* IPv4, UDP, ESP, IV in front; 14 of padding, 2, ICV behind for 30 bytes of payload */
	const uint32_t front = 20 + 8 + 8 + 16, behind = 2 + 32;
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int missing = 0; missing < 2; missing++) {
		inner4(10);
		t.p.buf = t.p.data - front + missing;
		t.p.size = front - missing + t.p.len + behind;
		if (missing) {
			expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_ROOM);
			continue;
		}
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_ptr_equal(t.p.data, t.p.buf);
		assert_int_equal(t.p.len, t.p.size);
	}
	inner4(10);
	t.p.size = UXFRM_HEADROOM + t.p.len + behind - 1;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_ROOM);
	pair_close(&p);
}

static void test_out_too_big(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	/* 65535 - 20 (IP) - 8 (ESP) - 8 (IV) - 16 (ICV) = 65483: 65480 with padding, 2 of them the
	 * trailer */
	inner4(65478 - 20);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(t.p.len, 65532);
	inner4(65479 - 20);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_TOO_BIG);
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
	    cmocka_unit_test(test_in_header),
	    cmocka_unit_test(test_in_no_sa),
	    cmocka_unit_test(test_mark_selects),
	    cmocka_unit_test(test_in_larval),
	    cmocka_unit_test(test_in_encap),
	    cmocka_unit_test(test_direction),
	    cmocka_unit_test(test_replay),
	    cmocka_unit_test(test_in_icv),
	    cmocka_unit_test(test_in_short),
	    cmocka_unit_test(test_in_trailer_and_inner),
	    cmocka_unit_test(test_in_inner_version),
	    cmocka_unit_test(test_in_inner_transport),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_in_policy),
	    cmocka_unit_test(test_in_block),
	    cmocka_unit_test(test_in_template),
	    cmocka_unit_test(test_in_template_count),
	    cmocka_unit_test(test_in_selector),
	    cmocka_unit_test(test_out_header),
	    cmocka_unit_test(test_out_policy),
	    cmocka_unit_test(test_out_seq),
	    cmocka_unit_test(test_out_seq_in_burst),
	    cmocka_unit_test(test_oseq_may_wrap),
	    cmocka_unit_test(test_out_iv),
	    cmocka_unit_test(test_out_room),
	    cmocka_unit_test(test_out_too_big),
	    cmocka_unit_test(test_fragment),
	    cmocka_unit_test(test_keepalive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

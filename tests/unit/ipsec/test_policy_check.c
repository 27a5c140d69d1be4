/* SPDX-License-Identifier: BSD-2-Clause */

/* Which packets that came by an SA the policies admit; each refusal moves its own counter and no
 * other. */

#include "pair.h"

#include <string.h>


static struct test_packet t;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_policy),	cmocka_unit_test(test_in_block),
	    cmocka_unit_test(test_in_template), cmocka_unit_test(test_in_template_count),
	    cmocka_unit_test(test_in_selector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

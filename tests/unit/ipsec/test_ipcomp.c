/* SPDX-License-Identifier: BSD-2-Clause */

/* IPComp: what gets smaller, what does not and its companion, and what cannot be unpacked. */

#include "pair.h"

#include <arpa/inet.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "core/companion.h"
#include "packet/ip.h"

static struct test_packet t, sent;

struct form {
	uint8_t mode;
	uint16_t inner, outer;
};

static const struct form forms[] = {
    {UX_MODE_TRANSPORT, AF_INET, AF_INET}, {UX_MODE_TRANSPORT, AF_INET6, AF_INET6},
    {UX_MODE_TUNNEL, AF_INET, AF_INET},	   {UX_MODE_TUNNEL, AF_INET6, AF_INET},
    {UX_MODE_TUNNEL, AF_INET, AF_INET6},   {UX_MODE_TUNNEL, AF_INET6, AF_INET6},
};
#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

static const char *const inner_ends[2][2] = {{"10.1.0.1", "10.2.0.2"},
					     {"2001:db8:1::1", "2001:db8:2::2"}};
static const char *const outer_ends[2][2] = {{"192.0.2.1", "192.0.2.2"},
					     {"2001:db8::1", "2001:db8::2"}};

static struct sa_spec sa_of(const struct form *f)
{
	const char *const *ends = f->mode == UX_MODE_TRANSPORT ? inner_ends[f->inner == AF_INET6]
							       : outer_ends[f->outer == AF_INET6];

	return (struct sa_spec){.src = ends[0],
				.dst = ends[1],
				.spi = 0x1001,
				.reqid = 7,
				.proto = IPPROTO_COMP,
				.flags = UX_SA_AF_UNSPEC,
				.mode = f->mode};
}

static void open_form(struct pair *p, const struct form *f, bool optional)
{
	struct sa_spec sa = sa_of(f);
	struct policy_spec policy = {.family = f->inner,
				     .dir = UX_POLICY_OUT,
				     .mode = f->mode,
				     .proto = IPPROTO_COMP,
				     .src = sa.src,
				     .dst = sa.dst,
				     .reqid = 7,
				     .optional = optional,
				     .n_templates = 1};

	pair_open(p);
	add_sa(&p->a, &sa);
	add_sa(&p->b, &sa);
	add_policy(&p->a, &policy);
	policy.dir = UX_POLICY_IN;
	add_policy(&p->b, &policy);
	add_local(&p->b, inner_ends[f->inner == AF_INET6][1]);
}

enum content { EVEN, NOISE };

static void send_one(struct pair *p, uint16_t family, uint32_t payload, enum content content)
{
	struct inner_spec spec = {.family = family, .payload = payload, .df = true};
	uint32_t seed = 1;

	make_inner(&t, &spec);
	for (uint32_t i = t.p.len - payload; i < t.p.len; i++) {
		seed = seed * 1103515245 + 12345;
		t.p.data[i] = content == EVEN ? (uint8_t)(i / 64) : (uint8_t)(seed >> 16);
	}
	copy_packet(&sent, &t);
	outbound(&p->a, &t);
	if (t.p.verdict != UXFRM_UNDERLAY)
		fail_msg("not sent: %s", uxfrm_drop_name(t.p.drop));
}

static uint8_t proto_on_wire(void)
{
	return t.p.data[t.p.data[0] >> 4 == 4 ? 9 : 6];
}

static void expect_delivered(struct pair *p)
{
	inbound(&p->b, &t);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("not delivered: %s", uxfrm_drop_name(t.p.drop));
	assert_int_equal(t.p.len, sent.p.len);
	assert_memory_equal(t.p.data, sent.p.data, t.p.len);
}

static void test_smaller(void **state)
{
	static const uint32_t sizes[] = {90, 200, 1400, 9000, 60000, 65000};

	for (size_t i = 0; i < N_FORMS; i++) {
		struct pair p;

		open_form(&p, &forms[i], false);
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			send_one(&p, forms[i].inner, sizes[k], EVEN);
			assert_int_equal(proto_on_wire(), IPPROTO_COMP);
			assert_true(t.p.len < sent.p.len);
			/* only what it needs behind it: the rest goes further to the front */
			expect_delivered(&p);
		}
		pair_close(&p);
	}
}

/* Too short, or nothing to be gained: as it is. */
static void test_as_it_is(void **state)
{
	for (size_t i = 0; i < N_FORMS; i++) {
		bool tunnel = forms[i].mode == UX_MODE_TUNNEL;
		struct pair p;

		open_form(&p, &forms[i], true);
		for (int k = 0; k < 2; k++) {
			if (k)
				send_one(&p, forms[i].inner, 1000, NOISE);
			else
				send_one(&p, forms[i].inner, tunnel ? 40 : 89, EVEN);
			assert_int_equal(proto_on_wire(), !tunnel		      ? 253
							  : forms[i].inner == AF_INET ? 4
										      : 41);
			if (tunnel)
				expect_delivered(&p);
			else
				assert_memory_equal(t.p.data, sent.p.data, sent.p.len);
		}
		pair_close(&p);
	}
}

/* A policy that insists on compression lets in nothing else; one that does not lets in both. */
static void test_level(void **state)
{
	struct pair p;

	open_form(&p, &forms[2], false);
	send_one(&p, AF_INET, 20, EVEN);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_TEMPLATE);
	send_one(&p, AF_INET, 500, EVEN);
	expect_delivered(&p);
	pair_close(&p);
	open_form(&p, &forms[2], true);
	send_one(&p, AF_INET, 20, EVEN);
	expect_delivered(&p);
	send_one(&p, AF_INET, 500, EVEN);
	expect_delivered(&p);
	pair_close(&p);
}

static unsigned int count_companions(struct uxfrm *u, struct ux_sa **ret_last)
{
	struct ux_sad_cursor cursor;
	unsigned int n = 0;
	struct ux_sa *sa;

	ux_sad_cursor_init(&cursor);
	while ((sa = ux_sad_cursor_next(&u->sad, &cursor)))
		if (ux_sa_is_companion(sa)) {
			n++;
			*ret_last = sa;
		}
	ux_sad_cursor_fini(&cursor);
	return n;
}

static void test_companion(void **state)
{
	for (size_t i = 0; i < N_FORMS; i++) {
		bool tunnel = forms[i].mode == UX_MODE_TUNNEL;
		struct sa_spec spec = sa_of(&forms[i]);
		struct ux_sa *first, *second, *companion = NULL;
		struct pair p;

		pair_open(&p);
		first = add_sa(&p.a, &spec);
		assert_int_equal(count_companions(p.a.u, &companion), tunnel);
		spec.spi++;
		second = add_sa(&p.a, &spec);
		assert_int_equal(count_companions(p.a.u, &companion), tunnel);
		if (tunnel) {
			bool v4 = forms[i].outer == AF_INET;

			assert_int_equal(companion->id.proto, v4 ? IPPROTO_IPIP : IPPROTO_IPV6);
			assert_int_equal(companion->id.spi, v4 ? first->saddr.w[0] : htonl(1));
			assert_memory_equal(&companion->saddr, &first->saddr, 16);
			assert_int_equal(companion->reqid, 0);
			/* it is held */
			ux_sad_remove(p.a.u, companion);
			assert_int_equal(count_companions(p.a.u, &companion), 1);
		}
		ux_sad_remove(p.a.u, first);
		assert_int_equal(count_companions(p.a.u, &companion), tunnel);
		ux_sad_remove(p.a.u, second);
		assert_int_equal(count_companions(p.a.u, &companion), 0);
		pair_close(&p);
	}
}

/* The companion goes along when its SA moves. */
static void test_companion_moves(void **state)
{
	struct ux_sa *sa, *fresh, *companion = NULL;
	struct sa_spec spec = sa_of(&forms[5]);
	struct pair p;

	pair_open(&p);
	sa = add_sa(&p.b, &spec);
	fresh = ux_sa_clone(sa);
	fresh->saddr = addr_of("2001:db8::9", NULL);
	assert_int_equal(ux_sad_replace(p.b.u, sa, fresh, true), 0);
	/* what is on its way may come from where it was for the grace time */
	assert_int_equal(count_companions(p.b.u, &companion), 2);
	uxfrm_tick(p.b.u, 1000 + 3000000000ull, REAL_S + 3);
	assert_int_equal(count_companions(p.b.u, &companion), 1);
	assert_memory_equal(&companion->saddr, &fresh->saddr, 16);
	assert_int_equal(companion->id.spi, htonl(2));
	/* to another destination */
	sa = fresh;
	fresh = ux_sa_clone(sa);
	fresh->id.daddr = addr_of("2001:db8::a", NULL);
	assert_int_equal(ux_sad_replace(p.b.u, sa, fresh, true), 0);
	assert_int_equal(count_companions(p.b.u, &companion), 2);
	/* and back */
	sa = fresh;
	fresh = ux_sa_clone(sa);
	fresh->id.daddr = addr_of("2001:db8::2", NULL);
	assert_int_equal(ux_sad_replace(p.b.u, sa, fresh, true), 0);
	assert_int_equal(count_companions(p.b.u, &companion), 2);
	uxfrm_tick(p.b.u, 1000 + 6000000000ull, REAL_S + 6);
	assert_int_equal(count_companions(p.b.u, &companion), 1);
	assert_memory_equal(&companion->id.daddr, &fresh->id.daddr, 16);
	assert_memory_equal(&companion->saddr, &fresh->saddr, 16);
	ux_sad_remove(p.b.u, fresh);
	assert_int_equal(count_companions(p.b.u, &companion), 0);
	pair_close(&p);
}

/* The IPComp SA of open_form at one side now comes from another address. */
static void move_source(struct side *s, const struct form *f, const char *to)
{
	const struct sa_spec spec = sa_of(f);
	struct ux_sa_id id = {.spi = htonl(spec.spi), .proto = IPPROTO_COMP};
	struct ux_sa *sa, *fresh;

	id.daddr = addr_of(spec.dst, &id.family);
	sa = ux_sad_lookup_exact(s->u, &id, (struct ux_mark){0});
	assert_non_null(sa);
	fresh = ux_sa_clone(sa);
	fresh->saddr = addr_of(to, &id.family);
	if (id.family != fresh->id.family) {
		fresh->id.family = id.family;
		fresh->id.daddr = addr_of(outer_ends[id.family == AF_INET6][1], NULL);
	}
	assert_int_equal(ux_sad_replace(s->u, sa, fresh, true), 0);
}

/* What was not compressed gets through while the policies go on naming where the SA was. */
static void test_policy_stays(void **state)
{
	static const char *const places[] = {"192.0.2.9", "2001:db8::9"};

	for (int i = 0; i < 2; i++) {
		static struct test_packet before, inner;
		struct pair p;

		open_form(&p, &forms[2], true);
		send_one(&p, AF_INET, 20, EVEN);
		copy_packet(&before, &t);
		copy_packet(&inner, &sent);
		move_source(&p.b, &forms[2], places[i]);
		move_source(&p.a, &forms[2], places[i]);
		send_one(&p, AF_INET, 20, EVEN);
		assert_int_equal(t.p.data[0] >> 4, i ? 6 : 4);
		expect_delivered(&p);
		/* and what was on its way then */
		copy_packet(&t, &before);
		copy_packet(&sent, &inner);
		expect_delivered(&p);
		/* one that nobody has moved to */
		send_one(&p, AF_INET, 20, EVEN);
		t.p.data[t.p.data[0] >> 4 == 4 ? 15 : 23] ^= 1;
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DROP);
		pair_close(&p);
	}
}

/* Under ESP: the template for IPComp is the inner one, and optional at the receiver. */
static void test_under_esp(void **state)
{
	struct sa_spec esp = {.src = "10.1.0.1",
			      .dst = "10.2.0.2",
			      .spi = 0x2002,
			      .reqid = 8,
			      .mode = UX_MODE_TRANSPORT,
			      .algo = GCM128_16,
			      .window = 64};

	for (int tunnel = 0; tunnel < 2; tunnel++) {
		struct form f = forms[tunnel ? 2 : 0];
		struct sa_spec comp = sa_of(&f);
		struct pair p;

		if (tunnel) {
			esp.src = comp.src;
			esp.dst = comp.dst;
		}
		pair_open(&p);
		for (int side = 0; side < 2; side++) {
			struct side *s = side ? &p.b : &p.a;
			struct policy_spec spec = {
			    .family = AF_INET,
			    .dir = (uint8_t)(side ? UX_POLICY_IN : UX_POLICY_OUT),
			    .mode = UX_MODE_TRANSPORT,
			    .reqid = 8,
			    .n_templates = 2};
			struct ux_policy *policy = add_policy(s, &spec);
			struct ux_template *inner = &policy->templates[0];

			inner->proto = IPPROTO_COMP;
			inner->mode = f.mode;
			inner->reqid = 7;
			inner->optional = side == 1;
			inner->saddr = addr_of(comp.src, NULL);
			inner->daddr = addr_of(comp.dst, NULL);
			add_sa(s, &comp);
			add_sa(s, &esp);
		}
		add_local(&p.b, "10.2.0.2");
		send_one(&p, AF_INET, 1000, EVEN);
		assert_int_equal(proto_on_wire(), IPPROTO_ESP);
		assert_true(t.p.len < 300);
		expect_delivered(&p);
		send_one(&p, AF_INET, 1000, NOISE);
		expect_delivered(&p);
		send_one(&p, AF_INET, 10, EVEN);
		expect_delivered(&p);
		pair_close(&p);
	}
}

/* The templates of an IPComp tunnel in ESP, as strongSwan has them. */
static struct ux_policy *add_layers(struct side *s, uint8_t dir, const struct sa_spec *comp)
{
	struct policy_spec spec = {.family = AF_INET,
				   .dir = dir,
				   .mode = UX_MODE_TRANSPORT,
				   .reqid = 8,
				   .n_templates = 2};
	struct ux_policy *policy = add_policy(s, &spec);
	struct ux_template *inner = &policy->templates[0];

	inner->proto = IPPROTO_COMP;
	inner->mode = UX_MODE_TUNNEL;
	inner->reqid = 7;
	inner->optional = true;
	inner->saddr = addr_of(comp->src, &inner->family);
	inner->daddr = addr_of(comp->dst, NULL);
	inner->id_family = inner->family;
	return policy;
}

/*
 * The receiver's SAs are deleted and added again elsewhere, the IPComp one first, and the policy
 * after them; both kinds of packets that were sent before arrive where they were sent to. A strict
 * one looks for them there only.
 */
static void move_under_esp(const char *src, const char *dst, bool strict)
{
	const struct form f = forms[2];
	struct sa_spec comp = sa_of(&f), esp = comp;
	struct uxfrm_params params;
	struct ux_sa *comp_at_b, *esp_at_b;
	struct ux_policy *policy;
	struct pair p;

	esp.proto = 0;
	esp.spi = 0x2002;
	esp.reqid = 8;
	esp.mode = UX_MODE_TRANSPORT;
	esp.algo = GCM128_16;
	esp.window = 64;
	uxfrm_params_init(&params);
	params.now_ns = 1000;
	params.real_s = REAL_S;
	params.hold_ms = 500;
	params.strict_templates = strict;
	pair_open_params(&p, &params);
	add_sa(&p.a, &comp);
	add_sa(&p.a, &esp);
	add_layers(&p.a, UX_POLICY_OUT, &comp);
	comp_at_b = add_sa(&p.b, &comp);
	esp_at_b = add_sa(&p.b, &esp);
	policy = add_layers(&p.b, UX_POLICY_IN, &comp);
	add_local(&p.b, "10.2.0.2");

	comp.src = esp.src = src;
	comp.dst = esp.dst = dst;
	esp.installed_before = true;
	ux_spd_remove(p.b.u, policy);
	ux_sad_remove(p.b.u, comp_at_b);
	add_sa(&p.b, &comp);
	park_sa(&p.b, esp_at_b);
	assert_non_null(resume_sa(&p.b, &esp));
	add_layers(&p.b, UX_POLICY_IN, &comp);

	for (int k = 0; k < 2; k++) {
		send_one(&p, AF_INET, 1000, k ? EVEN : NOISE);
		if (!strict)
			expect_delivered(&p);
		else
			inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, strict ? UXFRM_DROP : UXFRM_DELIVER);
	}
	pair_close(&p);
}

static void test_sent_before_move(void **state)
{
	for (int strict = 0; strict < 2; strict++) {
		move_under_esp("192.0.2.1", "198.51.100.9", strict);
		move_under_esp("198.51.100.8", "198.51.100.9", strict);
		move_under_esp("2001:db8::1", "2001:db8::2", strict);
	}
	/* another source, and the same tuple for what is compressed */
	move_under_esp("198.51.100.8", "192.0.2.2", false);
}

/* An IPComp packet with any bytes behind its header. */
static void load_comp(const uint8_t *data, uint32_t len)
{
	struct ux_addr saddr = addr_of("10.1.0.1", NULL), daddr = addr_of("10.2.0.2", NULL);
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = UX_IP4_LEN + 4 + len,
				.ttl = 9,
				.proto = IPPROTO_COMP};
	static uint8_t packet[70000];

	ux_ip4_build(packet, &b);
	memcpy(packet + UX_IP4_LEN, (const uint8_t[4]){253, 0, 0x10, 0x01}, 4);
	if (len)
		memcpy(packet + UX_IP4_LEN + 4, data, len);
	load(&t, packet, b.total_len);
}

static uint32_t pack(uint8_t *out, uint32_t out_len, const uint8_t *in, uint32_t len)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)in,
		      .avail_in = len,
		      .next_out = out,
		      .avail_out = out_len};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (uint32_t)z.total_out;
}

static void test_bad_data(void **state)
{
	static uint8_t plain[65401], packed[70000];
	struct pair p;
	uint32_t n;

	open_form(&p, &forms[0], false);
	load_comp(NULL, 0);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	load_comp((const uint8_t *)"\xff\xff\xff\xff\xff", 5);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	/* cut short, at every place */
	n = pack(packed, sizeof(packed), plain, 300);
	for (uint32_t i = 0; i < n; i++) {
		load_comp(packed, i);
		expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	}
	/* a stored block is longer than what is in it */
	load_comp((const uint8_t[]){1, 2, 0, 0xfd, 0xff, 7, 7}, 7);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	/* as much as may come out, and one byte more */
	n = pack(packed, sizeof(packed), plain, 65400);
	load_comp(packed, n);
	t.p.size = sizeof(t.buf);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_int_equal(t.p.len, UX_IP4_LEN + 65400);
	n = pack(packed, sizeof(packed), plain, 65401);
	load_comp(packed, n);
	t.p.size = sizeof(t.buf);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	/* no room in the buffer */
	n = pack(packed, sizeof(packed), plain, 60000);
	load_comp(packed, n);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_COMP);
	pair_close(&p);
}

/* All of the room is used, in front too. */
static void test_room_in_front(void **state)
{
	static uint8_t plain[2000], packed[3000];
	struct pair p;
	uint32_t n;

	open_form(&p, &forms[0], false);
	n = pack(packed, sizeof(packed), plain, 1000);
	load_comp(packed, n);
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	assert_true(t.p.data < t.p.buf + UXFRM_HEADROOM && t.p.data >= t.p.buf);
	assert_int_equal(t.p.len, UX_IP4_LEN + 1000);
	assert_memory_equal(t.p.data + UX_IP4_LEN, plain, 1000);
	pair_close(&p);
}

/* It has no numbers, so a window lets nothing in (Linux). */
static void test_window(void **state)
{
	struct sa_spec spec = sa_of(&forms[0]);
	struct pair p;

	open_form(&p, &forms[0], false);
	spec.spi++;
	spec.window = 32;
	spec.reqid = 9;
	add_sa(&p.b, &spec);
	send_one(&p, AF_INET, 500, EVEN);
	ux_put_be16(t.p.data + UX_IP4_LEN + 2, (uint16_t)spec.spi);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_SEQ_ZERO);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_smaller),	    cmocka_unit_test(test_as_it_is),
	    cmocka_unit_test(test_level),	    cmocka_unit_test(test_companion),
	    cmocka_unit_test(test_companion_moves), cmocka_unit_test(test_policy_stays),
	    cmocka_unit_test(test_under_esp),
	    cmocka_unit_test(test_bad_data),	    cmocka_unit_test(test_room_in_front),
	    cmocka_unit_test(test_window),	    cmocka_unit_test(test_sent_before_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

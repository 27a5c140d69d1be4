/* SPDX-License-Identifier: BSD-2-Clause */

/* Each reason for which an outbound packet is dropped moves its own counter and no other. */

#include "pair.h"

#include <sched.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"

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

static void test_out_default(void **state)
{
	struct policy_spec allow = {.family = AF_INET, .dir = UX_POLICY_OUT};
	struct pair p;

	pair_open(&p);
	ux_spd_set_default(p.a.u, UX_POLICY_OUT, UX_POLICY_BLOCK);
	inner4(10);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_DEFAULT);
	add_policy(&p.a, &allow);
	inner4(10);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS);
	inner4(10);
	ux_spd_set_default(p.b.u, UX_POLICY_IN, UX_POLICY_BLOCK);
	ux_spd_set_default(p.b.u, UX_POLICY_FWD, UX_POLICY_BLOCK);
	outbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS);
	pair_close(&p);
}

/* A sequence number that comes again, because a client set it back, comes with another IV. */
static void test_out_seq_set_back(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16};
	struct ux_replay_state to = {.oseq = 6};
	uint8_t iv[2][8];
	struct ux_sa *sa;
	struct pair p;

	pair_open(&p);
	sa = usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ux_sa_set_replay(sa, &to), 0);
		on_wire(&p);
		assert_int_equal(ux_get_be32(t.p.data + 24), 7);
		memcpy(iv[i], t.p.data + 28, sizeof(iv[i]));
	}
	assert_memory_not_equal(iv[0], iv[1], sizeof(iv[0]));
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

/* Where ports decide, no fragment passes before its packet is whole: the first is protected, the
 * others would have gone in clear. */
static void test_fragments_and_ports(void **state)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .dport = 4000,
				     .n_templates = 1};
	struct inner_spec inner = {.family = AF_INET, .payload = 64, .proto = 17};
	struct pair p;

	pair_open(&p);
	add_policy(&p.a, &policy);
	for (int offset = 0; offset < 2; offset++) {
		make_inner(&t, &inner);
		t.p.data[6] = 0x20;
		t.p.data[7] = (uint8_t)offset;
		expect_drop_out(&p.a, &t, UXFRM_DROP_FRAGMENT);
		assert_int_equal(t.p.len, 84);
	}
	inner.family = AF_INET6; /* no policy of this family, nothing to wait for */
	inner.proto = 44;
	make_inner(&t, &inner);
	t.p.data[UX_IP6_LEN] = 17;
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_BYPASS);
	pair_close(&p);
}

/* Only the first fragment shows the protocol behind extension headers that were fragmented too. */
static void test_fragments_and_extension_headers(void **state)
{
	static const uint8_t names[] = {0, 43, 60}; /* RFC 8200 */
	struct inner_spec inner = {.family = AF_INET6, .payload = 64, .proto = 44};
	struct pair p;

	pair_open(&p);
	for (size_t i = 0; i < sizeof(names); i++) {
		for (uint16_t offset = 0; offset <= 64; offset += 64) {
			make_inner(&t, &inner);
			memset(t.p.data + UX_IP6_LEN, 0, 64);
			t.p.data[UX_IP6_LEN] = names[i];
			t.p.data[UX_IP6_LEN + 3] = (uint8_t)(offset | 1);
			t.p.data[UX_IP6_LEN + 8] = 17;
			expect_drop_out(&p.a, &t, UXFRM_DROP_FRAGMENT);
		}
	}
	pair_close(&p);
}

/* A hard limit is not overrun within a burst. */
static void test_limit_in_burst(void **state)
{
	static struct test_packet burst[8];
	struct sa_spec spec = {.algo = GCM128_16, .hard_packets = 3};
	struct inner_spec inner = {.family = AF_INET, .payload = 1};
	struct uxfrm_packet *packets[8];
	struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < 8; i++) {
		make_inner(&burst[i], &inner);
		packets[i] = &burst[i].p;
	}
	uxfrm_outbound(p.a.w, packets, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(packets[i]->verdict, i < 3 ? UXFRM_UNDERLAY : UXFRM_DROP);
	assert_int_equal(drops(&p.a, UXFRM_DROP_OUT_EXPIRED), 5);
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

static void test_out_too_long(void **state)
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
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_TOO_LONG);
	pair_close(&p);
}

static uint32_t spi_used(struct pair *p)
{
	inner4(100);
	outbound(&p->a, &t);
	return t.p.verdict == UXFRM_UNDERLAY ? t.p.spi : 0;
}

/* Each CPU has its own SA, the others the common one. */
static void test_per_cpu(void **state)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .n_templates = 1};
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .mode = UX_MODE_TUNNEL,
			       .dir = UX_SA_DIR_OUT,
			       .algo = GCM128_16};
	struct pair p;

	pair_open(&p);
	add_policy(&p.a, &policy);
	for (spec.for_cpu = 1; spec.for_cpu <= 2; spec.for_cpu++) {
		spec.spi = 0x100 + spec.for_cpu;
		add_sa(&p.a, &spec);
	}
	uxfrm_worker_set_cpu(p.a.w, 7);
	inner4(100);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	spec.for_cpu = 0;
	spec.spi = 0x200;
	add_sa(&p.a, &spec);
	assert_int_equal(spi_used(&p), 0x200);
	uxfrm_worker_set_cpu(p.a.w, 0);
	assert_int_equal(spi_used(&p), 0x101);
	uxfrm_worker_set_cpu(p.a.w, 1);
	assert_int_equal(spi_used(&p), 0x102);
	pair_close(&p);
}

/* Without a word of the caller: where the thread runs. It stays on one CPU here. */
static void test_own_cpu(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .spi = 0x300};
	cpu_set_t before, one;
	struct pair p;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	pair_open(&p);
	spec.for_cpu = (uint32_t)sched_getcpu() + 1;
	usual_tunnel(&p, &spec, NULL);
	on_wire(&p);
	uxfrm_worker_set_cpu(p.a.w, spec.for_cpu);
	inner4(100);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_NO_SA);
	uxfrm_worker_set_cpu(p.a.w, UXFRM_CPU_OWN);
	on_wire(&p);
	pair_close(&p);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_out_header),
	    cmocka_unit_test(test_out_policy),
	    cmocka_unit_test(test_out_default),
	    cmocka_unit_test(test_out_seq_set_back),
	    cmocka_unit_test(test_out_seq),
	    cmocka_unit_test(test_out_seq_in_burst),
	    cmocka_unit_test(test_fragments_and_ports),
	    cmocka_unit_test(test_fragments_and_extension_headers),
	    cmocka_unit_test(test_limit_in_burst),
	    cmocka_unit_test(test_oseq_may_wrap),
	    cmocka_unit_test(test_out_iv),
	    cmocka_unit_test(test_out_room),
	    cmocka_unit_test(test_out_too_long),
	    cmocka_unit_test(test_per_cpu),
	    cmocka_unit_test(test_own_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

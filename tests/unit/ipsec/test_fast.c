/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The short way and the general one give the same packets. Two pairs of engines lead the same life,
 * one of them with workers that remember nothing: bursts of random packets of a few flows, plain
 * and not, with changes of SAs and policies in between. Verdicts, bytes and counters are the same,
 * but for the IV, which begins with a number of its own in every engine.
 */

#include "pair.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "core/spd.h"
#include "ipsec/fast.h"

#define BURSTS 400
#define FLOWS 12

struct life {
	struct pair pair;
	struct ux_sa *out, *in;
	struct ux_policy *policy; /* of IPv4, outbound */
	struct ux_policy *kept;	  /* its like, while there is none */
	struct test_packet packet[UXFRM_BURST], again[UXFRM_BURST];
};

static struct life lives[2];
static uint32_t now_at;

static uint32_t draw(uint32_t n)
{
	return (uint32_t)random() % n;
}

static void begin(struct life *l, uint32_t max_flows, const struct sa_spec *spec)
{
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = 1000;
	params.real_s = REAL_S;
	params.max_flows = max_flows;
	pair_open_params(&l->pair, &params);
	usual_tunnel(&l->pair, spec, NULL);
	l->policy = ux_spd_find(l->pair.a.u, &(const struct ux_policy_key){
						 .dir = UX_POLICY_OUT,
						 .sel = &(const struct ux_selector){
						     .family = AF_INET}});
	assert_non_null(l->policy);
}

/* The same for both lives. */
static void make_packet(struct test_packet *t)
{
	static const uint8_t protos[] = {6, 17, 17, 1, 58, 253, 132};
	struct inner_spec spec = {.family = draw(3) ? AF_INET : AF_INET6,
				  .payload = 8 + draw(300),
				  .proto = protos[draw(7)]};
	uint32_t flow = draw(FLOWS);
	uint8_t *upper;

	spec.tos = draw(8) ? 0 : (uint8_t)draw(256);
	spec.df = draw(2);
	spec.flow_label = draw(3) ? 0 : draw(1 << 20);
	make_inner(t, &spec);
	upper = t->p.data + (spec.family == AF_INET ? 20 : 40);
	upper[0] = (uint8_t)(flow % 3 ? 8 : 3); /* a port, or the type of an ICMP message */
	if (spec.proto == IPPROTO_ICMPV6)
		upper[0] = (uint8_t)(flow % 3 ? 128 : 2);
	upper[1] = 0;
	upper[3] = (uint8_t)flow;
	if (!draw(40))
		t->p.len += 3; /* bytes behind the packet */
	if (spec.family == AF_INET && !draw(40))
		t->p.data[6] |= 0x20; /* a first fragment */
	if (spec.family == AF_INET && !draw(60))
		t->p.data[0] = 0x46; /* options */
	if (!draw(60))
		t->p.mark = draw(3);
	if (!draw(80))
		t->p.may_split = 1;
}

/* As the one before, but for one bit of its headers, or how it came, or nothing. */
static void make_follower(struct test_packet *t, const struct test_packet *before)
{
	copy_packet(t, before);
	switch (draw(8)) {
	case 0:
	case 1:
	case 2:
		t->p.data[draw(28)] ^= (uint8_t)(1u << draw(8));
		break;
	case 3:
		t->p.mark ^= draw(2);
		t->p.ifindex ^= (int32_t)draw(2);
		break;
	case 4:
		t->p.len -= draw(t->p.len);
		break;
	default:
		break;
	}
}

static void same_packet(const struct uxfrm_packet *a, const struct uxfrm_packet *b, bool outer)
{
	bool v4 = a->verdict != UXFRM_DROP && a->data[0] >> 4 == 4;
	uint8_t proto;

	if (a->verdict != b->verdict)
		print_error("%d %s, %d %s\n", a->verdict, uxfrm_drop_name(a->drop), b->verdict,
			    uxfrm_drop_name(b->drop));
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->drop, b->drop);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->mark, b->mark);
	assert_int_equal(a->if_id, b->if_id);
	assert_int_equal(a->spi, b->spi);
	if (a->verdict == UXFRM_DROP)
		return;
	assert_int_equal(a->mtu, b->mtu);
	if (!outer) {
		assert_memory_equal(a->data, b->data, a->len);
		return;
	}
	assert_int_equal(a->may_fragment, b->may_fragment);
	/* up to the IV: outer header, UDP, SPI and sequence number; but for the checksum of UDP */
	proto = a->data[v4 ? 9 : 6];
	assert_memory_equal(a->data, b->data, v4 ? 20 : 40);
	if (proto == IPPROTO_UDP)
		assert_memory_equal(a->data + (v4 ? 20 : 40), b->data + (v4 ? 20 : 40), 6);
	assert_memory_equal(a->data + (v4 ? 20 : 40) + (proto == IPPROTO_UDP ? 8 : 0),
			    b->data + (v4 ? 20 : 40) + (proto == IPPROTO_UDP ? 8 : 0), 8);
}

static void send_burst(uint32_t n)
{
	struct uxfrm_packet *packets[UXFRM_BURST];

	for (int k = 0; k < 2; k++) {
		for (uint32_t i = 0; i < n; i++)
			packets[i] = &lives[k].packet[i].p;
		uxfrm_outbound(lives[k].pair.a.w, packets, n);
	}
	for (uint32_t i = 0; i < n; i++)
		same_packet(&lives[0].packet[i].p, &lives[1].packet[i].p, true);
}

/* Those of the burst that left, from number @first on, at most @most; @damage: one is not as sent. */
static void receive_burst(uint32_t first, uint32_t n, uint32_t most, uint32_t damage)
{
	struct uxfrm_packet *packets[UXFRM_BURST];
	uint32_t m = 0;

	for (int k = 0; k < 2; k++) {
		m = 0;
		for (uint32_t i = first; i < n && m < most; i++) {
			struct test_packet *from = &lives[k].packet[i], *to = &lives[k].again[m];

			if (from->p.verdict != UXFRM_UNDERLAY)
				continue;
			copy_packet(to, from);
			to->p.mark = 0;
			/* the last byte, or one in front; the same in both lives */
			if (i == damage)
				to->p.data[i % 2 ? to->p.len - 1 : i % 28] ^= 1;
			packets[m++] = &to->p;
		}
		uxfrm_inbound(lives[k].pair.b.w, packets, m);
	}
	for (uint32_t i = 0; i < m; i++)
		same_packet(&lives[0].again[i].p, &lives[1].again[i].p, false);
}

/* Through the sender and the receiver, some of them twice. */
static void one_burst(void)
{
	uint32_t n = 1 + draw(UXFRM_BURST), trains = draw(2);

	for (uint32_t i = 0; i < n; i++) {
		if (i && trains && draw(4))
			make_follower(&lives[0].packet[i], &lives[0].packet[i - 1]);
		else
			make_packet(&lives[0].packet[i]);
		copy_packet(&lives[1].packet[i], &lives[0].packet[i]);
		lives[1].packet[i].p.may_split = lives[0].packet[i].p.may_split;
		lives[1].packet[i].p.ifindex = lives[0].packet[i].p.ifindex;
	}
	send_burst(n);
	receive_burst(0, n, UXFRM_BURST, draw(4) ? UINT32_MAX : draw(n));
	receive_burst(draw(n), n, 5, UINT32_MAX);
}

static struct ux_policy *install(struct side *s, struct ux_policy *old, uint8_t action)
{
	struct ux_policy *fresh = ux_policy_clone(old);

	assert_non_null(fresh);
	fresh->action = action;
	assert_int_equal(ux_spd_insert(s->u, fresh, false, NULL), 0);
	return fresh;
}

static struct ux_policy *rewrite(struct side *s, struct ux_policy *old)
{
	struct ux_policy *fresh = ux_policy_clone(old);

	assert_non_null(fresh);
	fresh->templates[0].reqid ^= 16;
	fresh->index = old->index;
	ux_spd_rewrite(s->u, old, fresh);
	return fresh;
}

/* The destination becomes the other of two. */
static void move(struct side *s, struct ux_sa **sa)
{
	struct ux_sa *fresh = ux_sa_clone(*sa);

	assert_non_null(fresh);
	fresh->id.daddr.b[3] ^= 0x40;
	fresh->tuple_hash = fresh->address_hash = 0;
	assert_int_equal(ux_sad_replace(s->u, *sa, fresh, true), 0);
	*sa = fresh;
}

/* Deleted, or back. */
static void toggle(struct life *l)
{
	if (l->kept) {
		assert_int_equal(ux_spd_insert(l->pair.a.u, l->kept, true, NULL), 0);
		l->policy = l->kept;
		l->kept = NULL;
		return;
	}
	l->kept = ux_policy_clone(l->policy);
	assert_non_null(l->kept);
	ux_spd_remove(l->pair.a.u, l->policy);
}

/* Something that flows must notice at once. */
static void change(uint32_t what)
{
	for (int k = 0; k < 2; k++) {
		struct life *l = &lives[k];
		struct ux_limits limits = *ux_sa_limits(l->out->runtime);

		if (l->kept || what == 7)
			toggle(l);
		switch (what) {
		case 0:
			l->policy = install(&l->pair.a, l->policy, UX_POLICY_BLOCK);
			break;
		case 1:
			l->policy = install(&l->pair.a, l->policy, UX_POLICY_ALLOW);
			break;
		case 2:
			limits.hard_packets = atomic_load(&l->out->runtime->packets) + 30;
			assert_int_equal(ux_sa_set_limits(l->out->runtime, &limits), 0);
			break;
		case 3:
			limits.hard_packets = UX_LIMIT_INFINITE;
			assert_int_equal(ux_sa_set_limits(l->out->runtime, &limits), 0);
			break;
		case 4: /* the SA is not to end by it */
			limits.hard_packets = UX_LIMIT_INFINITE;
			assert_int_equal(ux_sa_set_limits(l->out->runtime, &limits), 0);
			uxfrm_tick(l->pair.a.u, 1000000, REAL_S + now_at);
			uxfrm_tick(l->pair.b.u, 1000000, REAL_S + now_at);
			break;
		case 5: /* no SA is for it, and back: as a legacy MIGRATE changes templates */
			l->policy = rewrite(&l->pair.a, l->policy);
			break;
		case 6: /* other tuple, runtime and policies as they are */
			move(&l->pair.b, &l->in);
			move(&l->pair.a, &l->out);
			break;
		case 7: /* the policy went, or came back */
			break;
		default:
			ux_spd_set_default(l->pair.b.u, UX_POLICY_IN, UX_POLICY_BLOCK);
			break;
		}
	}
	now_at++;
}

static void same_counters(void)
{
	for (int side = 0; side < 2; side++) {
		struct uxfrm_packet_stats stats[2];
		const struct ux_sa *sa[2];

		for (int k = 0; k < 2; k++) {
			sa[k] = side ? lives[k].in : lives[k].out;
			uxfrm_packet_stats_get(side ? lives[k].pair.b.u : lives[k].pair.a.u,
					       &stats[k]);
		}
		assert_memory_equal(&stats[0], &stats[1], sizeof(stats[0]));
		assert_int_equal(sa[0]->runtime->bytes, sa[1]->runtime->bytes);
		assert_int_equal(sa[0]->runtime->packets, sa[1]->runtime->packets);
		assert_int_equal(sa[0]->runtime->oseq, sa[1]->runtime->oseq);
		assert_int_equal(sa[0]->runtime->stats.replay, sa[1]->runtime->stats.replay);
		assert_int_equal(sa[0]->runtime->stats.integrity_failed,
				 sa[1]->runtime->stats.integrity_failed);
	}
}

static struct ux_sa *only_sa(struct side *s)
{
	return ux_container_of(s->u->sad.all.next, struct ux_sa, all);
}

static void live(const struct sa_spec *spec)
{
	begin(&lives[0], 1024, spec);
	begin(&lives[1], 0, spec);
	assert_null(lives[1].pair.a.w->fast);
	for (int k = 0; k < 2; k++) {
		lives[k].out = only_sa(&lives[k].pair.a);
		lives[k].in = only_sa(&lives[k].pair.b);
	}
	for (int i = 0; i < BURSTS; i++) {
		one_burst();
		if (!draw(4))
			change(draw(8) < 3 ? 1 : draw(9));
		same_counters();
	}
	/* it was used */
	assert_true(lives[0].pair.a.w->fast->n_groups > 0);
	assert_true(lives[0].pair.b.w->fast->n_groups > 0);
	for (int k = 0; k < 2; k++) {
		ux_policy_free(lives[k].kept);
		lives[k].kept = NULL;
		pair_close(&lives[k].pair);
	}
}

static void test_plain(void **state)
{
	const struct sa_spec spec = {.algo = GCM128_16, .window = 64};

	live(&spec);
}

static void test_esn(void **state)
{
	const struct sa_spec spec = {.algo = GCM256_8, .window = 1024, .esn = true,
				     .oseq = UINT32_MAX - 3000, .iseq = UINT32_MAX - 3000};

	live(&spec);
}

static void test_udp(void **state)
{
	const struct sa_spec spec = {
	    .algo = CBC128_SHA1, .window = 32, .sport = 4500, .dport = 4500};

	live(&spec);
}

static void test_six(void **state)
{
	const struct sa_spec spec = {.src = "2001:db8::1", .dst = "2001:db8::2",
				     .algo = GCM128_16, .window = 64, .esn = true};

	live(&spec);
}

static void test_six_udp(void **state)
{
	const struct sa_spec spec = {.src = "2001:db8::1", .dst = "2001:db8::2", .algo = GCM192_12,
				     .window = 64, .sport = 4500, .dport = 4501};

	live(&spec);
}

/* A flow to an interface, in UDP between the SA's own addresses: what the SA has sent does not go
 * round, though other packets of the flow pass. */
static void test_loop(void **state)
{
	static const uint8_t spi[4] = {0, 0, 0x10, 1};
	const struct sa_spec sa = {.src = "192.0.2.1", .dst = "192.0.2.2", .spi = 0x1001,
				   .reqid = 7, .mode = UX_MODE_TUNNEL, .flags = UX_SA_AF_UNSPEC,
				   .algo = GCM128_16, .if_id = 5, .sport = 4500, .dport = 4500};
	const struct policy_spec policy = {.dir = UX_POLICY_OUT, .mode = UX_MODE_TUNNEL,
					   .family = AF_INET, .src = "192.0.2.1",
					   .dst = "192.0.2.2", .reqid = 7, .if_id = 5,
					   .n_templates = 1};
	const struct inner_spec inner = {.family = AF_INET, .payload = 60, .proto = IPPROTO_UDP,
					 .src = "192.0.2.1", .dst = "192.0.2.2"};
	static struct test_packet t;
	static struct pair p;

	pair_open(&p);
	assert_int_equal(uxfrm_interface_add(p.a.u, 5), 0);
	add_sa(&p.a, &sa);
	add_policy(&p.a, &policy);
	for (int round = 0; round < 3; round++) {
		make_inner(&t, &inner);
		memset(t.p.data + 28, 0xee, 4);
		t.p.if_id = 5;
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	}
	make_inner(&t, &inner);
	memcpy(t.p.data + 28, spi, sizeof(spi));
	t.p.if_id = 5;
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_LOOP);
	pair_close(&p);
}

/* Flows that were remembered before their worker followed paths are measured too. */
static void test_paths(void **state)
{
	const struct sa_spec spec = {.algo = GCM128_16};
	const struct inner_spec inner = {
	    .family = AF_INET, .payload = 600, .proto = IPPROTO_UDP, .df = true};
	static struct test_packet t;
	static struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int round = 0; round < 3; round++) {
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	}
	assert_int_equal(uxfrm_worker_follow_paths(p.a.w), 0);
	make_inner(&t, &inner);
	outbound(&p.a, &t);
	assert_int_equal(t.p.verdict, UXFRM_ASK_PATH);
	uxfrm_path_set(p.a.w, uxfrm_path_asked(p.a.w), 576);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_TOO_BIG);
	pair_close(&p);
}

/* An SA for one CPU is taken by that CPU, whatever the flow has used on another. */
static void test_cpu(void **state)
{
	const struct sa_spec spec = {.algo = GCM128_16};
	const struct sa_spec for_cpu = {.src = "192.0.2.1", .dst = "192.0.2.2", .spi = 0x1003,
					.reqid = 7, .mode = UX_MODE_TUNNEL,
					.flags = UX_SA_AF_UNSPEC, .algo = GCM128_16, .for_cpu = 4};
	const struct inner_spec inner = {.family = AF_INET, .payload = 60, .proto = IPPROTO_UDP};
	static const struct {
		uint32_t cpu, spi;
	} steps[] = {{1, 0x1001}, {1, 0x1001}, {3, 0x1003}, {1, 0x1001}, {3, 0x1003}};
	static struct test_packet t;
	static struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	add_sa(&p.a, &for_cpu);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uxfrm_worker_set_cpu(p.a.w, steps[i].cpu);
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
		assert_int_equal(t.p.spi, steps[i].spi);
	}
	pair_close(&p);
}

static size_t flows_known(const struct ux_flow_cache *c)
{
	size_t n = 0;

	for (uint32_t i = 0; i <= c->set_mask; i++)
		for (uint32_t way = 0; way < UX_FLOW_WAYS; way++)
			n += c->sets[i].tag[way] != 0;
	return n;
}

/* What is for the host itself is remembered as what goes on from it is. */
static void test_host(void **state)
{
	const struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	const struct inner_spec inner = {.family = AF_INET, .payload = 60, .proto = IPPROTO_TCP};
	static struct test_packet t;
	static struct pair p;

	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	add_local(&p.b, "10.2.0.2");
	for (int round = 0; round < 3; round++) {
		make_inner(&t, &inner);
		outbound(&p.a, &t);
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
		assert_int_equal(flows_known(&p.b.w->fast->in_flows), 1);
	}
	pair_close(&p);
}

static void test_sequence_ends(void **state)
{
	const struct sa_spec spec = {
	    .algo = GCM128_16, .window = 64, .oseq = UINT32_MAX - 2000, .iseq = UINT32_MAX - 2000};

	live(&spec);
}

static void test_tos(void **state)
{
	const struct sa_spec spec = {
	    .algo = CHACHA, .flags = UX_SA_DECAP_DSCP | UX_SA_NOPMTUDISC, .window = 64};

	live(&spec);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),	  cmocka_unit_test(test_esn),
	    cmocka_unit_test(test_udp),	  cmocka_unit_test(test_sequence_ends),
	    cmocka_unit_test(test_tos),		  cmocka_unit_test(test_six),
	    cmocka_unit_test(test_six_udp),	  cmocka_unit_test(test_loop),
	    cmocka_unit_test(test_paths),	  cmocka_unit_test(test_cpu),
	    cmocka_unit_test(test_host),
	};

	srandom(argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

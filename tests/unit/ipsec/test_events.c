/* SPDX-License-Identifier: BSD-2-Clause */

/* What packets cause: a client listens over NETLINK_XFRM while packets go through the engine. */

#include "pair.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/notice.h"
#include "ipsec/worker.h"
#include "wire/abi.h"

#define HEARD_MAX 64

struct heard {
	uint8_t bytes[1024];
	size_t len;
};

static struct heard heard[HEARD_MAX];
static size_t n_heard;
static unsigned int n_woken;
static bool keep_heard; /* else it is only taken */
static struct pair p;
static struct uxfrm_client *client;
static struct test_packet t;
static uint64_t now_ns;

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	if (!keep_heard)
		return 0;
	assert_in_range(n_heard, 0, HEARD_MAX - 1);
	assert_in_range(len, 1, sizeof(heard[0].bytes));
	memcpy(heard[n_heard].bytes, datagram, len);
	heard[n_heard++].len = len;
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static void wake(void *opaque)
{
	n_woken++;
}

static void listen_to(uint32_t group)
{
	uxfrm_client_set_groups(client, group ? 1u << (group - 1) : 0);
}

static int setup(void **state)
{
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = now_ns = 1000;
	params.real_s = REAL_S;
	params.wake = wake;
	pair_open_params(&p, &params);
	n_heard = n_woken = 0;
	keep_heard = true;
	return 0;
}

static int teardown(void **state)
{
	client = uxfrm_client_close(client);
	pair_close(&p);
	return 0;
}

static void listen_at(struct side *s, uint32_t group)
{
	assert_int_equal(uxfrm_client_open(s->u, 7, true, &ops, NULL, &client), 0);
	listen_to(group);
}

static void tick(struct side *s, uint64_t ms)
{
	now_ns += ms * 1000000;
	uxfrm_tick(s->u, now_ns, REAL_S + now_ns / 1000000000);
}

/* The only message heard since the last call, of this type. */
static const void *only(uint16_t type)
{
	const struct nlmsghdr *msg = (const void *)heard[0].bytes;

	assert_int_equal(n_heard, 1);
	assert_int_equal(msg->nlmsg_type, type);
	assert_int_equal(msg->nlmsg_pid, 0);
	assert_int_equal(msg->nlmsg_seq, 0);
	n_heard = 0;
	return NLMSG_DATA(msg);
}

static void send_one(struct side *s)
{
	struct inner_spec spec = {.family = AF_INET, .payload = 80};

	make_inner(&t, &spec);
	outbound(s, &t);
}

static void set_limits(struct ux_sa *sa, const struct ux_limits *wanted)
{
	struct ux_limits l = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE,
			      UX_LIMIT_INFINITE};

	if (wanted->soft_bytes)
		l.soft_bytes = wanted->soft_bytes;
	if (wanted->hard_bytes)
		l.hard_bytes = wanted->hard_bytes;
	if (wanted->soft_packets)
		l.soft_packets = wanted->soft_packets;
	if (wanted->hard_packets)
		l.hard_packets = wanted->hard_packets;
	assert_int_equal(ux_sa_set_limits(sa->runtime, &l), 0);
}

static const struct sa_spec gcm = {.algo = GCM128_16, .dir = UX_SA_DIR_NONE, .window = 32};

/* ---- limits ---- */

static void expect_expire(bool hard, uint64_t packets)
{
	const struct xfrm_user_expire *e = only(XFRM_MSG_EXPIRE);

	assert_int_equal(e->hard, hard);
	assert_int_equal(e->state.curlft.packets, packets);
	assert_int_equal(ntohl(e->state.id.spi), 0x1001);
}

static void test_packets_out(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL);

	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	set_limits(sa, &(struct ux_limits){.soft_packets = 2, .hard_packets = 4});
	send_one(&p.a);
	send_one(&p.a);
	tick(&p.a, 1);
	assert_int_equal(n_woken, 0);
	assert_int_equal(n_heard, 0);
	send_one(&p.a); /* meets the soft limit and passes */
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(n_woken, 1);
	tick(&p.a, 1);
	expect_expire(false, 3);
	assert_true(sa->dying);
	send_one(&p.a);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0); /* told once */
	send_one(&p.a);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_EXPIRED);
	assert_int_equal(n_woken, 2);
	tick(&p.a, 1);
	expect_expire(true, 4);
	send_one(&p.a);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_NO_SA); /* it is deleted */
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0);
}

/* Both limits are met before the control thread comes: both are told, the soft one first. */
static void test_both_at_once(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL);

	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	set_limits(sa, &(struct ux_limits){.soft_packets = 1, .hard_packets = 3});
	for (int i = 0; i < 5; i++)
		send_one(&p.a);
	assert_int_equal(n_woken, 1);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 2);
	assert_int_equal(((struct xfrm_user_expire *)(heard[0].bytes + NLMSG_HDRLEN))->hard, 0);
	assert_int_equal(((struct xfrm_user_expire *)(heard[1].bytes + NLMSG_HDRLEN))->hard, 1);
}

/* 100 bytes of a packet count in tunnel mode; the one that reaches the limit passes. */
static void test_bytes_in_a_burst(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL);
	static struct test_packet more[3];
	struct uxfrm_packet *burst[3];
	struct inner_spec spec = {.family = AF_INET, .payload = 80};

	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	set_limits(sa, &(struct ux_limits){.soft_bytes = 100, .hard_bytes = 101});
	for (int i = 0; i < 3; i++) {
		make_inner(&more[i], &spec);
		burst[i] = &more[i].p;
	}
	uxfrm_outbound(p.a.w, burst, 3);
	assert_int_equal(more[0].p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(more[1].p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(more[2].p.verdict, UXFRM_DROP);
	assert_int_equal(more[2].p.drop, UXFRM_DROP_OUT_EXPIRED);
	assert_int_equal(sa->runtime->bytes, 200);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 2);
}

static void test_packets_in(void **state)
{
	static struct test_packet more[3];
	struct uxfrm_packet *burst[3];
	struct ux_sa *at_b;

	usual_tunnel(&p, &gcm, &at_b);
	listen_at(&p.b, UX_XFRM_GROUP_EXPIRE);
	set_limits(at_b, &(struct ux_limits){.hard_packets = 2});
	for (int i = 0; i < 3; i++) {
		send_one(&p.a);
		copy_packet(&more[i], &t);
		burst[i] = &more[i].p;
	}
	uxfrm_inbound(p.b.w, burst, 3);
	assert_int_equal(more[1].p.verdict, UXFRM_DELIVER);
	assert_int_equal(more[2].p.verdict, UXFRM_DROP);
	assert_int_equal(more[2].p.drop, UXFRM_DROP_IN_EXPIRED);
	tick(&p.b, 1);
	expect_expire(true, 2);
	send_one(&p.a);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_NO_SA);
}

/* Limits and what they have counted move with the SA; it is told of the soft one again. */
static void test_move_keeps_limits(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL), *moved;

	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	set_limits(sa, &(struct ux_limits){.soft_packets = 1, .hard_packets = 4});
	send_one(&p.a);
	send_one(&p.a); /* noted, and moved before anybody looks */
	moved = ux_sa_clone(sa);
	moved->id.daddr = addr_of("192.0.2.9", NULL);
	assert_int_equal(ux_sad_replace(p.a.u, sa, moved, true), 0);
	tick(&p.a, 1);
	expect_expire(false, 2);
	assert_true(moved->dying);
	send_one(&p.a);
	send_one(&p.a);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
	send_one(&p.a);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_EXPIRED);
	tick(&p.a, 1);
	expect_expire(true, 4);
}

/* A notice about an SA that is gone, and whose place another has taken, does nothing. */
static void test_gone_before_read(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL);
	struct sa_spec again = {.src = "192.0.2.1",
				.dst = "192.0.2.2",
				.spi = 0x1001,
				.reqid = 7,
				.mode = UX_MODE_TUNNEL,
				.flags = UX_SA_AF_UNSPEC};

	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	set_limits(sa, &(struct ux_limits){.hard_packets = 1});
	send_one(&p.a);
	send_one(&p.a);
	assert_int_equal(n_woken, 1);
	ux_sad_remove(p.a.u, sa);
	ux_retire_flush(&p.a.u->retire); /* its memory is the next one's */
	sa = add_sa(&p.a, &again);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0);
	send_one(&p.a);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
}

/* An SA may have the SPI 0. */
static void test_unnumbered(void **state)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .reqid = 7,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .n_templates = 1};
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .reqid = 7,
			       .mode = UX_MODE_TUNNEL,
			       .flags = UX_SA_AF_UNSPEC};

	add_policy(&p.a, &policy);
	set_limits(add_sa(&p.a, &spec), &(struct ux_limits){.hard_packets = 1});
	send_one(&p.a);
	send_one(&p.a);
	tick(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 0);
}

/* More SAs at their limit than a ring has room: those left out are noted by their next packet. */
static void test_full_ring(void **state)
{
	static struct ux_sa *sas[UX_NOTICES + 8];
	const struct ux_notice_sa notice = {.bit = UX_NOTED_HARD};

	for (uint32_t i = 0; i < UX_NOTICES + 8; i++) {
		struct sa_spec spec = {.src = "192.0.2.1",
				       .dst = "192.0.2.2",
				       .spi = 0x2000 + i,
				       .mode = UX_MODE_TUNNEL};

		sas[i] = add_sa(&p.a, &spec);
		set_limits(sas[i], &(struct ux_limits){.hard_packets = 1});
		sas[i]->runtime->packets = 1;
		ux_notice_sa(p.a.w->ring, sas[i]->runtime, &notice);
		assert_int_equal(sas[i]->runtime->noted, i < UX_NOTICES ? UX_NOTED_HARD : 0);
	}
	ux_notice_wake(p.a.u, p.a.w->ring);
	assert_int_equal(n_woken, 1);
	tick(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 8);
	for (int i = UX_NOTICES; i < UX_NOTICES + 8; i++)
		ux_notice_sa(p.a.w->ring, sas[i]->runtime, &notice);
	ux_notice_wake(p.a.u, p.a.w->ring);
	assert_int_equal(n_woken, 2);
	tick(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 0);
}

/* ---- sequence numbers ---- */

static void expect_sequence(uint32_t cause, uint32_t oseq, uint32_t seq)
{
	const struct nlmsghdr *msg = (const void *)heard[0].bytes;
	const struct xfrm_aevent_id *id = only(XFRM_MSG_NEWAE);
	const struct nlattr *a = (const void *)((const uint8_t *)id + NLMSG_ALIGN(sizeof(*id)));
	const struct xfrm_replay_state_esn *r = (const void *)(a + 1);

	assert_int_equal(id->flags, cause);
	assert_in_range(msg->nlmsg_len, NLMSG_HDRLEN + sizeof(*id) + sizeof(*r), 1024);
	assert_int_equal(a->nla_type, XFRMA_REPLAY_ESN_VAL);
	assert_int_equal(r->oseq, oseq);
	assert_int_equal(r->seq, seq);
}

static void test_threshold_and_timer(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &gcm, NULL);

	sa->runtime->terms.replay_maxdiff = 3;
	sa->runtime->terms.replay_maxage = 10; /* a second */
	send_one(&p.a);
	assert_int_equal(n_woken, 0); /* nobody listens */
	listen_at(&p.a, UX_XFRM_GROUP_AEVENTS);
	send_one(&p.a);
	assert_int_equal(n_woken, 0);
	send_one(&p.a);
	tick(&p.a, 1);
	expect_sequence(XFRM_AE_CR, 3, 0);
	send_one(&p.a);
	tick(&p.a, 998);
	assert_int_equal(n_heard, 0);
	tick(&p.a, 2); /* the time is over, and one more was sent */
	expect_sequence(XFRM_AE_CE, 4, 0);
	tick(&p.a, 1000); /* nothing was */
	assert_int_equal(n_heard, 0);
	send_one(&p.a); /* so this one is told at once */
	tick(&p.a, 1);
	expect_sequence(XFRM_AE_CE, 5, 0);
	send_one(&p.a);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0);
	tick(&p.a, 1000);
	expect_sequence(XFRM_AE_CE, 6, 0);
}

static void test_sequence_in(void **state)
{
	struct ux_sa *at_b;

	usual_tunnel(&p, &gcm, &at_b);
	at_b->runtime->terms.replay_maxdiff = 2;
	listen_at(&p.b, UX_XFRM_GROUP_AEVENTS);
	send_one(&p.a);
	inbound(&p.b, &t);
	tick(&p.b, 1);
	assert_int_equal(n_heard, 0);
	send_one(&p.a);
	inbound(&p.b, &t);
	tick(&p.b, 1);
	expect_sequence(XFRM_AE_CR, 0, 2);
}

/* ---- mappings ---- */

static const struct sa_spec in_udp = {
    .algo = GCM128_16, .dir = UX_SA_DIR_NONE, .window = 32, .sport = 4500, .dport = 4500};

/* One packet that seems to come from this source. */
static void from(const char *saddr, uint16_t sport)
{
	struct ux_addr a = addr_of(saddr, NULL);
	struct ux_ip_info info;

	send_one(&p.a);
	memcpy(t.p.data + 12, &a, 4);
	t.p.data[20] = (uint8_t)(sport >> 8);
	t.p.data[21] = (uint8_t)sport;
	assert_true(ux_ip_parse(t.p.data, t.p.len, &info));
	inbound(&p.b, &t);
}

static void expect_mapping(const char *saddr, uint16_t sport)
{
	const struct xfrm_user_mapping *m = only(XFRM_MSG_MAPPING);

	assert_int_equal(m->new_saddr.a4, addr_of(saddr, NULL).w[0]);
	assert_int_equal(ntohs(m->new_sport), sport);
	assert_int_equal(m->old_saddr.a4, addr_of("192.0.2.1", NULL).w[0]);
	assert_int_equal(ntohs(m->old_sport), 4500);
	assert_int_equal(m->reqid, 7);
	assert_int_equal(ntohl(m->id.spi), 0x1001);
}

static void test_mapping(void **state)
{
	usual_tunnel(&p, &in_udp, NULL);
	listen_at(&p.b, UX_XFRM_GROUP_MAPPING);
	from("192.0.2.1", 4500);
	tick(&p.b, 1);
	assert_int_equal(n_heard, 0);
	from("192.0.2.1", 1024);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	tick(&p.b, 1);
	expect_mapping("192.0.2.1", 1024);
	from("192.0.2.77", 4500);
	tick(&p.b, 1);
	expect_mapping("192.0.2.77", 4500);
	from("192.0.2.77", 4500); /* as in Linux: until the SA is changed */
	tick(&p.b, 1);
	expect_mapping("192.0.2.77", 4500);
}

/* Packets on their way while the SA moves come from where it was: nothing new. */
static void test_mapping_late(void **state)
{
	struct ux_sa *at_b, *fresh;

	usual_tunnel(&p, &in_udp, &at_b);
	listen_at(&p.b, UX_XFRM_GROUP_MAPPING);
	p.b.u->params.grace_ms = 1000;
	fresh = ux_sa_clone(at_b);
	fresh->saddr = addr_of("192.0.2.50", NULL);
	fresh->encap.sport = htons(5000);
	assert_int_equal(ux_sad_replace(p.b.u, at_b, fresh, true), 0);
	from("192.0.2.1", 4500);
	from("192.0.2.50", 4500);
	tick(&p.b, 1);
	assert_int_equal(n_heard, 0);
	tick(&p.b, 1000);
	from("192.0.2.1", 4500);
	tick(&p.b, 1);
	only(XFRM_MSG_MAPPING);
}

/* A copy of a packet, or a forged one, says nothing of where the peer is. */
static void test_mapping_needs_genuine(void **state)
{
	static struct test_packet copy;

	usual_tunnel(&p, &in_udp, NULL);
	listen_at(&p.b, UX_XFRM_GROUP_MAPPING);
	send_one(&p.a);
	copy_packet(&copy, &t);
	inbound(&p.b, &t);
	copy.p.data[20]++;
	expect_drop_in(&p.b, &copy, UXFRM_DROP_IN_REPLAY);
	send_one(&p.a);
	t.p.data[20]++;
	t.p.data[t.p.len - 1] ^= 1;
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_ICV);
	tick(&p.b, 1);
	assert_int_equal(n_heard, 0);
}

static void test_mapping_threshold(void **state)
{
	struct ux_sa *at_b;

	usual_tunnel(&p, &in_udp, &at_b);
	at_b->mapping_maxage_s = 10;
	listen_at(&p.b, UX_XFRM_GROUP_MAPPING);
	from("192.0.2.1", 1024);
	tick(&p.b, 1);
	expect_mapping("192.0.2.1", 1024);
	from("192.0.2.1", 1024);
	tick(&p.b, 10000);
	assert_int_equal(n_heard, 0);
	from("192.0.2.1", 1025); /* another port is told at once */
	tick(&p.b, 1);
	expect_mapping("192.0.2.1", 1025);
	tick(&p.b, 11000);
	from("192.0.2.1", 1025);
	tick(&p.b, 1);
	expect_mapping("192.0.2.1", 1025);
}

/* ---- keepalives ---- */

static unsigned int n_keepalives;
static struct uxfrm_keepalive_event keepalive;

static void on_keepalive(void *opaque, const struct uxfrm_keepalive_event *event)
{
	n_keepalives++;
	keepalive = *event;
}

static const struct uxfrm_watch_ops watch = {.keepalive = on_keepalive};

static void test_keepalive(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &in_udp, NULL), *fresh = ux_sa_clone(sa);

	n_keepalives = 0;
	uxfrm_watch(p.a.u, &watch, NULL);
	fresh->dir = UX_SA_DIR_OUT;
	fresh->nat_keepalive_interval_s = 20;
	assert_int_equal(ux_sa_init(fresh, NULL), 0);
	assert_int_equal(ux_sad_replace(p.a.u, sa, fresh, true), 0);
	tick(&p.a, 1); /* nothing was ever sent */
	assert_int_equal(n_keepalives, 1);
	assert_int_equal(ntohs(keepalive.sport), 4500);
	tick(&p.a, 19000);
	assert_int_equal(n_keepalives, 1);
	tick(&p.a, 1000);
	assert_int_equal(n_keepalives, 2);
	tick(&p.a, 15000);
	send_one(&p.a);
	tick(&p.a, 6000); /* too early: 6 s ago there was a packet */
	assert_int_equal(n_keepalives, 2);
	tick(&p.a, 14000);
	assert_int_equal(n_keepalives, 3);
}

static void test_keepalive_moves(void **state)
{
	struct ux_sa *sa = usual_tunnel(&p, &in_udp, NULL), *fresh = ux_sa_clone(sa), *last;

	n_keepalives = 0;
	uxfrm_watch(p.a.u, &watch, NULL);
	fresh->dir = UX_SA_DIR_OUT;
	fresh->nat_keepalive_interval_s = 5;
	fresh->encap.sport = htons(1111);
	assert_int_equal(ux_sa_init(fresh, NULL), 0);
	assert_int_equal(ux_sad_replace(p.a.u, sa, fresh, true), 0);
	tick(&p.a, 1);
	assert_int_equal(n_keepalives, 1);
	assert_int_equal(ntohs(keepalive.sport), 1111);
	last = ux_sa_clone(fresh); /* moved to where there is no NAT */
	last->nat_keepalive_interval_s = 0;
	last->encap.type = UX_ENCAP_NONE;
	assert_int_equal(ux_sa_init(last, NULL), 0);
	assert_int_equal(ux_sad_replace(p.a.u, fresh, last, true), 0);
	tick(&p.a, 60000);
	assert_int_equal(n_keepalives, 1);
}

/* ---- ACQUIRE ---- */

static void policy_only(void)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .reqid = 7,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .n_templates = 1};

	add_policy(&p.a, &policy);
}

static uint32_t expect_acquire(void)
{
	const struct xfrm_user_acquire *q = only(XFRM_MSG_ACQUIRE);

	assert_int_equal(q->id.daddr.a4, addr_of("192.0.2.2", NULL).w[0]);
	assert_int_equal(q->saddr.a4, addr_of("192.0.2.1", NULL).w[0]);
	assert_int_equal(q->sel.daddr.a4, addr_of("10.2.0.2", NULL).w[0]);
	assert_int_equal(q->sel.saddr.a4, addr_of("10.1.0.1", NULL).w[0]);
	assert_int_equal(q->sel.prefixlen_d, 32);
	assert_int_equal(q->sel.proto, 253);
	assert_int_equal(q->policy.dir, XFRM_POLICY_OUT);
	assert_int_not_equal(q->seq, 0);
	return q->seq;
}

static void test_acquire(void **state)
{
	struct ux_sa *larval;
	uint32_t seq;

	policy_only();
	listen_at(&p.a, UX_XFRM_GROUP_ACQUIRE);
	send_one(&p.a);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_NO_SA);
	send_one(&p.a); /* before the control thread has come */
	assert_int_equal(n_woken, 1);
	tick(&p.a, 1);
	seq = expect_acquire();
	assert_int_equal(p.a.u->sad.n_sa, 1);
	larval = ux_container_of(p.a.u->sad.all.next, struct ux_sa, all);
	assert_int_equal(ux_sa_state_of(larval), UX_SA_LARVAL);
	assert_int_equal(larval->runtime->terms.acquire_seq, seq);
	assert_int_equal(larval->reqid, 7);
	assert_int_equal(larval->dir, UX_SA_DIR_OUT);
	send_one(&p.a);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_NO_SA);
	assert_int_equal(n_woken, 1); /* it is on its way */
	tick(&p.a, 29000);
	assert_int_equal(p.a.u->sad.n_sa, 1);
	tick(&p.a, 1000);
	assert_int_equal(p.a.u->sad.n_sa, 0);
	send_one(&p.a);
	tick(&p.a, 1);
	assert_int_not_equal(expect_acquire(), seq);
}

static void test_acquire_unheard(void **state)
{
	policy_only();
	listen_at(&p.a, UX_XFRM_GROUP_EXPIRE);
	send_one(&p.a);
	assert_int_equal(t.p.drop, UXFRM_DROP_OUT_NO_SA);
	assert_int_equal(n_woken, 0);
	listen_to(UX_XFRM_GROUP_ACQUIRE);
	send_one(&p.a);
	assert_int_equal(n_woken, 1);
	listen_to(0); /* gone before it is asked */
	tick(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 0);
}

/* The SA came, or the policy went, before the control thread reads the notice. */
static void test_acquire_overtaken(void **state)
{
	struct sa_spec spec = gcm;

	policy_only();
	listen_at(&p.a, UX_XFRM_GROUP_ACQUIRE);
	send_one(&p.a);
	spec.src = "192.0.2.1";
	spec.dst = "192.0.2.2";
	spec.spi = 0x1001;
	spec.reqid = 7;
	spec.mode = UX_MODE_TUNNEL;
	ux_sad_remove(p.a.u, add_sa(&p.a, &spec));
	add_sa(&p.a, &spec);
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0);
	assert_int_equal(p.a.u->sad.n_sa, 1);
	send_one(&p.a);
	assert_int_equal(t.p.verdict, UXFRM_UNDERLAY);
}

static void test_acquire_policy_gone(void **state)
{
	policy_only();
	listen_at(&p.a, UX_XFRM_GROUP_ACQUIRE);
	send_one(&p.a);
	ux_spd_remove(p.a.u, ux_container_of(p.a.u->spd.all.next, struct ux_policy, all));
	tick(&p.a, 1);
	assert_int_equal(n_heard, 0);
	assert_int_equal(p.a.u->sad.n_sa, 0);
}

/* @n flows between as many sources, or destinations, in transport mode. */
static void send_flows(int n, bool sources)
{
	char address[32];

	for (int i = 0; i < n; i++) {
		struct inner_spec spec = {.family = AF_INET, .payload = 80};

		*(sources ? &spec.src : &spec.dst) = address;
		snprintf(address, sizeof(address), "10.9.%d.%d", i / 250, i % 250 + 1);
		make_inner(&t, &spec);
		outbound(&p.a, &t);
		assert_int_equal(t.p.drop, UXFRM_DROP_OUT_NO_SA);
		tick(&p.a, 0);
	}
}

static void transport_policy(void)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TRANSPORT,
				     .reqid = 7,
				     .n_templates = 1};

	add_policy(&p.a, &policy);
	listen_at(&p.a, UX_XFRM_GROUP_ACQUIRE);
	keep_heard = false;
}

/* Clients may make more, and one that goes makes room. */
static void test_acquire_at_most(void **state)
{
	struct ux_sa_params own = {.id = {.family = AF_INET, .proto = 50, .spi = htonl(0x5000)},
				   .mode = UX_MODE_TRANSPORT};
	struct uxfrm *u = p.a.u;
	struct ux_sa *sa;

	transport_policy();
	u->params.max_acquire = 10;
	send_flows(30, false);
	assert_int_equal(u->sad.n_sa, 10);
	assert_int_equal(ux_sa_new_larval(u, &own, &sa), 0);
	assert_int_equal(ux_sad_insert(u, sa), 0);
	assert_int_equal(u->sad.n_acquired, 10);
	ux_sad_remove(u, sa);
	ux_sad_remove(u, ux_container_of(u->sad.all.next, struct ux_sa, all));
	assert_int_equal(u->sad.n_acquired, 9);
	send_flows(30, false);
	assert_int_equal(u->sad.n_sa, 10);
	tick(&p.a, 30000);
	assert_int_equal(u->sad.n_acquired, 0);
	u->params.max_acquire = 0;
	send_flows(30, false);
	assert_int_equal(u->sad.n_sa, 30);
}

/* All who look for an SA at one place pass by those: fewer than there may be in all. */
static void test_acquire_at_one_place(void **state)
{
	transport_policy();
	send_flows(200, true);
	assert_int_equal(p.a.u->sad.n_sa, 64);
	send_flows(200, false);
	assert_int_equal(p.a.u->sad.n_sa, 264);
}

/* A thousand flows to as many peers in transport mode: as many larval SAs as notices had room, and
 * the control thread was woken once. */
static void test_acquire_flood(void **state)
{
	char dst[32];

	transport_policy();
	for (int i = 0; i < 3000; i++) {
		struct inner_spec spec = {.family = AF_INET, .payload = 80, .dst = dst};

		snprintf(dst, sizeof(dst), "10.9.%d.%d", i % 1000 / 250, i % 250 + 1);
		make_inner(&t, &spec);
		outbound(&p.a, &t);
	}
	assert_int_equal(n_woken, 1);
	tick(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, UX_NOTICES);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(packets_out),
	    T(both_at_once),
	    T(bytes_in_a_burst),
	    T(packets_in),
	    T(move_keeps_limits),
	    T(gone_before_read),
	    T(unnumbered),
	    T(full_ring),
	    T(threshold_and_timer),
	    T(sequence_in),
	    T(mapping),
	    T(mapping_late),
	    T(mapping_needs_genuine),
	    T(mapping_threshold),
	    T(keepalive),
	    T(keepalive_moves),
	    T(acquire),
	    T(acquire_unheard),
	    T(acquire_overtaken),
	    T(acquire_policy_gone),
	    T(acquire_flood),
	    T(acquire_at_most),
	    T(acquire_at_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

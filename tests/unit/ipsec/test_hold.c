/* SPDX-License-Identifier: BSD-2-Clause */

/* What an IKE daemon takes away and brings back: SAs go on where they were, packets wait meanwhile,
 * and for no longer than they may. */

#include "pair.h"

#include <netinet/in.h>
#include <string.h>

#include "base/rcu.h"
#include "core/companion.h"
#include "core/interim.h"

#define HOLD_MS 500
#define MS UINT64_C(1000000)

static struct test_packet flight[4], t;
static const struct inner_spec inner4 = {.family = AF_INET, .payload = 40};

static void open_holding(struct pair *p, uint32_t hold_ms)
{
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = MS;
	params.real_s = REAL_S;
	params.hold_ms = hold_ms;
	pair_open_params(p, &params);
}

static void pass_ms(struct side *s, uint64_t ms)
{
	uxfrm_tick(s->u, s->u->now_ns + ms * MS, REAL_S);
}

static void send_inner(struct side *s, struct test_packet *to)
{
	make_inner(to, &inner4);
	to->p.may_hold = UXFRM_MAY_HOLD_FIRST;
	outbound(s, to);
}

static void receive(struct side *s, const struct test_packet *wire)
{
	copy_packet(&t, wire);
	t.p.may_hold = UXFRM_MAY_HOLD_FIRST;
	inbound(s, &t);
}

/* It waits, is as it came, and is dropped for @reason when it must wait no longer. */
static void expect_waits_in(struct side *s, const struct test_packet *wire, enum uxfrm_drop reason)
{
	receive(s, wire);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	assert_int_equal(t.p.len, wire->p.len);
	assert_memory_equal(t.p.data, wire->p.data, wire->p.len);
	copy_packet(&t, wire);
	t.p.may_hold = UXFRM_MAY_HOLD_NOT;
	expect_drop_in(s, &t, reason);
}

static void expect_delivered(struct side *s, const struct test_packet *wire)
{
	receive(s, wire);
	if (t.p.verdict != UXFRM_DELIVER)
		fail_msg("dropped: %s", uxfrm_drop_name(t.p.drop));
}

static struct sa_spec moved_spec(const struct ux_sa *old)
{
	return (struct sa_spec){.src = "192.0.2.1",
				.dst = "198.51.100.9",
				.spi = be32toh(old->id.spi),
				.reqid = old->reqid,
				.mode = old->mode,
				.algo = GCM128_16,
				.window = 64};
}

/* Deleted and added again elsewhere, with counters read a while before: nothing begins anew. */
static void test_sa_comes_back(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa_runtime *runtime;
	struct ux_sa *at_a, *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, &at_b);
	for (int i = 0; i < 3; i++)
		send_inner(&p.a, &flight[i]);
	expect_delivered(&p.b, &flight[0]);

	runtime = at_b->runtime;
	again = moved_spec(at_b);
	again.iseq = 1;
	park_sa(&p.b, at_b);
	assert_int_equal(p.b.u->sad.n_sa, 0);
	expect_waits_in(&p.b, &flight[1], UXFRM_DROP_IN_NO_SA);
	at_b = resume_sa(&p.b, &again);
	assert_non_null(at_b);
	assert_ptr_equal(at_b->runtime, runtime);
	assert_int_equal(p.b.u->sad.n_sa, 1);
	/* to the tuple it had; a packet that was there before is refused */
	expect_delivered(&p.b, &flight[1]);
	copy_packet(&t, &flight[0]);
	expect_drop_in(&p.b, &t, UXFRM_DROP_IN_REPLAY);

	again = moved_spec(at_a);
	again.oseq = 2; /* three have been sent */
	park_sa(&p.a, at_a);
	at_a = resume_sa(&p.a, &again);
	assert_non_null(at_a);
	send_inner(&p.a, &flight[3]);
	assert_int_equal(flight[3].p.verdict, UXFRM_UNDERLAY);
	assert_int_equal(atomic_load(&at_a->runtime->oseq), 4);
	expect_delivered(&p.b, &flight[3]);
	expect_delivered(&p.b, &flight[2]);
	pair_close(&p);
}

/* Nothing is kept longer than it may be, and nothing of it passes meanwhile. */
static void test_sa_does_not_come_back(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, &at_b);
	send_inner(&p.a, &flight[0]);
	again = moved_spec(at_b);
	again.installed_before = true;
	park_sa(&p.b, at_b);
	pass_ms(&p.b, HOLD_MS - 1);
	expect_waits_in(&p.b, &flight[0], UXFRM_DROP_IN_NO_SA);
	uint32_t changes = uxfrm_changes(p.b.u);

	pass_ms(&p.b, 1);
	assert_int_not_equal(uxfrm_changes(p.b.u), changes);
	assert_int_equal(p.b.u->interim.n_parked, 0);
	receive(&p.b, &flight[0]);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, UXFRM_DROP_IN_NO_SA);
	assert_null(resume_sa(&p.b, &again));
	pair_close(&p);
}

/* One packet has arrived; on the wire are one from before a move and two from after it. */
static struct ux_sa *fly_across_a_move(struct pair *p)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_a, *at_b;

	at_a = usual_tunnel(p, &spec, &at_b);
	send_inner(&p->a, &flight[0]);
	send_inner(&p->a, &flight[1]);
	expect_delivered(&p->b, &flight[0]);
	again = moved_spec(at_b);
	again.iseq = 1;
	park_sa(&p->b, at_b);
	at_b = resume_sa(&p->b, &again);
	assert_non_null(at_b);
	again = moved_spec(at_a);
	again.oseq = 2;
	park_sa(&p->a, at_a);
	assert_non_null(resume_sa(&p->a, &again));
	send_inner(&p->a, &flight[2]);
	send_inner(&p->a, &flight[3]);
	return at_b;
}

static void offer_again(struct side *s, const struct test_packet *wire)
{
	copy_packet(&t, wire);
	t.p.may_hold = UXFRM_MAY_HOLD_AGAIN;
	inbound(s, &t);
}

/* With several ports the first packet since a move waits until the others have been looked at. */
static void test_older_go_first(void **state)
{
	uint32_t changes;
	struct pair p;

	open_holding(&p, HOLD_MS);
	uxfrm_worker_set_several_ports(p.b.w, true);
	fly_across_a_move(&p);
	receive(&p.b, &flight[2]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 1);
	receive(&p.b, &flight[3]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 1);
	offer_again(&p.b, &flight[2]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 1);
	expect_delivered(&p.b, &flight[1]);

	changes = uxfrm_changes(p.b.u);
	uxfrm_worker_older_taken(p.b.w, 1);
	assert_int_not_equal(uxfrm_changes(p.b.u), changes);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 0);
	offer_again(&p.b, &flight[2]);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	expect_delivered(&p.b, &flight[3]);
	pair_close(&p);
}

/* It does not wait where that is no use, or no longer. */
static void test_older_not_waited_for(void **state)
{
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	fly_across_a_move(&p);
	expect_delivered(&p.b, &flight[2]); /* one port */
	pair_close(&p);

	open_holding(&p, HOLD_MS);
	uxfrm_worker_set_several_ports(p.b.w, true);
	at_b = fly_across_a_move(&p);
	copy_packet(&t, &flight[2]);
	t.p.may_hold = UXFRM_MAY_HOLD_NOT;
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	/* one that had waited for the SA itself, which then has gone */
	offer_again(&p.b, &flight[3]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 1);
	park_sa(&p.b, at_b);
	uxfrm_worker_older_taken(p.b.w, 1);
	assert_int_equal(uxfrm_worker_wants_older(p.b.w), 0);
	pair_close(&p);
}

/* The time it is kept begins when it is deleted, however long nothing happened before that. */
static void test_after_long_rest(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, &at_b);
	send_inner(&p.a, &flight[0]);
	again = moved_spec(at_b);
	again.installed_before = true;
	uxfrm_time(p.b.u, p.b.u->now_ns + 2 * HOLD_MS * MS, REAL_S);
	park_sa(&p.b, at_b);
	pass_ms(&p.b, 0);
	expect_waits_in(&p.b, &flight[0], UXFRM_DROP_IN_NO_SA);
	assert_non_null(resume_sa(&p.b, &again));
	expect_delivered(&p.b, &flight[0]);
	pair_close(&p);
}

/* Another key, other terms, counters that it never had or none at all: another SA. */
static void test_another_sa(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, right;
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, &at_b);
	send_inner(&p.a, &flight[0]);
	expect_delivered(&p.b, &flight[0]);
	right = moved_spec(at_b);
	right.iseq = 1;
	park_sa(&p.b, at_b);

	struct sa_spec wrong[] = {right, right, right, right, right, right, right, right};

	wrong[0].algo = GCM192_12;
	wrong[1].spi++;
	wrong[2].window = 128;
	wrong[3].iseq = 2;
	wrong[4].oseq = 1;
	wrong[5].iseq = 0;
	wrong[6].extra_flags = UX_SA_EXTRA_OSEQ_MAY_WRAP;
	wrong[7].label = "system_u:object_r:ipsec_spd_t:s0";
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(resume_sa(&p.b, &wrong[i]));
	assert_non_null(resume_sa(&p.b, &right));
	pair_close(&p);
}

/* What was noted of it just before it went is lost, and can be noted again when it is back. */
static void test_limits_go_on(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64, .hard_packets = 1}, again;
	struct ux_sa *at_a;
	struct pair p;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, NULL);
	again = moved_spec(at_a);
	again.oseq = again.hard_packets = 1;
	send_inner(&p.a, &flight[0]);
	send_inner(&p.a, &flight[1]);
	assert_int_equal(flight[1].p.drop, UXFRM_DROP_OUT_EXPIRED);
	park_sa(&p.a, at_a);
	pass_ms(&p.a, 1);
	assert_non_null(resume_sa(&p.a, &again));
	pass_ms(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 1);
	send_inner(&p.a, &flight[1]);
	assert_int_equal(flight[1].p.drop, UXFRM_DROP_OUT_EXPIRED);
	pass_ms(&p.a, 1);
	assert_int_equal(p.a.u->sad.n_sa, 0);
	pair_close(&p);
}

static void count_keepalive(void *opaque, const struct uxfrm_keepalive_event *event)
{
	++*(int *)opaque;
}

/* It comes back behind a NAT, and had no keepalives before. */
static void test_comes_back_behind_nat(void **state)
{
	static const struct uxfrm_watch_ops watch = {.keepalive = count_keepalive};
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_a;
	struct pair p;
	int n = 0;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, NULL);
	again = moved_spec(at_a);
	again.installed_before = true;
	again.sport = again.dport = 4500;
	again.dir = UX_SA_DIR_OUT;
	again.keepalive_s = 20;
	park_sa(&p.a, at_a);
	uxfrm_watch(p.a.u, &watch, &n);
	assert_non_null(resume_sa(&p.a, &again));
	pass_ms(&p.a, 1);
	assert_int_equal(n, 1);
	pair_close(&p);
}

/* A larval SA: its keys may be on their way. */
static void test_keys_to_come(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, larval;
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, &at_b);
	send_inner(&p.a, &flight[0]);
	larval = (struct sa_spec){.src = "192.0.2.1",
				  .dst = "192.0.2.2",
				  .spi = be32toh(at_b->id.spi),
				  .mode = UX_MODE_TUNNEL,
				  .larval = true};
	ux_sad_remove(p.b.u, at_b);
	add_sa(&p.b, &larval);
	expect_waits_in(&p.b, &flight[0], UXFRM_DROP_IN_LARVAL);
	pair_close(&p);
}

static struct ux_policy *replace_policy(struct side *s, const struct ux_policy *like,
					uint8_t action, unsigned int n_templates)
{
	struct ux_policy *fresh = ux_policy_new(s->u, n_templates);
	bool replaced;

	assert_non_null(fresh);
	fresh->dir = like->dir;
	fresh->action = action;
	fresh->family = like->family;
	fresh->sel = like->sel;
	fresh->mark = like->mark;
	fresh->if_id = like->if_id;
	assert_int_equal(ux_policy_set_limits(fresh, like->limits), 0);
	for (unsigned int i = 0; i < n_templates; i++)
		fresh->templates[i] = like->templates[i];
	assert_int_equal(ux_spd_insert(s->u, fresh, false, &replaced), 0);
	return fresh;
}

static struct ux_policy *policy_of(struct side *s, enum ux_policy_dir dir)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &s->u->spd.all) {
		struct ux_policy *policy = ux_container_of(pos, struct ux_policy, all);

		if (policy->dir == dir && policy->family == AF_INET)
			return policy;
	}
	fail_msg("no policy");
	return NULL;
}

/* Blocked for the moment: what the policy protected waits, and goes out protected or not at all. */
static void test_blocked_for_the_moment(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct ux_policy *policy, *kept;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, NULL);
	policy = policy_of(&p.a, UX_POLICY_OUT);
	kept = ux_policy_clone(policy);
	replace_policy(&p.a, kept, UX_POLICY_BLOCK, 0);
	send_inner(&p.a, &flight[0]);
	assert_int_equal(flight[0].p.verdict, UXFRM_HOLD);
	make_inner(&t, &inner4);
	expect_drop_out(&p.a, &t, UXFRM_DROP_OUT_BLOCK);
	replace_policy(&p.a, kept, UX_POLICY_ALLOW, 1);
	flight[0].p.may_hold = UXFRM_MAY_HOLD_FIRST;
	outbound(&p.a, &flight[0]);
	assert_int_equal(flight[0].p.verdict, UXFRM_UNDERLAY);
	expect_delivered(&p.b, &flight[0]);

	replace_policy(&p.a, kept, UX_POLICY_BLOCK, 0);
	pass_ms(&p.a, HOLD_MS);
	send_inner(&p.a, &flight[1]);
	assert_int_equal(flight[1].p.verdict, UXFRM_DROP);
	assert_int_equal(flight[1].p.drop, UXFRM_DROP_OUT_BLOCK);
	/* one that never protected holds nothing */
	replace_policy(&p.a, kept, UX_POLICY_BLOCK, 0);
	send_inner(&p.a, &flight[1]);
	assert_int_equal(flight[1].p.verdict, UXFRM_DROP);
	ux_policy_free(kept);
	pair_close(&p);
}

/* The policy for what arrives is deleted: packets wait before they are opened. */
static void test_inbound_policy_gone(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct ux_policy *policy, *kept;
	struct pair p;

	open_holding(&p, HOLD_MS);
	usual_tunnel(&p, &spec, NULL);
	send_inner(&p.a, &flight[0]);
	send_inner(&p.a, &flight[1]);
	policy = policy_of(&p.b, UX_POLICY_IN);
	kept = ux_policy_clone(policy);
	ux_interim_open(p.b.u, policy);
	ux_spd_remove(p.b.u, policy);
	receive(&p.b, &flight[0]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	replace_policy(&p.b, kept, UX_POLICY_ALLOW, 1);
	expect_delivered(&p.b, &flight[0]);

	policy = policy_of(&p.b, UX_POLICY_IN);
	ux_interim_open(p.b.u, policy);
	ux_spd_remove(p.b.u, policy);
	pass_ms(&p.b, HOLD_MS);
	receive(&p.b, &flight[1]);
	assert_int_equal(t.p.verdict, UXFRM_DROP);
	assert_int_equal(t.p.drop, UXFRM_DROP_IN_NO_POLICY);
	ux_policy_free(kept);
	pair_close(&p);
}

static bool allowed(struct side *s, struct ux_sa *first, struct ux_sa *second)
{
	struct ux_sa *bundle[2] = {first, second};
	struct ux_flow_key flow = {.family = AF_INET};
	bool r;

	ux_rcu_read_lock();
	r = ux_interim_allowed(s->u, 0, UX_POLICY_IN, &flow, bundle, second ? 2 : 1);
	ux_rcu_read_unlock();
	return r;
}

/* IPComp inside ESP: who came without ESP was not allowed by the policy that is gone for the
 * moment, either. */
static void test_gap_wants_all_templates(void **state)
{
	const struct sa_spec comp = {.src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .spi = 0x1001,
				     .reqid = 7,
				     .mode = UX_MODE_TUNNEL,
				     .proto = IPPROTO_COMP};
	const struct sa_spec esp = {.src = "192.0.2.1",
				    .dst = "192.0.2.2",
				    .spi = 0x2002,
				    .reqid = 7,
				    .mode = UX_MODE_TRANSPORT,
				    .algo = GCM128_16};
	struct policy_spec spec = {.family = AF_INET,
				   .dir = UX_POLICY_IN,
				   .mode = UX_MODE_TUNNEL,
				   .proto = IPPROTO_COMP,
				   .src = "192.0.2.1",
				   .dst = "192.0.2.2",
				   .reqid = 7,
				   .n_templates = 2};
	struct ux_sa *outer, *inner, *companion;
	struct ux_policy *policy;
	struct pair p;

	open_holding(&p, HOLD_MS);
	inner = add_sa(&p.b, &comp);
	outer = add_sa(&p.b, &esp);
	companion = ux_companion_of(inner->runtime)->current;
	policy = add_policy(&p.b, &spec);
	policy->templates[0].optional = true;
	policy->templates[1].proto = IPPROTO_ESP;
	policy->templates[1].mode = UX_MODE_TRANSPORT;
	ux_interim_open(p.b.u, policy);
	ux_spd_remove(p.b.u, policy);
	assert_true(allowed(&p.b, outer, inner));
	assert_true(allowed(&p.b, outer, companion));
	assert_true(allowed(&p.b, outer, NULL));
	assert_false(allowed(&p.b, inner, NULL));
	assert_false(allowed(&p.b, companion, NULL));
	pair_close(&p);
}

/* The policy is there and its SA is not: one that was just deleted may be it. */
static void test_outbound_sa_gone(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_a;
	struct pair p;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, NULL);
	again = moved_spec(at_a);
	again.dst = "192.0.2.2";
	again.installed_before = true;
	park_sa(&p.a, at_a);
	send_inner(&p.a, &flight[0]);
	assert_int_equal(flight[0].p.verdict, UXFRM_HOLD);
	assert_non_null(resume_sa(&p.a, &again));
	flight[0].p.may_hold = UXFRM_MAY_HOLD_FIRST;
	outbound(&p.a, &flight[0]);
	assert_int_equal(flight[0].p.verdict, UXFRM_UNDERLAY);
	pair_close(&p);
}

/* Linux's other way: what misses an SA waits until that has been negotiated. */
static void test_larval_drop(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct uxfrm_params params;
	struct ux_sa *at_a;
	struct pair p;

	for (int drop = 0; drop < 2; drop++) {
		uxfrm_params_init(&params);
		params.real_s = REAL_S;
		params.larval_drop = drop;
		pair_open_params(&p, &params);
		at_a = usual_tunnel(&p, &spec, NULL);
		again = moved_spec(at_a);
		again.dst = "192.0.2.2";
		ux_sad_remove(p.a.u, at_a);
		send_inner(&p.a, &flight[0]);
		assert_int_equal(flight[0].p.verdict, drop ? UXFRM_DROP : UXFRM_HOLD);
		if (!drop) {
			assert_int_equal(flight[0].p.hold_ms, 30000);
			add_sa(&p.a, &again);
			outbound(&p.a, &flight[0]);
			assert_int_equal(flight[0].p.verdict, UXFRM_UNDERLAY);
		}
		pair_close(&p);
	}
}

/* As Linux: gone is gone. */
static void test_off(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct ux_sa *at_b;
	struct pair p;

	open_holding(&p, 0);
	usual_tunnel(&p, &spec, &at_b);
	send_inner(&p.a, &flight[0]);
	assert_false(ux_interim_parks(p.b.u, at_b));
	ux_interim_open(p.b.u, policy_of(&p.b, UX_POLICY_IN));
	expect_delivered(&p.b, &flight[0]);
	pair_close(&p);
}

/* One that is pushed out is waited for in vain: who waits is to look again. */
static void test_pushed_out(void **state)
{
	struct sa_spec spec = {
	    .src = "192.0.2.1", .dst = "192.0.2.2", .spi = 1000, .algo = NULL_SHA256};
	struct pair p;

	open_holding(&p, HOLD_MS);
	for (; p.a.u->interim.n_parked < UX_PARKED_MAX; spec.spi++)
		park_sa(&p.a, add_sa(&p.a, &spec));

	struct ux_sa *one_more = add_sa(&p.a, &spec);
	uint32_t changes = atomic_load(&p.a.u->interim.changes);

	assert_true(ux_interim_parks(p.a.u, one_more));
	assert_int_not_equal(atomic_load(&p.a.u->interim.changes), changes);
	ux_sad_park(p.a.u, one_more);
	pair_close(&p);
}

/* A policy of another label does not close the gap. */
static void test_gap_of_a_label(void **state)
{
	struct policy_spec in = {.dir = UX_POLICY_IN, .family = AF_INET, .n_templates = 1};
	struct ux_policy *policy;
	struct pair p;

	open_holding(&p, HOLD_MS);
	policy = add_policy(&p.a, &in);
	ux_policy_set_label(policy, ux_label_hold(p.a.u, "spd_t", 6));
	ux_interim_open(p.a.u, policy);
	ux_spd_remove(p.a.u, policy);
	policy = add_policy(&p.a, &in);
	assert_int_equal(atomic_load(&p.a.u->interim.n_gaps), 1);
	ux_spd_remove(p.a.u, policy);
	pass_ms(&p.a, HOLD_MS);
	assert_int_equal(atomic_load(&p.a.u->interim.n_gaps), 0);
	pair_close(&p);
}

/* Where the database is full the larval SA makes room for the one that comes back. */
static void test_comes_back_full(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again, larval = {.larval = true};
	struct ux_sa *at_a;
	struct pair p;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, NULL);
	send_inner(&p.a, &flight[0]);
	again = moved_spec(at_a);
	again.oseq = 1;
	park_sa(&p.a, at_a);
	larval.src = again.src;
	larval.dst = again.dst;
	larval.spi = 0x7777;
	larval_at_resume = add_sa(&p.a, &larval);
	p.a.u->params.max_sa = 1;
	assert_non_null(resume_sa(&p.a, &again));
	larval_at_resume = NULL;
	assert_int_equal(p.a.u->sad.n_sa, 1);
	pair_close(&p);
}

/* A client that clears thousands is not remembered in full. */
static void test_bounds(void **state)
{
	struct policy_spec in = {.dir = UX_POLICY_IN, .family = AF_INET, .n_templates = 1};
	struct pair p;

	open_holding(&p, HOLD_MS);
	for (uint32_t i = 0; i < UX_PARKED_MAX + 100; i++) {
		struct sa_spec spec = {
		    .src = "192.0.2.1", .dst = "192.0.2.2", .spi = 1000 + i, .algo = NULL_SHA256};

		park_sa(&p.a, add_sa(&p.a, &spec));
	}
	assert_int_equal(p.a.u->interim.n_parked, UX_PARKED_MAX);
	for (uint32_t i = 0; i < UX_GAPS_MAX + 10; i++) {
		struct ux_policy *policy;

		in.if_id = i + 1;
		policy = add_policy(&p.a, &in);
		ux_interim_open(p.a.u, policy);
		ux_spd_remove(p.a.u, policy);
	}
	assert_int_equal(atomic_load(&p.a.u->interim.n_gaps), UX_GAPS_MAX);
	pass_ms(&p.a, HOLD_MS);
	assert_int_equal(p.a.u->interim.n_parked, 0);
	assert_int_equal(atomic_load(&p.a.u->interim.n_gaps), 0);
	pair_close(&p);
}

/* The peer has moved, to another address or into UDP, and our client has not heard of it yet: what
 * it sends waits for the SA with that SPI, and for no other. */
static void test_peer_moves_first(void **state)
{
	for (int in_udp = 0; in_udp < 2; in_udp++) {
		struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
		struct ux_sa *at_a, *at_b;
		struct pair p;

		open_holding(&p, HOLD_MS);
		at_a = usual_tunnel(&p, &spec, &at_b);
		send_inner(&p.a, &flight[0]);
		expect_delivered(&p.b, &flight[0]);
		again = moved_spec(at_a);
		if (in_udp)
			again.dst = "192.0.2.2", again.sport = again.dport = 4500;
		again.oseq = 1;
		park_sa(&p.a, at_a);
		assert_non_null(resume_sa(&p.a, &again));
		send_inner(&p.a, &flight[1]);
		expect_waits_in(&p.b, &flight[1],
				in_udp ? UXFRM_DROP_IN_ENCAP : UXFRM_DROP_IN_NO_SA);
		copy_packet(&flight[2], &flight[1]);
		flight[2].p.data[in_udp ? 31 : 23] ^= 1; /* the SPI of nobody */
		receive(&p.b, &flight[2]);
		assert_int_equal(t.p.verdict, UXFRM_DROP);
		assert_int_equal(t.p.drop, UXFRM_DROP_IN_NO_SA);

		uint32_t changes = uxfrm_changes(p.b.u);

		again.oseq = 0;
		again.iseq = 1;
		park_sa(&p.b, at_b);
		expect_waits_in(&p.b, &flight[1], UXFRM_DROP_IN_NO_SA);
		assert_non_null(resume_sa(&p.b, &again));
		assert_int_not_equal(uxfrm_changes(p.b.u), changes);
		expect_delivered(&p.b, &flight[1]);
		pair_close(&p);
	}
}

/* What comes after an SA has moved does not overtake what waits for it, though it could pass. */
static void test_order_is_kept(void **state)
{
	struct sa_spec spec = {.algo = GCM128_16, .window = 64}, again;
	struct ux_sa *at_a, *at_b;
	struct pair p;

	open_holding(&p, HOLD_MS);
	at_a = usual_tunnel(&p, &spec, &at_b);
	for (int i = 0; i < 3; i++)
		send_inner(&p.a, &flight[i]);
	expect_delivered(&p.b, &flight[0]);
	again = moved_spec(at_b);
	again.iseq = 1;
	park_sa(&p.b, at_b);
	expect_waits_in(&p.b, &flight[1], UXFRM_DROP_IN_NO_SA);

	uint32_t offered = uxfrm_changes(p.b.u);

	assert_non_null(resume_sa(&p.b, &again));
	again = moved_spec(at_a);
	again.oseq = 3;
	park_sa(&p.a, at_a);
	assert_non_null(resume_sa(&p.a, &again));
	send_inner(&p.a, &flight[3]);
	uxfrm_worker_held(p.b.w, true, offered);
	receive(&p.b, &flight[3]);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	/* those that wait are offered, the first of them first, but not if it comes back in the
	 * middle of that */
	copy_packet(&t, &flight[3]);
	t.p.may_hold = UXFRM_MAY_HOLD_AGAIN;
	inbound(&p.b, &t);
	assert_int_equal(t.p.verdict, UXFRM_HOLD);
	uxfrm_worker_held(p.b.w, true, uxfrm_changes(p.b.u));
	for (int i = 1; i <= 3; i += 2) {
		copy_packet(&t, &flight[i]);
		t.p.may_hold = UXFRM_MAY_HOLD_AGAIN;
		inbound(&p.b, &t);
		assert_int_equal(t.p.verdict, UXFRM_DELIVER);
	}
	uxfrm_worker_held(p.b.w, false, uxfrm_changes(p.b.u));
	expect_delivered(&p.b, &flight[2]);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sa_comes_back),
	    cmocka_unit_test(test_sa_does_not_come_back),
	    cmocka_unit_test(test_older_go_first),
	    cmocka_unit_test(test_older_not_waited_for),
	    cmocka_unit_test(test_after_long_rest),
	    cmocka_unit_test(test_another_sa),
	    cmocka_unit_test(test_peer_moves_first),
	    cmocka_unit_test(test_order_is_kept),
	    cmocka_unit_test(test_limits_go_on),
	    cmocka_unit_test(test_comes_back_behind_nat),
	    cmocka_unit_test(test_keys_to_come),
	    cmocka_unit_test(test_blocked_for_the_moment),
	    cmocka_unit_test(test_inbound_policy_gone),
	    cmocka_unit_test(test_gap_wants_all_templates),
	    cmocka_unit_test(test_outbound_sa_gone),
	    cmocka_unit_test(test_larval_drop),
	    cmocka_unit_test(test_off),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_pushed_out),
	    cmocka_unit_test(test_gap_of_a_label),
	    cmocka_unit_test(test_comes_back_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of policies against a list of them, at random: whatever was inserted, replaced,
 * rewritten and removed, a flow meets the first by priority and age of those it fits. Some of it
 * while memory is short, which must not show.
 */
#include "core_fixture.h"

#include <errno.h>

#define POLICIES_MAX 3000

/* Linked with --wrap=malloc: one in @fail_one_in allocations fails; 0: none. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
static long fail_one_in;
void *__wrap_malloc(size_t size)
{
	return fail_one_in && random() % fail_one_in == 0 ? NULL : __real_malloc(size);
}

/* How much the selectors of a run differ. */
struct profile {
	const char *name;
	uint32_t hosts; /* addresses are 10.0.0.0 + 0..hosts-1, also in IPv6 */
	bool any_bits;	/* all prefix lengths, not the short ones only */
	bool upper;	/* protocols and ports */
	bool odd_masks; /* any masks of ports and marks */
	bool groups;	/* types, directions, interface ids */
	uint32_t priorities, n_max;
	int steps;
	long fail_one_in;
};

static const struct profile profiles[] = {
    {"all lengths", 1u << 24, true, true, false, true, 1000, 3000, 12000, 0},
    {"crowd", 64, true, false, false, false, 1000, 1000, 12000, 0},
    {"crowd of equals", 64, true, true, false, false, 1, 1000, 12000, 0},
    {"ports of one pair", 1, false, true, false, false, 50, 2000, 12000, 0},
    {"odd masks", 4, false, true, true, false, 50, 600, 5000, 0},
    {"few", 256, true, true, true, true, 3, 20, 10000, 0},
    {"short of memory", 64, true, true, false, false, 1000, 1000, 12000, 3},
};

struct run {
	const struct profile *p;
	struct uxfrm *u;
	uint32_t n;
	struct ux_policy *policy[POLICIES_MAX]; /* the oldest first */
};

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static bool once_in(uint32_t n)
{
	return below(n) == 0;
}

static struct ux_addr random_address(const struct run *r, uint16_t family)
{
	uint32_t host = below(r->p->hosts);

	if (family == AF_INET)
		return addr4(0x0a000000 + host);

	struct ux_addr a = {.w = {htobe32(0xfd000000 + host % 16), htobe32(host % 3), htobe32(host),
				  htobe32(host)}};

	return a;
}

static uint8_t random_bits(const struct run *r, uint16_t family)
{
	uint32_t max = family == AF_INET ? 32 : 128;

	if (!r->p->any_bits)
		return (uint8_t)(once_in(2) ? 0 : max);
	/* half of them where the addresses differ */
	if (once_in(2))
		return (uint8_t)(max - below(8));
	return (uint8_t)below(max + 1);
}

static __be16 random_mask(const struct run *r)
{
	if (r->p->odd_masks && once_in(2))
		return htobe16((uint16_t)random());
	return once_in(2) ? 0xffff : 0;
}

static void random_upper(const struct run *r, struct ux_selector *sel)
{
	static const uint8_t protos[] = {0, 6, 17, 1, 58, 50};

	sel->proto = protos[below(6)];
	sel->ifindex = once_in(8) ? 1 + (int32_t)below(2) : 0;
	sel->dport = htobe16((uint16_t)below(200));
	sel->dport_mask = random_mask(r);
	sel->sport = htobe16((uint16_t)below(4));
	sel->sport_mask = random_mask(r);
}

static struct ux_policy *random_policy(struct run *r)
{
	struct ux_policy *p = ux_policy_new(r->u, below(3));

	assert_non_null(p);
	p->dir = UX_POLICY_OUT;
	p->family = p->sel.family = once_in(2) ? AF_INET : AF_INET6;
	p->sel.daddr = random_address(r, p->family);
	p->sel.saddr = random_address(r, p->family);
	p->sel.prefixlen_d = random_bits(r, p->family);
	p->sel.prefixlen_s = random_bits(r, p->family);
	p->priority = below(r->p->priorities);
	if (r->p->upper)
		random_upper(r, &p->sel);
	if (r->p->odd_masks && once_in(2))
		p->mark = (struct ux_mark){0, (uint32_t)random() & 7};
	else if (once_in(8))
		p->mark = (struct ux_mark){1, 0xffffffff};
	if (r->p->groups) {
		p->dir = (uint8_t)below(UX_POLICY_DIRS);
		p->type = (uint8_t)once_in(4);
		p->if_id = once_in(3) ? below(3) : 0;
	}
	return p;
}

/* ---- the reference ---- */

static void forget(struct run *r, uint32_t i)
{
	memmove(&r->policy[i], &r->policy[i + 1], (r->n - i - 1) * sizeof(r->policy[0]));
	r->n--;
}

static bool in_group(const struct ux_policy *p, const struct ux_spd_group *g,
		     const struct ux_flow_key *flow)
{
	return p->type == g->type && p->dir == g->dir && p->family == g->family &&
	       p->if_id == g->if_id && (flow->mark & p->mark.m) == p->mark.v;
}

static struct ux_policy *reference(const struct run *r, const struct ux_spd_group *g,
				   const struct ux_flow_key *flow)
{
	struct ux_policy *best = NULL;

	for (uint32_t i = 0; i < r->n; i++) {
		struct ux_policy *p = r->policy[i];

		if (in_group(p, g, flow) && ux_selector_match(&p->sel, flow) &&
		    (!best || p->priority < best->priority))
			best = p;
	}
	return best;
}

static bool ports_reference(const struct run *r, const struct ux_spd_group *g,
			    const struct ux_flow_key *flow, const struct ux_policy *found)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct ux_policy *p = r->policy[i];
		struct ux_selector sel = p->sel;

		sel.dport_mask = sel.sport_mask = 0;
		if (in_group(p, g, flow) && (p->sel.dport_mask | p->sel.sport_mask) &&
		    ux_selector_match(&sel, flow) &&
		    (!found || p == found || ux_policy_before(p, found)))
			return true;
	}
	return false;
}

/* ---- steps ---- */

static void insert(struct run *r)
{
	struct ux_policy *p = random_policy(r);
	struct ux_policy_key key = {p->type, p->dir, p->if_id, p->mark, &p->sel};
	struct ux_policy *old = ux_spd_find(r->u, &key);
	bool replaced;

	if (r->n == r->p->n_max) {
		ux_policy_free(p);
		return;
	}
	for (uint32_t i = 0; i < r->n && old; i++)
		if (r->policy[i] == old)
			forget(r, i--);
	assert_int_equal(ux_spd_insert(r->u, p, false, &replaced), 0);
	assert_int_equal(replaced, old != NULL);
	r->policy[r->n++] = p;
}

static void replace(struct run *r)
{
	uint32_t i = below(r->n);
	struct ux_policy *p = ux_policy_clone(r->policy[i]);
	bool replaced;

	assert_non_null(p);
	p->priority = below(r->p->priorities);
	assert_int_equal(ux_spd_insert(r->u, p, false, &replaced), 0);
	assert_true(replaced);
	forget(r, i);
	r->policy[r->n++] = p;
}

static void rewrite(struct run *r)
{
	uint32_t i = below(r->n);
	struct ux_policy *p = ux_policy_clone(r->policy[i]);

	assert_non_null(p);
	ux_spd_rewrite(r->u, r->policy[i], p);
	r->policy[i] = p;
}

static void take_out(struct run *r)
{
	uint32_t i = below(r->n);

	ux_spd_remove(r->u, r->policy[i]);
	forget(r, i);
}

/* A flow at random, or one that a policy was made for. */
static struct ux_flow_key random_flow(const struct run *r, struct ux_spd_group *ret_group)
{
	struct ux_policy *like = random_policy((struct run *)(uintptr_t)r);
	const struct ux_policy *p = r->n && once_in(2) ? r->policy[below(r->n)] : like;
	struct ux_flow_key flow = {
	    .family = p->family,
	    .daddr = once_in(2) ? p->sel.daddr : random_address(r, p->family),
	    .saddr = once_in(2) ? p->sel.saddr : random_address(r, p->family),
	    .proto = p->sel.proto,
	    .dport = once_in(2) ? p->sel.dport : htobe16((uint16_t)below(200)),
	    .sport = p->sel.sport,
	    .ifindex = p->sel.ifindex,
	    .mark = once_in(2) ? p->mark.v : (uint32_t)random() & 7,
	};

	*ret_group = (struct ux_spd_group){p->type, p->dir, p->family, p->if_id};
	ux_policy_free(like);
	return flow;
}

/* One of type sub comes first. */
static void ask_both(struct run *r, const struct ux_spd_group *g, const struct ux_flow_key *flow)
{
	struct ux_spd_group main = *g, sub = *g;
	struct ux_policy *best_main, *best_sub, *best;

	main.type = UX_POLICY_TYPE_MAIN;
	sub.type = UX_POLICY_TYPE_SUB;
	best_main = reference(r, &main, flow);
	best_sub = reference(r, &sub, flow);
	best = best_sub ? best_sub : best_main;
	assert_ptr_equal(ux_spd_lookup(r->u, g->dir, flow, g->if_id), best);
	if (!r->p->fail_one_in)
		assert_int_equal(ux_spd_ports_decide(r->u, g->dir, flow, g->if_id, best),
				 ports_reference(r, &sub, flow, best_sub) ||
				     ports_reference(r, &main, flow, best_main));
}

static void ask(struct run *r)
{
	struct ux_spd_group g;
	struct ux_flow_key flow = random_flow(r, &g);
	struct ux_policy *best = reference(r, &g, &flow);
	struct ux_policy_key key = {.type = g.type, .dir = g.dir, .if_id = g.if_id};

	assert_ptr_equal(ux_spd_find_by_flow(r->u, &key, &flow), best);
	ask_both(r, &g, &flow);
}

/* Several at once, from none to more than are searched together: each as by itself. */
static void ask_many(struct run *r)
{
	struct ux_flow_key flow[20];
	struct ux_spd_query q[20];
	uint32_t n = below(21);

	for (uint32_t i = 0; i < n; i++) {
		flow[i] = random_flow(r, &q[i].group);
		q[i].flow = &flow[i];
	}
	ux_spd_tree_search_all(&r->u->spd.tree, q, n);
	for (uint32_t i = 0; i < n; i++)
		assert_ptr_equal(q[i].found, reference(r, &q[i].group, &flow[i]));
}

static void find_one(const struct run *r)
{
	struct ux_policy *p = r->policy[below(r->n)];
	struct ux_selector sel = p->sel;
	struct ux_policy_key key = {p->type, p->dir, p->if_id, p->mark, &sel};

	assert_ptr_equal(ux_spd_find(r->u, &key), p);
	sel.user++;
	assert_null(ux_spd_find(r->u, &key));
}

static void one_step(struct run *r, int step)
{
	long what = random() % 100;

	fail_one_in = r->p->fail_one_in;
	if (what < 45 || !r->n)
		insert(r);
	else if (what < 55)
		replace(r);
	else if (what < 60)
		rewrite(r);
	else if (what < 70 + 20 * (step / 2500 % 2)) /* it grows, then it shrinks */
		take_out(r);
	fail_one_in = 0;
	if (step % 64 == 0)
		uxfrm_tick(r->u, (uint64_t)step, FIXTURE_NOW_S);
	ask(r);
	if (step % 8 == 0)
		ask_many(r);
	if (r->n)
		find_one(r);
}

static void *fixture_run;

static void as_a_list(void **state)
{
	struct run *r = fixture_run;

	srandom(7);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		r->p = &profiles[i];
		r->u = engine_new(0);
		r->n = 0;
		for (int step = 0; step < r->p->steps; step++)
			one_step(r, step);
		print_message("%s: %u policies at the end\n", r->p->name, r->n);
		while (r->n)
			take_out(r);
		for (int dir = 0; dir < UX_POLICY_DIRS; dir++)
			assert_null(ux_rcu_own(&r->u->spd.tree.root[0][dir][0].branches));
		uxfrm_free(r->u);
	}
}

/* So many that look-ups of several flows look ahead: hosts to one net, looked up in any number. */
static void many_alike(void **state)
{
	enum { N = 40000, AT_ONCE = 50 };
	struct uxfrm *u = engine_new(0);
	struct ux_flow_key flow[AT_ONCE];
	struct ux_spd_query q[AT_ONCE];

	srandom(9);
	for (uint32_t i = 0; i < N; i++) {
		struct ux_policy *p = ux_policy_new(u, 0);

		assert_non_null(p);
		p->dir = UX_POLICY_OUT;
		p->family = p->sel.family = AF_INET;
		p->sel.daddr = addr4(0x0a000000 + 3 * i);
		p->sel.prefixlen_d = 32;
		p->sel.saddr = addr4(0xac100000);
		p->sel.prefixlen_s = 16;
		assert_int_equal(ux_spd_insert(u, p, true, NULL), 0);
	}
	assert_true(ux_sa_table_slots(&u->spd.tree.buckets) >= 32768);
	for (uint32_t n = 0; n <= AT_ONCE; n++) {
		uint32_t hits = 0;

		for (uint32_t i = 0; i < n; i++) {
			flow[i] = (struct ux_flow_key){.family = AF_INET,
						       .daddr = addr4(0x0a000000 + below(3 * N)),
						       .saddr = addr4(0xac100000 + below(65536))};
			q[i] = (struct ux_spd_query){.flow = &flow[i]};
		}
		ux_spd_lookup_all(u, UX_POLICY_OUT, q, n);
		for (uint32_t i = 0; i < n; i++) {
			assert_ptr_equal(q[i].found, ux_spd_lookup(u, UX_POLICY_OUT, &flow[i], 0));
			hits += q[i].found != NULL;
		}
		assert_true(n < AT_ONCE || (hits > 0 && hits < n));
	}
	uxfrm_free(u);
}

/* Ages beyond what fits a rank. */
static void very_young(void **state)
{
	struct run *r = fixture_run;

	srandom(8);
	r->p = &profiles[2];
	r->u = engine_new(0);
	r->u->spd.next_seq = UX_POLICY_SEQ_RANKED - 300;
	r->n = 0;
	for (int step = 0; step < 3000; step++)
		one_step(r, step);
	assert_true(r->u->spd.next_seq > UINT32_MAX);
	uxfrm_free(r->u);
}

static bool no_key(const void *object, const void *key)
{
	return false;
}

/* Another key that has the hash of this policy's: it is filed all the same. */
static void same_hash(void **state)
{
	struct run *r = fixture_run;
	struct ux_spd_bucket other = {.tuple = {.level = 1, .dbits = 8, .sbits = 77}};

	srandom(9);
	r->p = &profiles[1];
	r->u = engine_new(0);
	r->n = 0;
	for (int i = 0; i < 200; i++) {
		struct ux_policy *p = random_policy(r);
		struct ux_spd_group g = {p->type, p->dir, p->family, p->if_id};
		struct ux_spd_tuple t = ux_spd_tuple_of(1, &p->sel, p->mark);
		struct ux_spd_probe probe;

		ux_spd_probe_selector(&probe, &r->u->hash_key, &g, &p->sel, p->mark);
		uint64_t hash = ux_spd_probe_hash(&probe, &t, 0);

		if (!ux_spd_tree_child(&r->u->spd.tree, ux_spd_tree_root(&r->u->spd.tree, &g), &t,
				       hash)) {
			assert_int_equal(ux_sa_table_reserve(&r->u->spd.tree.buckets, 1, NULL), 0);
			ux_sa_table_set(&r->u->spd.tree.buckets, hash, no_key, NULL, &other);
		}
		assert_int_equal(ux_spd_insert(r->u, p, true, NULL), 0);
		r->policy[r->n++] = p;
		ask(r);
		find_one(r);
	}
	while (r->n)
		take_out(r);
	uxfrm_free(r->u);
}

static int open_run(void **state)
{
	fixture_run = test_malloc(sizeof(struct run));
	return 0;
}

static int close_run(void **state)
{
	test_free(fixture_run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_a_list),
	    cmocka_unit_test(many_alike),
	    cmocka_unit_test(very_young),
	    cmocka_unit_test(same_hash),
	};

	return cmocka_run_group_tests(tests, open_run, close_run);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding policies: what only reads the tree. */
#include "core/spd_tree.h"

/* A search on its way down, and the best it has met. */
struct search {
	const struct ux_spd_tree *tree;
	const struct ux_spd_group *group;
	const struct ux_flow_key *flow;
	struct ux_policy *best;
	uint64_t rank; /* of best; the largest number when there is none */
	struct ux_spd_probe probe;
};

static void search_begin(struct search *s, const struct ux_spd_tree *t,
			 const struct ux_spd_group *group, const struct ux_flow_key *flow)
{
	s->tree = t;
	s->group = group;
	s->flow = flow;
	s->best = NULL;
	s->rank = UINT64_MAX;
	ux_spd_probe_flow(&s->probe, t->key, group, flow);
}

static uint64_t bound(const _Atomic(uint64_t) *rank)
{
	return atomic_load_explicit(rank, memory_order_acquire);
}

static bool same_group(const struct ux_policy *p, const struct ux_spd_group *g)
{
	return p->family == g->family && p->type == g->type && p->if_id == g->if_id &&
	       p->dir == g->dir;
}

static bool mark_fits(const struct ux_policy *p, const struct ux_flow_key *flow)
{
	return (flow->mark & p->mark.m) == p->mark.v;
}

/* Where the label of the traffic is not known, any policy's is taken for it. */
static bool label_fits(const struct ux_policy *p, const struct ux_flow_key *flow)
{
	return !p->labelled || !flow->label_known || ux_label_same(p->label, flow->label);
}

/* Take the policy if it is better and the flow fits it. */
static void consider(struct search *s, struct ux_policy *p)
{
	if (s->best && !ux_policy_before(p, s->best))
		return;
	if (!same_group(p, s->group) || !mark_fits(p, s->flow) ||
	    !ux_selector_match(&p->sel, s->flow) || !label_fits(p, s->flow))
		return;
	s->best = p;
	s->rank = ux_policy_rank(p);
}

/* The policy in a place, if it is not known that the flow's addresses do not fit it. */
static struct ux_policy *policy_at(const struct ux_spd_place *place, uint32_t rest)
{
	struct ux_policy *p = ux_rcu_follow(&place->policy);
	uint32_t bits = atomic_load_explicit(&place->bits, memory_order_acquire);
	uint32_t mask = atomic_load_explicit(&place->mask, memory_order_acquire);

	/* without a jump, as nobody can guess it */
	return (struct ux_policy *)((uintptr_t)p & ((uintptr_t)!!((bits ^ rest) & mask) - 1));
}

static bool keeps_some(const struct ux_spd_bucket *b)
{
	return b->tuple.level > 0 && b->tuple.level < UX_SPD_LEVELS;
}

/* Those in no place. */
static void look_at_list(struct search *s, const struct ux_spd_bucket *b)
{
	struct ux_policy *p = ux_rcu_follow(&b->first);

	for (; p && ux_policy_rank(p) <= s->rank; p = ux_rcu_follow(&p->next))
		consider(s, p);
}

/*
 * Among many policies most of a search is waiting for memory. So branches are taken by so many at a
 * time, in steps that each ask for what the next one needs.
 */
#define TOGETHER 16

struct candidate {
	const struct ux_spd_branch *branch;
	const struct ux_spd_bucket *bucket;
	uint64_t hash;
};

/*
 * Can there be anything better? Should the hash be another key's as well, looking does no harm: a
 * policy is taken only if the flow fits it, and depth ends.
 */
static bool is_worth(const struct search *s, const struct candidate *c)
{
	return (c->bucket->tuple.level == c->branch->tuple.level) &
	       (bound(&c->bucket->rank) <= s->rank);
}

/* The branches of some buckets one after the other. */
struct cursor {
	const struct candidate *above; /* the buckets not begun */
	uint32_t n_above;
	const struct ux_spd_branches *branches; /* of the one begun; NULL: none is left of it */
	uint32_t next;				/* of them */
	uint64_t hash;				/* of the bucket */
};

static void begin_bucket(struct cursor *c)
{
	/* read after the bucket's own policies: one on its way down shows below before it goes */
	c->branches = ux_rcu_follow(&c->above->bucket->branches);
	c->hash = c->above->hash;
	c->next = 0;
	c->above++;
	c->n_above--;
}

/* The next branch below which there may be something better; NULL: none. */
static const struct ux_spd_branch *next_branch(const struct search *s, struct cursor *c)
{
	for (;;) {
		if (c->branches && c->next < c->branches->n) {
			const struct ux_spd_branch *branch = &c->branches->at[c->next++];

			if (bound(&branch->rank) <= s->rank)
				return branch;
		}
		c->branches = NULL; /* those behind it are no better */
		while (c->n_above && bound(&c->above->bucket->rank) > s->rank) {
			c->above++;
			c->n_above--;
		}
		if (!c->n_above)
			return NULL;
		begin_bucket(c);
	}
}

/* The buckets of the next branches that may have something better; false: no branch is left. */
static bool find_candidates(struct search *s, struct cursor *cursor,
			    struct candidate found[TOGETHER], uint32_t *ret_n)
{
	const struct ux_sa_table *buckets = &s->tree->buckets;
	uint32_t n_branches = 0, n_found = 0, n_worth = 0;
	const struct ux_spd_branch *branch;

	while (n_branches < TOGETHER && (branch = next_branch(s, cursor))) {
		struct candidate *c = &found[n_branches++];

		c->branch = branch;
		c->hash = ux_spd_probe_hash(&s->probe, &branch->tuple, cursor->hash);
		ux_sa_table_prefetch(buckets, c->hash);
	}
	for (uint32_t i = 0; i < n_branches; i++) {
		struct candidate c = found[i];

		c.bucket = ux_sa_table_find_hash(buckets, c.hash);
		if (!c.bucket)
			continue;
		__builtin_prefetch(c.bucket);
		__builtin_prefetch((const char *)c.bucket + 64);
		__builtin_prefetch((const char *)c.bucket + 128);
		found[n_found++] = c;
	}
	/* without a jump: which way it would go nobody can guess */
	for (uint32_t i = 0; i < n_found; i++) {
		found[n_worth] = found[i];
		n_worth += is_worth(s, &found[i]);
	}
	*ret_n = n_worth;
	return n_branches > 0;
}

static void prefetch_policy(const struct ux_policy *p)
{
	if (!p) /* an address that is none takes long to find out */
		return;
	__builtin_prefetch(p);
	__builtin_prefetch((const char *)p + 64); /* the rest of the selector */
}

/* Policies that fit as far as their places tell. */
struct policies {
	uint32_t n;
	struct ux_policy *at[TOGETHER * UX_SPD_KEPT + 1]; /* one is written in vain */
};

/* Those that a bucket keeps; have them and the branches at hand when they are wanted. */
static void collect(const struct search *s, const struct ux_spd_bucket *b, struct policies *list)
{
	const struct ux_spd_branches *branches = ux_rcu_follow(&b->branches);
	uint32_t rest = ux_spd_probe_rest(&s->probe, &b->tuple), n = list->n;

	if (branches)
		__builtin_prefetch(branches);
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++) {
		list->at[n] = policy_at(&b->kept[i], rest);
		n += list->at[n] != NULL;
	}
	for (uint32_t i = list->n; i < n; i++)
		prefetch_policy(list->at[i]);
	list->n = n;
}

/* What the buckets of one step have themselves. */
static void look_at_all(struct search *s, const struct candidate *found, uint32_t n)
{
	struct policies list = {.n = 0};

	for (uint32_t i = 0; i < n; i++) {
		const struct ux_spd_bucket *b = found[i].bucket;

		if (keeps_some(b))
			collect(s, b, &list);
		else
			prefetch_policy(ux_rcu_follow(&b->first));
	}
	for (uint32_t i = 0; i < n; i++)
		look_at_list(s, found[i].bucket);
	for (uint32_t i = 0; i < list.n; i++)
		consider(s, list.at[i]);
}

/*
 * What is below these buckets and can be better than what there is. The policies of all buckets of
 * a step come first: what they give makes it less that is to be looked at below them. A step takes
 * branches of as many buckets as there are, since what it waits for is memory.
 */
static void look_below(struct search *s, const struct candidate *above, uint32_t n_above)
{
	struct cursor cursor = {.above = above, .n_above = n_above};
	struct candidate found[TOGETHER];
	uint32_t n;

	while (find_candidates(s, &cursor, found, &n)) {
		look_at_all(s, found, n);
		if (n)
			look_below(s, found, n);
	}
}

static const struct ux_spd_bucket *root_of(const struct ux_spd_tree *t,
					   const struct ux_spd_group *g)
{
	return &t->root[g->type][g->dir][g->family == AF_INET6];
}

struct ux_policy *ux_spd_tree_search(const struct ux_spd_tree *t, const struct ux_spd_group *group,
				     const struct ux_flow_key *flow)
{
	const struct candidate root = {.bucket = root_of(t, group)};
	const _Atomic(uint32_t) *generation = &t->generation;
	struct search s;
	uint32_t before;

	do {
		before = atomic_load_explicit(generation, memory_order_acquire);
		search_begin(&s, t, group, flow);
		look_at_list(&s, root.bucket); /* it keeps none */
		look_below(&s, &root, 1);
		/* all that was read was read with acquire, so this is read behind it */
	} while (atomic_load_explicit(generation, memory_order_acquire) != before);
	return s.best;
}

/*
 * Where policies are many and alike, as on a gateway for hosts, a search is three accesses to main
 * memory, each waiting for the one before. Those of several flows go side by side. With more
 * branches a search has so much else to do that looking ahead does not pay, nor does it when the
 * tree fits the caches.
 */
#define AHEAD_BRANCHES 2
#define AHEAD_SLOTS 32768 /* of the table of buckets */
#define AHEAD_FLOWS 16

struct ahead {
	struct ux_spd_probe probe;
	uint64_t hash[AHEAD_BRANCHES];
	const struct ux_spd_bucket *bucket[AHEAD_BRANCHES];
};

static void fetch_slots(const struct ux_spd_tree *t, const struct ux_spd_query *q,
			const struct ux_spd_branches *branches, struct ahead *a)
{
	ux_spd_probe_flow(&a->probe, t->key, &q->group, q->flow);
	for (uint32_t i = 0; i < branches->n; i++) {
		a->hash[i] = ux_spd_probe_hash(&a->probe, &branches->at[i].tuple, 0);
		ux_sa_table_prefetch(&t->buckets, a->hash[i]);
	}
}

static void fetch_buckets(const struct ux_spd_tree *t, struct ahead *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		a->bucket[i] = ux_sa_table_peek(&t->buckets, a->hash[i]);
		if (a->bucket[i])
			__builtin_prefetch(a->bucket[i]);
	}
}

static void fetch_policies(const struct ahead *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct ux_spd_bucket *b = a->bucket[i];

		if (!b || !keeps_some(b))
			continue;

		uint32_t rest = ux_spd_probe_rest(&a->probe, &b->tuple);

		for (unsigned int j = 0; j < UX_SPD_KEPT; j++)
			prefetch_policy(policy_at(&b->kept[j], rest));
	}
}

/* Flows of one group; it finds nothing out. */
static void fetch_ahead(const struct ux_spd_tree *t, const struct ux_spd_query *q, size_t n)
{
	const struct ux_spd_branches *branches = ux_rcu_follow(&root_of(t, &q->group)->branches);
	struct ahead a[AHEAD_FLOWS];

	if (!branches || branches->n > AHEAD_BRANCHES)
		return;
	for (size_t i = 0; i < n; i++)
		fetch_slots(t, &q[i], branches, &a[i]);
	for (size_t i = 0; i < n; i++)
		fetch_buckets(t, &a[i], branches->n);
	for (size_t i = 0; i < n; i++)
		fetch_policies(&a[i], branches->n);
}

static bool same_root(const struct ux_spd_group *a, const struct ux_spd_group *b)
{
	return a->type == b->type && a->dir == b->dir && a->family == b->family;
}

void ux_spd_tree_search_all(const struct ux_spd_tree *t, struct ux_spd_query *q, size_t n)
{
	bool ahead = ux_sa_table_slots(&t->buckets) >= AHEAD_SLOTS;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1;
		     end < n && end < i + AHEAD_FLOWS && same_root(&q[i].group, &q[end].group);
		     end++)
			;
		if (ahead && end > i + 1)
			fetch_ahead(t, &q[i], end - i);
		for (size_t j = i; j < end; j++)
			q[j].found = ux_spd_tree_search(t, &q[j].group, q[j].flow);
	}
}

/* ---- ports left aside ---- */

static bool fits_with_other_ports(const struct search *s, const struct ux_policy *p)
{
	struct ux_selector sel = p->sel;

	if (!(sel.dport_mask | sel.sport_mask) || !same_group(p, s->group) ||
	    !mark_fits(p, s->flow) || (s->best && ux_policy_before(s->best, p)))
		return false;
	sel.dport_mask = sel.sport_mask = 0;
	return ux_selector_match(&sel, s->flow);
}

/* s->best is the policy that is not to be passed. */
static bool ports_in(struct search *s, const struct ux_spd_bucket *b, uint64_t hash)
{
	struct ux_spd_branches *branches;
	const struct ux_policy *p;

	for (unsigned int i = 0; keeps_some(b) && i < UX_SPD_KEPT; i++) {
		p = ux_rcu_follow(&b->kept[i].policy);
		if (p && fits_with_other_ports(s, p))
			return true;
	}
	for (p = ux_rcu_follow(&b->first); p; p = ux_rcu_follow(&p->next))
		if (fits_with_other_ports(s, p))
			return true;
	branches = ux_rcu_follow(&b->branches);
	for (uint32_t i = 0; branches && i < branches->n; i++) {
		const struct ux_spd_branch *branch = &branches->at[i];

		if (bound(&branch->rank) > s->rank)
			break;
		/* all policies below agree with the flow in everything but the ports */
		if (branch->tuple.level == UX_SPD_LEVEL_PORTS) {
			if (branch->tuple.masks)
				return true;
			continue;
		}

		struct candidate c = {
		    .branch = branch,
		    .hash = ux_spd_probe_hash(&s->probe, &branch->tuple, hash),
		};

		c.bucket = ux_sa_table_find_hash(&s->tree->buckets, c.hash);
		if (c.bucket && is_worth(s, &c) && ports_in(s, c.bucket, c.hash))
			return true;
	}
	return false;
}

bool ux_spd_tree_ports_ahead(const struct ux_spd_tree *t, const struct ux_spd_group *group,
			     const struct ux_flow_key *flow, const struct ux_policy *found)
{
	struct search s;

	search_begin(&s, t, group, flow);
	if (found) {
		s.best = (struct ux_policy *)(uintptr_t)found;
		s.rank = ux_policy_rank(found);
	}
	return ports_in(&s, root_of(t, group), 0);
}

/* ---- by selector ---- */

struct name {
	const struct ux_spd_group *group;
	const struct ux_selector *sel;
	struct ux_mark mark;
	const struct ux_label *label;
};

static bool is_named(const struct ux_policy *p, const struct name *n)
{
	return same_group(p, n->group) && p->mark.v == n->mark.v && p->mark.m == n->mark.m &&
	       ux_selector_equal(&p->sel, n->sel) && ux_label_same(p->label, n->label);
}

static struct ux_policy *after(const struct ux_spd_bucket *b, struct ux_policy *p)
{
	struct ux_heap_node *next;

	if (b->tuple.level < UX_SPD_LEVELS)
		return ux_rcu_own(&p->next);
	next = ux_heap_next(&p->in_bucket);
	return next ? ux_container_of(next, struct ux_policy, in_bucket) : NULL;
}

static struct ux_policy *named_in(const struct ux_spd_bucket *b, const struct name *name)
{
	struct ux_policy *p;

	for (unsigned int i = 0; keeps_some(b) && i < UX_SPD_KEPT; i++) {
		p = ux_rcu_own(&b->kept[i].policy);
		if (p && is_named(p, name))
			return p;
	}
	p = ux_rcu_own(&b->first);
	while (p && !is_named(p, name))
		p = after(b, p);
	return p;
}

struct ux_policy *ux_spd_tree_find(const struct ux_spd_tree *t, const struct ux_spd_group *group,
				   const struct ux_selector *sel, struct ux_mark mark,
				   const struct ux_label *label)
{
	const struct name name = {group, sel, mark, label};
	const struct ux_spd_bucket *b = root_of(t, group);
	struct ux_policy *p = NULL;
	struct ux_spd_probe probe;
	uint64_t hash = 0;

	ux_spd_probe_selector(&probe, t->key, group, sel, mark);
	while (b && !(p = named_in(b, &name))) {
		if (!ux_rcu_own(&b->branches))
			return NULL;

		struct ux_spd_tuple tuple = ux_spd_tuple_of(b->tuple.level + 1u, sel, mark);

		hash = ux_spd_probe_hash(&probe, &tuple, hash);
		b = ux_spd_tree_child(t, b, &tuple, hash);
	}
	return p;
}

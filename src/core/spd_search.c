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

static bool always(const void *object, const void *key)
{
	return true;
}

/* The bucket a branch leads to, if anything there can be better. Should the hash be another key's
 * as well, that does no harm: a policy is taken only if the flow fits it, and depth ends. */
static const struct ux_spd_bucket *bucket_at(const struct search *s,
					     const struct ux_spd_branch *branch, uint64_t hash)
{
	const struct ux_spd_bucket *b = ux_sa_table_find(&s->tree->buckets, hash, always, NULL);

	return b && b->tuple.level == branch->tuple.level && bound(&b->rank) <= s->rank ? b : NULL;
}

static void look_in_list(struct search *s, const struct ux_spd_bucket *b)
{
	const struct ux_policy *p = ux_rcu_follow(&b->first);

	for (; p; p = ux_rcu_follow(&p->next)) {
		if (s->best && !ux_policy_before(p, s->best))
			return;
		if (same_group(p, s->group) && mark_fits(p, s->flow) &&
		    ux_selector_match(&p->sel, s->flow)) {
			s->best = (struct ux_policy *)(uintptr_t)p;
			s->rank = ux_policy_rank(p);
			return;
		}
	}
}

/* The bucket and all below that can be better than what there is. */
static void look_in(struct search *s, const struct ux_spd_bucket *b, uint64_t hash)
{
	look_in_list(s, b);

	struct ux_spd_branches *branches = ux_rcu_follow(&b->branches);

	for (uint32_t i = 0; branches && i < branches->n; i++) {
		const struct ux_spd_branch *branch = &branches->at[i];

		if (bound(&branch->rank) > s->rank)
			return;

		uint64_t below = ux_spd_probe_hash(&s->probe, &branch->tuple, hash);
		const struct ux_spd_bucket *child = bucket_at(s, branch, below);

		if (child)
			look_in(s, child, below);
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
	const _Atomic(uint32_t) *generation = &t->generation;
	struct search s;
	uint32_t before;

	do {
		before = atomic_load_explicit(generation, memory_order_acquire);
		search_begin(&s, t, group, flow);
		look_in(&s, root_of(t, group), 0);
		/* all that was read was read with acquire, so this is read behind it */
	} while (atomic_load_explicit(generation, memory_order_acquire) != before);
	return s.best;
}

/* ---- ports left aside ---- */

static bool fits_with_other_ports(const struct search *s, const struct ux_policy *p)
{
	struct ux_selector sel = p->sel;

	if (!(sel.dport_mask | sel.sport_mask) || !same_group(p, s->group) ||
	    !mark_fits(p, s->flow))
		return false;
	sel.dport_mask = sel.sport_mask = 0;
	return ux_selector_match(&sel, s->flow);
}

/* s->best is the policy that is not to be passed. */
static bool ports_in(struct search *s, const struct ux_spd_bucket *b, uint64_t hash)
{
	const struct ux_policy *p = ux_rcu_follow(&b->first);
	struct ux_spd_branches *branches = ux_rcu_follow(&b->branches);

	for (; p; p = ux_rcu_follow(&p->next)) {
		if (s->best && ux_policy_before(s->best, p))
			break;
		if (fits_with_other_ports(s, p))
			return true;
	}
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

		uint64_t below = ux_spd_probe_hash(&s->probe, &branch->tuple, hash);
		const struct ux_spd_bucket *child = bucket_at(s, branch, below);

		if (child && ports_in(s, child, below))
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

static bool is_named(const struct ux_policy *p, const struct ux_spd_group *group,
		     const struct ux_selector *sel, struct ux_mark mark)
{
	return same_group(p, group) && p->mark.v == mark.v && p->mark.m == mark.m &&
	       ux_selector_equal(&p->sel, sel);
}

static struct ux_policy *named_in(const struct ux_spd_bucket *b, const struct ux_spd_group *group,
				  const struct ux_selector *sel, struct ux_mark mark)
{
	struct ux_policy *p = ux_rcu_own(&b->first);

	while (p && !is_named(p, group, sel, mark)) {
		if (b->tuple.level == UX_SPD_LEVELS) {
			struct ux_heap_node *next = ux_heap_next(&p->in_bucket);

			p = next ? ux_container_of(next, struct ux_policy, in_bucket) : NULL;
		} else {
			p = ux_rcu_own(&p->next);
		}
	}
	return p;
}

struct ux_policy *ux_spd_tree_find(const struct ux_spd_tree *t, const struct ux_spd_group *group,
				   const struct ux_selector *sel, struct ux_mark mark)
{
	const struct ux_spd_bucket *b = root_of(t, group);
	struct ux_policy *p = NULL;
	struct ux_spd_probe probe;
	uint64_t hash = 0;

	ux_spd_probe_selector(&probe, t->key, group, sel, mark);
	while (b && !(p = named_in(b, group, sel, mark))) {
		if (!ux_rcu_own(&b->branches))
			return NULL;

		struct ux_spd_tuple tuple = ux_spd_tuple_of(b->tuple.level + 1u, sel, mark);

		hash = ux_spd_probe_hash(&probe, &tuple, hash);
		b = ux_spd_tree_child(t, b, &tuple, hash);
	}
	return p;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Filing policies: what changes the tree. Searching it is in spd_search.c. */
#include "core/spd_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "core/instance.h"

#define NOTHING UINT64_MAX /* the rank of what holds no policy; no policy's is above it */

static bool is_this(const void *object, const void *key)
{
	return object == key;
}

static uint64_t rank_now(_Atomic(uint64_t) *rank)
{
	return atomic_load_explicit(rank, memory_order_relaxed);
}

static void set_rank(_Atomic(uint64_t) *rank, uint64_t value)
{
	atomic_store_explicit(rank, value, memory_order_release);
}

/* Readers that run now search once more (guarantee A). */
static void announce_change(struct ux_spd_tree *t)
{
	uint32_t now = atomic_load_explicit(&t->generation, memory_order_relaxed);

	atomic_store_explicit(&t->generation, now + 1, memory_order_release);
}

int ux_spd_tree_init(struct ux_spd_tree *t, struct uxfrm *u)
{
	t->key = &u->hash_key;
	t->slab = &u->bucket_slab;
	t->retire = &u->retire;
	return ux_sa_table_init(&t->buckets);
}

void ux_spd_tree_fini(struct ux_spd_tree *t)
{
	ux_sa_table_fini(&t->buckets);
}

struct ux_spd_bucket *ux_spd_tree_root(const struct ux_spd_tree *t,
				       const struct ux_spd_group *group)
{
	/* the writer's view of its own tree */
	struct ux_spd_tree *own = (struct ux_spd_tree *)(uintptr_t)t;

	return &own->root[group->type][group->dir][group->family == AF_INET6];
}

struct ux_spd_bucket *ux_spd_tree_child(const struct ux_spd_tree *t,
					const struct ux_spd_bucket *parent,
					const struct ux_spd_tuple *tuple, uint64_t hash)
{
	struct ux_spd_bucket *b = ux_sa_table_find_hash(&t->buckets, hash);

	/* two keys may have one hash: the later one finds the place taken */
	return b && b->parent == parent && ux_spd_tuple_equal(&b->tuple, tuple) ? b : NULL;
}

/* ---- branches ---- */

static struct ux_spd_bucket *bucket_of(struct ux_heap_node *node)
{
	return ux_container_of(node, struct ux_spd_bucket, in_branch);
}

static bool better_bucket(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	const struct ux_spd_bucket *x = ux_container_of(a, const struct ux_spd_bucket, in_branch);
	const struct ux_spd_bucket *y = ux_container_of(b, const struct ux_spd_bucket, in_branch);

	return atomic_load_explicit(&x->rank, memory_order_relaxed) <
	       atomic_load_explicit(&y->rank, memory_order_relaxed);
}

/* The branch of @b with this tuple, or NULL. */
static struct ux_spd_branch *branch_find(struct ux_spd_bucket *b, const struct ux_spd_tuple *tuple)
{
	struct ux_spd_branches *all = ux_rcu_own(&b->branches);

	for (uint32_t i = 0; all && i < all->n; i++)
		if (ux_spd_tuple_equal(&all->at[i].tuple, tuple))
			return &all->at[i];
	return NULL;
}

/* What a branch is to be; buckets NULL: none. */
struct wanted {
	const struct ux_spd_tuple *tuple;
	struct ux_heap_node *buckets;
	uint64_t rank;
};

static void branch_init(struct ux_spd_branch *to, const struct wanted *w)
{
	atomic_init(&to->rank, w->rank);
	to->tuple = *w->tuple;
	to->buckets = w->buckets;
}

static void branch_copy(struct ux_spd_branch *to, struct ux_spd_branch *from)
{
	struct wanted same = {&from->tuple, from->buckets, rank_now(&from->rank)};

	branch_init(to, &same);
}

/* A branch without buckets is one that could not be taken out. */
static bool stays(const struct ux_spd_branch *branch, const struct ux_spd_branch *gone)
{
	return branch != gone && branch->buckets;
}

static uint32_t count_staying(const struct ux_spd_branches *all, const struct ux_spd_branch *gone)
{
	uint32_t n = 0;

	for (uint32_t i = 0; all && i < all->n; i++)
		n += stays(&all->at[i], gone);
	return n;
}

/*
 * Publish the branches of @b anew, with @gone (NULL: none) left out and @w put where its rank
 * belongs. False without memory, that is never needed when none is left.
 */
static bool branches_replace(struct ux_spd_tree *t, struct ux_spd_bucket *b,
			     const struct ux_spd_branch *gone, const struct wanted *w)
{
	struct ux_spd_branches *old = ux_rcu_own(&b->branches), *fresh = NULL;
	uint32_t n = count_staying(old, gone) + (w->buckets ? 1 : 0);
	bool placed = !w->buckets;

	if (n) {
		fresh = malloc(sizeof(*fresh) + n * sizeof(fresh->at[0]));
		if (!fresh)
			return false;
		fresh->n = 0;
		for (uint32_t i = 0; old && i < old->n; i++) {
			if (!stays(&old->at[i], gone))
				continue;
			if (!placed && rank_now(&old->at[i].rank) > w->rank) {
				branch_init(&fresh->at[fresh->n++], w);
				placed = true;
			}
			branch_copy(&fresh->at[fresh->n++], &old->at[i]);
		}
		if (!placed)
			branch_init(&fresh->at[fresh->n++], w);
	}
	ux_rcu_publish(&b->branches, fresh);
	if (old)
		ux_retire_add(t->retire, old, free);
	return true;
}

/* Would @branch with this rank still stand in order? */
static bool keeps_place(struct ux_spd_bucket *b, const struct ux_spd_branch *branch, uint64_t rank)
{
	struct ux_spd_branches *all = ux_rcu_own(&b->branches);
	size_t i = (size_t)(branch - all->at);

	return (i == 0 || rank_now(&all->at[i - 1].rank) <= rank) &&
	       (i + 1 == all->n || rank_now(&all->at[i + 1].rank) >= rank);
}

/* Bring what readers see of the branch in line with @w. False without memory: it stays as it is. */
static bool branch_set(struct ux_spd_tree *t, struct ux_spd_bucket *b, const struct wanted *w)
{
	struct ux_spd_branch *branch = branch_find(b, w->tuple);

	if (!branch || !w->buckets || !keeps_place(b, branch, w->rank))
		return branches_replace(t, b, branch, w);
	branch->buckets = w->buckets;
	set_rank(&branch->rank, w->rank);
	return true;
}

/* ---- buckets ---- */

static struct ux_spd_bucket *bucket_new(struct ux_spd_tree *t, struct ux_spd_bucket *parent,
					const struct ux_spd_tuple *tuple)
{
	struct ux_spd_bucket *b = ux_slab_get(t->slab);

	if (!b)
		return NULL;
	atomic_init(&b->first, NULL);
	atomic_init(&b->branches, NULL);
	atomic_init(&b->rank, NOTHING);
	b->tuple = *tuple;
	b->parent = parent;
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++)
		b->kept[i] = (struct ux_spd_place){NULL, 0, 0};
	return b;
}

static void bucket_free(void *object)
{
	struct ux_spd_bucket *b = object;

	ux_slab_put(b->slab, b);
}

/* A policy of this rank is about to be filed in @child or below: let the bounds say so. False
 * without memory. */
static bool lower_bounds(struct ux_spd_tree *t, struct ux_spd_bucket *parent,
			 struct ux_spd_bucket *child, uint64_t rank)
{
	struct ux_spd_branch *branch = branch_find(parent, &child->tuple);
	struct ux_heap_node *heap = branch ? branch->buckets : NULL;
	bool fresh = rank_now(&child->rank) == NOTHING;
	struct wanted w = {&child->tuple, heap ? heap : &child->in_branch, rank};

	if (rank_now(&child->rank) <= rank)
		return true;
	/* the branch first: if it cannot be had, nothing has changed */
	if ((!branch || rank_now(&branch->rank) > rank) && !branch_set(t, parent, &w))
		return false;
	set_rank(&child->rank, rank);
	branch = branch_find(parent, &child->tuple);
	branch->buckets = fresh ? ux_heap_insert(heap, &child->in_branch, better_bucket)
				: ux_heap_raise(heap, &child->in_branch, better_bucket);
	return true;
}

static uint64_t rank_or_nothing(const struct ux_policy *p)
{
	return p ? ux_policy_rank(p) : NOTHING;
}

static uint64_t best_rank(struct ux_spd_bucket *b)
{
	struct ux_spd_branches *branches = ux_rcu_own(&b->branches);
	uint64_t rank = rank_or_nothing(ux_rcu_own(&b->first));

	if (branches && rank_now(&branches->at[0].rank) < rank)
		rank = rank_now(&branches->at[0].rank);
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++) {
		uint64_t kept = rank_or_nothing(ux_rcu_own(&b->kept[i].policy));

		rank = kept < rank ? kept : rank;
	}
	return rank;
}

static bool is_empty(struct ux_spd_bucket *b)
{
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++)
		if (ux_rcu_own(&b->kept[i].policy))
			return false;
	return !ux_rcu_own(&b->first) && !ux_rcu_own(&b->branches);
}

/* The bucket's best may have gone: its place among its siblings, and what is told of them. */
static void raise_bounds(struct ux_spd_tree *t, struct ux_spd_bucket *b, bool gone)
{
	struct ux_spd_branch *branch = branch_find(b->parent, &b->tuple);
	struct wanted w = {.tuple = &b->tuple};

	branch->buckets = ux_heap_remove(branch->buckets, &b->in_branch, better_bucket);
	set_rank(&b->rank, best_rank(b));
	if (!gone)
		branch->buckets = ux_heap_insert(branch->buckets, &b->in_branch, better_bucket);
	w.buckets = branch->buckets;
	w.rank = w.buckets ? rank_now(&bucket_of(w.buckets)->rank) : NOTHING;
	/* without memory readers look there for nothing */
	if (!w.buckets || w.rank != rank_now(&branch->rank))
		(void)branch_set(t, b->parent, &w);
}

/* ---- filing ---- */

/* A policy on its way, and the hash at the level reached. */
struct filing {
	struct ux_policy *policy;
	uint64_t hash;
	struct ux_spd_probe probe;
};

static struct ux_spd_group group_of(const struct ux_policy *p)
{
	return (struct ux_spd_group){
	    .type = p->type, .dir = p->dir, .family = p->family, .if_id = p->if_id};
}

static struct ux_spd_tuple filing_next(struct filing *f, unsigned int level)
{
	struct ux_spd_tuple tuple = ux_spd_tuple_of(level, &f->policy->sel, f->policy->mark);

	f->hash = ux_spd_probe_hash(&f->probe, &tuple, f->hash);
	return tuple;
}

/* The policy has come to @level; 0 is the root. */
static void filing_begin(const struct ux_spd_tree *t, struct filing *f, struct ux_policy *p,
			 unsigned int level)
{
	struct ux_spd_group group = group_of(p);

	f->policy = p;
	f->hash = 0;
	ux_spd_probe_selector(&f->probe, t->key, &group, &p->sel, p->mark);
	if (level == UX_SPD_LEVEL_PORTS)
		(void)filing_next(f, level - 1);
	if (level > 0)
		(void)filing_next(f, level);
}

/* The bucket for the policy one level below @parent, with bounds that know of it; NULL: it cannot
 * be had. */
static struct ux_spd_bucket *descend(struct ux_spd_tree *t, struct filing *f,
				     struct ux_spd_bucket *parent)
{
	struct ux_spd_tuple tuple = filing_next(f, parent->tuple.level + 1u);
	struct ux_spd_bucket *b = ux_sa_table_find_hash(&t->buckets, f->hash);
	uint64_t rank = ux_policy_rank(f->policy);

	if (b && ux_spd_tree_child(t, parent, &tuple, f->hash) != b)
		return NULL;
	if (b)
		return lower_bounds(t, parent, b, rank) ? b : NULL;
	b = bucket_new(t, parent, &tuple);
	if (!b)
		return NULL;
	if (!lower_bounds(t, parent, b, rank)) {
		ux_slab_put(t->slab, b);
		return NULL;
	}
	ux_sa_table_set(&t->buckets, f->hash, is_this, b, b);
	return b;
}

/* Where @policy is kept, or with NULL a free place; NULL if there is none. A root keeps nothing
 * that it can file, on the last level nothing is kept. */
static struct ux_spd_place *place_of(struct ux_spd_bucket *b, const struct ux_policy *policy)
{
	if (!b->parent || b->tuple.level == UX_SPD_LEVELS)
		return NULL;
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++)
		if (ux_rcu_own(&b->kept[i].policy) == policy)
			return &b->kept[i];
	return NULL;
}

static bool better_policy(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	return ux_policy_before(ux_container_of(a, const struct ux_policy, in_bucket),
				ux_container_of(b, const struct ux_policy, in_bucket));
}

static struct ux_heap_node *heap_of(struct ux_spd_bucket *b)
{
	struct ux_policy *first = ux_rcu_own(&b->first);

	return first ? &first->in_bucket : NULL;
}

static void show_best(struct ux_spd_bucket *b, struct ux_heap_node *heap)
{
	struct ux_policy *best = heap ? ux_container_of(heap, struct ux_policy, in_bucket) : NULL;

	if (best != ux_rcu_own(&b->first))
		ux_rcu_publish(&b->first, best);
}

/* The link in the bucket's list that leads to @p or, if it is not there, should. */
static _Atomic(struct ux_policy *) *link_to(struct ux_spd_bucket *b, const struct ux_policy *p)
{
	_Atomic(struct ux_policy *) *link = &b->first;
	struct ux_policy *there;

	while ((there = ux_rcu_own(link)) && ux_policy_before(there, p))
		link = &there->next;
	return link;
}

static void keep(struct ux_spd_bucket *b, struct ux_spd_place *place, struct ux_policy *p)
{
	struct ux_spd_rest rest = ux_spd_rest_of(&b->tuple, &p->sel);

	p->bucket = b;
	atomic_store_explicit(&place->bits, rest.bits, memory_order_release);
	atomic_store_explicit(&place->mask, rest.mask, memory_order_release);
	ux_rcu_publish(&place->policy, p);
}

static void list(struct ux_spd_bucket *b, struct ux_policy *p)
{
	p->bucket = b;
	if (b->tuple.level == UX_SPD_LEVELS) {
		atomic_init(&p->next, NULL);
		show_best(b, ux_heap_insert(heap_of(b), &p->in_bucket, better_policy));
		return;
	}

	_Atomic(struct ux_policy *) *link = link_to(b, p);

	atomic_init(&p->next, ux_rcu_own(link));
	ux_rcu_publish(link, p);
}

/* Of a full bucket the place whose policy @p comes before and the others as well; NULL: none. */
static struct ux_spd_place *place_to_take(struct ux_spd_bucket *b, const struct ux_policy *p)
{
	struct ux_spd_place *worst = NULL;

	if (!b->parent)
		return NULL;
	for (unsigned int i = 0; i < UX_SPD_KEPT; i++) {
		const struct ux_policy *there = ux_rcu_own(&b->kept[i].policy);

		if (ux_policy_before(p, there)) {
			worst = &b->kept[i];
			p = there;
		}
	}
	return worst;
}

/*
 * File @p in @b, where its way leads. A bucket that is full keeps the best: the other one goes one
 * level down, and shows there before it goes here.
 */
static void file(struct ux_spd_tree *t, struct ux_spd_bucket *b, struct ux_policy *p,
		 struct filing *f)
{
	struct ux_spd_place *place = place_of(b, NULL);

	if (place) {
		keep(b, place, p);
		return;
	}
	if (b->tuple.level == UX_SPD_LEVELS) {
		list(b, p);
		return;
	}
	place = place_to_take(b, p);

	struct ux_policy *lower = place ? ux_rcu_own(&place->policy) : p;
	struct ux_spd_bucket *child;

	if (lower != p)
		filing_begin(t, f, lower, b->tuple.level);
	child = descend(t, f, b);
	if (!child) {
		list(b, p);
		return;
	}
	file(t, child, lower, f);
	if (place)
		keep(b, place, p);
}

void ux_spd_tree_insert(struct ux_spd_tree *t, struct ux_policy *policy)
{
	struct ux_spd_group group = group_of(policy);
	struct ux_spd_bucket *root = ux_spd_tree_root(t, &group);
	struct filing f;

	announce_change(t);
	if (ux_sa_table_reserve(&t->buckets, UX_SPD_LEVELS, t->retire) < 0) {
		list(root, policy);
		return;
	}
	filing_begin(t, &f, policy, 0);
	file(t, root, policy, &f);
}

static void bucket_take(struct ux_spd_bucket *b, struct ux_policy *p)
{
	struct ux_spd_place *place = place_of(b, p);

	if (place)
		ux_rcu_publish(&place->policy, NULL);
	else if (b->tuple.level == UX_SPD_LEVELS)
		show_best(b, ux_heap_remove(heap_of(b), &p->in_bucket, better_policy));
	else
		ux_rcu_publish(link_to(b, p), ux_rcu_own(&p->next));
}

/* The hash of @b, where the policy stands or has stood below. */
static uint64_t hash_of(const struct ux_spd_tree *t, const struct ux_spd_bucket *b,
			struct ux_policy *p)
{
	struct filing f;

	filing_begin(t, &f, p, b->tuple.level);
	return f.hash;
}

void ux_spd_tree_remove(struct ux_spd_tree *t, struct ux_policy *policy)
{
	struct ux_spd_bucket *b = policy->bucket, *parent;

	announce_change(t);
	bucket_take(b, policy);
	for (; (parent = b->parent); b = parent) {
		bool gone = is_empty(b);

		if (!gone && rank_now(&b->rank) == best_rank(b))
			break;
		raise_bounds(t, b, gone);
		if (!gone)
			continue;
		ux_sa_table_set(&t->buckets, hash_of(t, b, policy), is_this, b, NULL);
		b->slab = t->slab;
		ux_retire_add(t->retire, b, bucket_free);
	}
}

void ux_spd_tree_swap(struct ux_spd_tree *t, struct ux_policy *old, struct ux_policy *fresh)
{
	struct ux_spd_bucket *b = old->bucket;
	struct ux_spd_place *place = place_of(b, old);

	announce_change(t);
	fresh->bucket = b;
	atomic_init(&fresh->next, ux_rcu_own(&old->next));
	if (place) {
		ux_rcu_publish(&place->policy, fresh);
	} else if (b->tuple.level == UX_SPD_LEVELS) {
		struct ux_heap_node *heap =
		    ux_heap_remove(heap_of(b), &old->in_bucket, better_policy);

		show_best(b, ux_heap_insert(heap, &fresh->in_bucket, better_policy));
	} else {
		ux_rcu_publish(link_to(b, old), fresh);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which policy does a flow meet: the first by (priority, age) whose selector it fits.
 *
 * Policies are filed in buckets. The root bucket of a type, direction and family branches into the
 * tuples of level 1 (spd_probe.h) that its policies have; a branch stands for all buckets of one
 * tuple, which one hash table holds. A bucket keeps its few best policies itself, with the bits
 * that its tuple leaves out, so that hardly any is looked at in vain; the others go to buckets of
 * the next level. So only where policies crowd is there more than one level, and flows that do not
 * come there know nothing of it.
 *
 * A branch knows the best rank (priority and age in one number) below it, and the branches of a
 * bucket stand in that order, so a search ends where nothing can be better than what it has. On
 * level 4 all policies of a bucket fit the same flows: only the first of them is shown to readers.
 *
 * Guarantees. One control thread writes, workers read under RCU and take no lock.
 * A: ux_spd_tree_search returns what was the right answer at one instant during the call. The
 *    generation changes before each change that shows, and a search during which it changed is
 *    made again. A search that was not disturbed met at most one change, and each change shows by
 *    one store: a pointer leads to the policy or not. A policy that makes room for a better one
 *    shows on the next level before it goes, and readers look there last.
 * B: what a reader has found stays until the end of its read section.
 * C: a bound (rank of a bucket or branch) is never above the rank of a policy that readers can
 *    find below it: it is lowered before the policy shows and raised after it is gone.
 * D: memory that is short costs time, not policies: where a level or a branch cannot be had the
 *    policy stays one level above, and where a bound cannot be raised it stays low.
 */

#include "base/heap.h"
#include "base/slab.h"
#include "core/policy.h"
#include "core/sa_table.h"
#include "core/spd_probe.h"

#define UX_SPD_KEPT 8 /* policies a bucket keeps before there is a next level */

/* All buckets below another that have one tuple. */
struct ux_spd_branch {
	_Atomic(uint64_t) rank;	      /* control thread writes, workers read */
	struct ux_spd_tuple tuple;    /* const after publish */
	struct ux_heap_node *buckets; /* control thread: ux_spd_bucket.in_branch, best first */
};

struct ux_spd_branches {
	uint32_t n;
	struct ux_spd_branch at[]; /* in order of rank */
};

/* The place of one policy; what else is in it was written before the pointer. */
struct ux_spd_place {
	_Atomic(struct ux_policy *) policy; /* NULL: free */
	_Atomic(uint32_t) bits, mask;	    /* struct ux_spd_rest */
};

struct ux_spd_bucket {
	/* control thread writes, workers read */
	_Atomic(uint64_t) rank;			    /* of the best in the bucket and below */
	_Atomic(struct ux_spd_branches *) branches; /* to the next level; NULL if there is none */
	/* On the last level the best of all; else what could not be filed one level below, in order
	 * of rank. */
	_Atomic(struct ux_policy *) first;
	struct ux_spd_tuple tuple; /* const after publish */
	/* In no order, not on the last level. The first two share a cache line with the above. */
	struct ux_spd_place kept[UX_SPD_KEPT];

	/* control thread */
	struct ux_heap_node in_branch;
	union {
		struct ux_spd_bucket *parent; /* NULL: a root */
		struct ux_slab *slab;	      /* once it is retired */
	};
};

struct ux_spd_tree {
	struct ux_spd_bucket root[2][UX_POLICY_DIRS][2]; /* by type, direction, family */
	struct ux_sa_table buckets;			 /* all but the roots, by hash */
	_Atomic(uint32_t) generation;			 /* control thread writes, workers read */
	/* the engine's */
	const struct ux_siphash_key *key;
	struct ux_slab *slab; /* of struct ux_spd_bucket */
	struct ux_retire *retire;
};

/* The root of a group, and the bucket below @parent with this tuple and hash; NULL if there is
 * none. Control thread. */
struct ux_spd_bucket *ux_spd_tree_root(const struct ux_spd_tree *t,
				       const struct ux_spd_group *group);
struct ux_spd_bucket *ux_spd_tree_child(const struct ux_spd_tree *t,
					const struct ux_spd_bucket *parent,
					const struct ux_spd_tuple *tuple, uint64_t hash);

int ux_spd_tree_init(struct ux_spd_tree *t, struct uxfrm *u) UX_MUST_CHECK;
void ux_spd_tree_fini(struct ux_spd_tree *t); /* it is empty */

/*
 * ux_spd_tree_insert - file @policy, whose seq is its age, so that readers find it.
 * ux_spd_tree_swap - @fresh, which has selector, priority and age of @old, takes its place.
 * Control thread.
 */
void ux_spd_tree_insert(struct ux_spd_tree *t, struct ux_policy *policy);
void ux_spd_tree_remove(struct ux_spd_tree *t, struct ux_policy *policy);
void ux_spd_tree_swap(struct ux_spd_tree *t, struct ux_policy *old, struct ux_policy *fresh);

/* ux_spd_tree_search - worker in a read section, or control thread. */
struct ux_policy *ux_spd_tree_search(const struct ux_spd_tree *t, const struct ux_spd_group *group,
				     const struct ux_flow_key *flow);
/* ux_spd_tree_search_all - the same for @n flows, one's memory fetched while another is at work.
 * Each answer by itself is as that of ux_spd_tree_search. */
struct ux_spd_query {
	struct ux_spd_group group;
	const struct ux_flow_key *flow;
	struct ux_policy *found; /* out */
};
void ux_spd_tree_search_all(const struct ux_spd_tree *t, struct ux_spd_query *q, size_t n);
/* ux_spd_tree_ports_ahead - is there a policy not behind @found (NULL: any) that the flow could fit
 * with other ports? As ux_spd_tree_search. */
bool ux_spd_tree_ports_ahead(const struct ux_spd_tree *t, const struct ux_spd_group *group,
			     const struct ux_flow_key *flow, const struct ux_policy *found);
/* ux_spd_tree_find - the policy with exactly this selector, mark and label. Control thread. */
struct ux_policy *ux_spd_tree_find(const struct ux_spd_tree *t, const struct ux_spd_group *group,
				   const struct ux_selector *sel, struct ux_mark mark,
				   const struct ux_label *label);

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spd.h"

#include <errno.h>

#include "core/instance.h"
#include "core/lifetime.h"

#define INDEX_STEP 8 /* the low three bits of an index are the direction */

int ux_spd_init(struct uxfrm *u)
{
	struct ux_spd *spd = &u->spd;

	ux_list_init(&spd->all);
	ux_list_init(&spd->cursors);
	spd->threshold4 = (struct ux_spd_threshold){32, 32};
	spd->threshold6 = (struct ux_spd_threshold){128, 128};
	if (ux_spd_tree_init(&spd->tree, u) < 0 || ux_sa_table_init(&spd->by_index) < 0)
		return -ENOMEM;
	return 0;
}

void ux_spd_fini(struct uxfrm *u)
{
	struct ux_spd *spd = &u->spd;

	while (spd->all.next && !ux_list_empty(&spd->all))
		ux_spd_remove(u, ux_container_of(spd->all.next, struct ux_policy, all));
	ux_spd_tree_fini(&spd->tree);
	ux_sa_table_fini(&spd->by_index);
}

/* ---- finding ---- */

static bool is_ip(uint16_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool has_sub(const struct ux_spd *spd, enum ux_policy_dir dir)
{
	return atomic_load_explicit(&spd->n_sub[dir], memory_order_relaxed);
}

struct ux_policy *ux_spd_lookup(struct uxfrm *u, enum ux_policy_dir dir,
				const struct ux_flow_key *flow, uint32_t if_id)
{
	struct ux_policy *sub =
	    has_sub(&u->spd, dir) ? ux_spd_lookup_type(u, dir, UX_POLICY_TYPE_SUB, flow, if_id)
				  : NULL;

	return sub ? sub : ux_spd_lookup_type(u, dir, UX_POLICY_TYPE_MAIN, flow, if_id);
}

struct ux_policy *ux_spd_lookup_type(struct uxfrm *u, enum ux_policy_dir dir, uint8_t type,
				     const struct ux_flow_key *flow, uint32_t if_id)
{
	struct ux_spd_group group = {type, (uint8_t)dir, flow->family, if_id};

	return ux_spd_tree_search(&u->spd.tree, &group, flow);
}

void ux_spd_lookup_all(struct uxfrm *u, enum ux_policy_dir dir, struct ux_spd_query *queries,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		queries[i].group.type = UX_POLICY_TYPE_MAIN;
		queries[i].group.dir = (uint8_t)dir;
		queries[i].group.family = queries[i].flow->family;
	}
	ux_spd_tree_search_all(&u->spd.tree, queries, n);
	for (size_t i = 0; i < n && has_sub(&u->spd, dir); i++) {
		struct ux_policy *found =
		    ux_spd_lookup_type(u, dir, UX_POLICY_TYPE_SUB, queries[i].flow,
				       queries[i].group.if_id);

		queries[i].found = found ? found : queries[i].found;
	}
}

bool ux_spd_ports_decide(struct uxfrm *u, enum ux_policy_dir dir, const struct ux_flow_key *flow,
			 uint32_t if_id, const struct ux_policy *found)
{
	struct ux_spd_group group = {UX_POLICY_TYPE_MAIN, (uint8_t)dir, flow->family, if_id};
	const bool sub = found && found->type == UX_POLICY_TYPE_SUB;

	if (has_sub(&u->spd, dir)) {
		group.type = UX_POLICY_TYPE_SUB;
		if (ux_spd_tree_ports_ahead(&u->spd.tree, &group, flow, sub ? found : NULL))
			return true;
		group.type = UX_POLICY_TYPE_MAIN;
	}
	if (sub)
		found = ux_spd_tree_search(&u->spd.tree, &group, flow);
	return ux_spd_tree_ports_ahead(&u->spd.tree, &group, flow, found);
}

struct ux_policy *ux_spd_find_by_flow(struct uxfrm *u, const struct ux_policy_key *key,
				      const struct ux_flow_key *flow)
{
	struct ux_spd_group group = {key->type, key->dir, flow->family, key->if_id};

	return ux_spd_tree_search(&u->spd.tree, &group, flow);
}

struct ux_policy *ux_spd_find(struct uxfrm *u, const struct ux_policy_key *key)
{
	struct ux_spd_group group = {key->type, key->dir, key->sel->family, key->if_id};

	if (!is_ip(group.family)) /* no policy has it */
		return NULL;
	return ux_spd_tree_find(&u->spd.tree, &group, key->sel, key->mark, key->label);
}

static struct ux_policy_key key_of(const struct ux_policy *p)
{
	return (struct ux_policy_key){p->type, p->dir, p->if_id, p->mark, &p->sel, p->label};
}

/*
 * Indexes are given in sequence. Eight that follow each other share a cache line or two of the
 * table; where the eights lie is random, or a long run of them would be in the way of the next.
 */
static uint64_t index_hash(const struct uxfrm *u, uint32_t index)
{
	uint64_t number = index / INDEX_STEP, eight = number / 8;

	eight = (eight ^ u->hash_key.k[0]) * UINT64_C(0x9e3779b97f4a7c15);
	return (eight ^ eight >> 32) << 3 | number % 8;
}

static bool index_equal(const void *policy, const void *key)
{
	return ((const struct ux_policy *)policy)->index == *(const uint32_t *)key;
}

/* An index names one policy, whatever its type. */
static struct ux_policy *find_index(struct uxfrm *u, uint32_t index)
{
	return ux_sa_table_find(&u->spd.by_index, index_hash(u, index), index_equal, &index);
}

struct ux_policy *ux_spd_find_by_index(struct uxfrm *u, const struct ux_policy_key *key,
				       uint32_t index)
{
	struct ux_policy *p = find_index(u, index);

	if (!p || p->type != key->type || p->dir != key->dir || p->if_id != key->if_id)
		return NULL;
	return p->mark.v == key->mark.v && p->mark.m == key->mark.m ? p : NULL;
}

void ux_spd_prefetch_index(const struct uxfrm *u, uint32_t index)
{
	ux_sa_table_prefetch(&u->spd.by_index, index_hash(u, index));
}

static void index_set(struct uxfrm *u, uint32_t index, struct ux_policy *value)
{
	ux_sa_table_set(&u->spd.by_index, index_hash(u, index), index_equal, &index, value);
}

/* ---- changes ---- */

static void free_policy(void *object)
{
	ux_policy_free(object);
}

/*
 * Linux's numbers: one counter for all directions, from 0, each a multiple of 8 plus the direction;
 * 0 is no index. A number asked for is given unless it is taken.
 */
static uint32_t make_index(struct uxfrm *u, const struct ux_policy *policy)
{
	uint32_t index = policy->index;

	while (!index || find_index(u, index)) {
		index = u->spd.index_generator | policy->dir;
		u->spd.index_generator += INDEX_STEP;
		if (!index)
			index = INDEX_STEP;
	}
	return index;
}

static void note_reqids(struct ux_spd *spd, const struct ux_policy *policy)
{
	for (unsigned int i = 0; i < policy->n_templates; i++)
		if (policy->templates[i].reqid > spd->max_reqid)
			spd->max_reqid = policy->templates[i].reqid;
}

static void count(struct ux_spd *spd, const struct ux_policy *policy, int change)
{
	spd->n[policy->dir] += (uint32_t)change;
	if (policy->type == UX_POLICY_TYPE_SUB)
		atomic_fetch_add_explicit(&spd->n_sub[policy->dir], (uint32_t)change,
					  memory_order_relaxed);
	if (policy->dir == UX_POLICY_OUT && policy->flags & UX_POLICY_FLAG_ICMP)
		atomic_fetch_add_explicit(&spd->n_icmp_out, (uint32_t)change, memory_order_relaxed);
}

static void insert(struct uxfrm *u, struct ux_policy *policy)
{
	struct ux_spd *spd = &u->spd;

	policy->seq = spd->next_seq++;
	note_reqids(spd, policy);
	index_set(u, policy->index, policy);
	count(spd, policy, 1);
	ux_spd_tree_insert(&spd->tree, policy);
	ux_list_push_front(&spd->all, &policy->all);
	ux_lifetime_start(u, policy->timer);
	ux_watch_policy(u, policy, true);
}

static void take_out(struct uxfrm *u, struct ux_policy *policy)
{
	struct ux_spd *spd = &u->spd;

	ux_spd_tree_remove(&spd->tree, policy);
	ux_walk_remove(&spd->cursors, &policy->all);
	count(spd, policy, -1);
	ux_lifetime_stop(u, policy->timer);
	ux_watch_policy(u, policy, false);
	ux_retire_add(&u->retire, policy, free_policy);
}

/* A count that a worker adds between the copy and the end of its read section is lost, as that of a
 * packet on its way to a policy that is replaced. */
static void carry_counters(const struct ux_policy *old, struct ux_policy *policy)
{
	atomic_store_explicit(&policy->bytes,
			      atomic_load_explicit(&old->bytes, memory_order_relaxed),
			      memory_order_relaxed);
	atomic_store_explicit(&policy->packets,
			      atomic_load_explicit(&old->packets, memory_order_relaxed),
			      memory_order_relaxed);
	atomic_store_explicit(&policy->use_time_s,
			      atomic_load_explicit(&old->use_time_s, memory_order_relaxed),
			      memory_order_relaxed);
}

void ux_spd_rewrite(struct uxfrm *u, struct ux_policy *old, struct ux_policy *policy)
{
	struct ux_spd *spd = &u->spd;

	carry_counters(old, policy);
	ux_lifetime_hand_over(old, policy);
	index_set(u, policy->index, policy);
	ux_spd_tree_swap(&spd->tree, old, policy);
	ux_generation_move(&u->generation);
	ux_walk_replace(&spd->cursors, &old->all, &policy->all);
	ux_retire_add(&u->retire, old, free_policy);
}

static uint32_t n_all(const struct ux_spd *spd)
{
	return spd->n[UX_POLICY_IN] + spd->n[UX_POLICY_OUT] + spd->n[UX_POLICY_FWD];
}

int ux_spd_insert(struct uxfrm *u, struct ux_policy *policy, bool exclusive, bool *ret_replaced)
{
	struct ux_spd *spd = &u->spd;
	struct ux_policy_key key = key_of(policy);
	struct ux_policy *old = ux_spd_find(u, &key);

	if (old && exclusive)
		return -EEXIST;
	if (!old && u->params.max_policy && n_all(spd) >= u->params.max_policy)
		return -ENOMEM;
	if (ux_sa_table_reserve(&spd->by_index, 1, NULL) < 0)
		return -ENOMEM;
	if (ret_replaced)
		*ret_replaced = old;
	policy->index = old ? old->index : make_index(u, policy);
	/* the new one is seen before the old one goes: no instant without a policy */
	if (old && policy->action == UX_POLICY_BLOCK)
		ux_interim_open(u, old);
	else if (old)
		ux_interim_replace(u, old, policy);
	insert(u, policy);
	if (old)
		take_out(u, old);
	ux_interim_close(u, policy);
	ux_interim_changed(u);
	ux_generation_move(&u->generation);
	return 0;
}

void ux_spd_remove(struct uxfrm *u, struct ux_policy *policy)
{
	index_set(u, policy->index, NULL);
	take_out(u, policy);
	ux_generation_move(&u->generation);
}

/* ---- dumps ---- */

void ux_spd_cursor_init(struct ux_spd_cursor *c)
{
	ux_walk_init(&c->walk);
}

struct ux_policy *ux_spd_cursor_next(struct ux_spd *spd, struct ux_spd_cursor *c)
{
	struct ux_list *item = ux_walk_next(&c->walk, &spd->cursors, &spd->all);

	return item ? ux_container_of(item, struct ux_policy, all) : NULL;
}

void ux_spd_cursor_back(struct ux_spd *spd, struct ux_spd_cursor *c)
{
	ux_walk_back(&c->walk);
}

void ux_spd_cursor_fini(struct ux_spd_cursor *c)
{
	ux_walk_fini(&c->walk);
}

void ux_spd_set_default(struct uxfrm *u, enum ux_policy_dir dir, uint8_t action)
{
	bool changed = ux_spd_default(&u->spd, dir) != action;

	atomic_store_explicit(&u->spd.default_action[dir], action, memory_order_relaxed);
	ux_generation_move(&u->generation);
	if (changed)
		ux_watch_default(u, dir, action == UX_POLICY_BLOCK);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spd.h"

#include <errno.h>

#include "core/instance.h"

#define INDEX_STEP 8 /* the low three bits of an index are the direction */

int ux_spd_init(struct ux_spd *spd)
{
	for (int dir = 0; dir < UX_POLICY_DIRS; dir++) {
		atomic_init(&spd->first[dir], NULL);
		ux_list_init(&spd->order[dir]);
		spd->n[dir] = 0;
	}
	ux_list_init(&spd->all);
	ux_list_init(&spd->cursors);
	spd->index_generator = 0;
	spd->threshold4 = (struct ux_spd_threshold){32, 32};
	spd->threshold6 = (struct ux_spd_threshold){128, 128};
	atomic_init(&spd->generation, 0);
	if (ux_sa_table_init(&spd->by_key) < 0 || ux_sa_table_init(&spd->by_index) < 0)
		return -ENOMEM;
	return 0;
}

void ux_spd_fini(struct uxfrm *u)
{
	struct ux_spd *spd = &u->spd;

	while (spd->all.next && !ux_list_empty(&spd->all))
		ux_spd_remove(u, ux_container_of(spd->all.next, struct ux_policy, all));
	ux_sa_table_fini(&spd->by_key);
	ux_sa_table_fini(&spd->by_index);
}

static struct ux_policy *search(const struct ux_spd *spd, enum ux_policy_dir dir,
				const struct ux_flow_key *flow, uint8_t type, uint32_t if_id)
{
	struct ux_policy *p = ux_rcu_follow(&spd->first[dir]);

	for (; p; p = ux_rcu_follow(&p->next))
		if (p->family == flow->family && p->type == type && p->if_id == if_id &&
		    (flow->mark & p->mark.m) == p->mark.v && ux_selector_match(&p->sel, flow))
			return p;
	return NULL;
}

struct ux_policy *ux_spd_lookup(struct uxfrm *u, enum ux_policy_dir dir,
				const struct ux_flow_key *flow, uint32_t if_id)
{
	const struct ux_spd *spd = &u->spd;
	uint32_t generation;
	struct ux_policy *p;

	/* A policy that moves forward in the order while we walk could be missed in both places. */
	do {
		generation = atomic_load_explicit(&spd->generation, memory_order_acquire);
		p = search(spd, dir, flow, UX_POLICY_TYPE_MAIN, if_id);
	} while (atomic_load_explicit(&spd->generation, memory_order_acquire) != generation);
	return p;
}

/* ---- finding by what a request says ---- */

struct ux_policy *ux_spd_find_by_flow(struct uxfrm *u, const struct ux_policy_key *key,
				      const struct ux_flow_key *flow)
{
	return search(&u->spd, key->dir, flow, key->type, key->if_id);
}

static uint64_t key_hash(const struct uxfrm *u, const struct ux_policy_key *key)
{
	const struct ux_selector *s = key->sel;
	struct {
		struct ux_addr daddr, saddr;
		uint32_t ports[2], masks[2], mark[2];
		uint32_t if_id, ifindex, user, kinds;
	} flat = {
	    .daddr = s->daddr,
	    .saddr = s->saddr,
	    .ports = {s->dport, s->sport},
	    .masks = {s->dport_mask, s->sport_mask},
	    .mark = {key->mark.v, key->mark.m},
	    .if_id = key->if_id,
	    .ifindex = (uint32_t)s->ifindex,
	    .user = s->user,
	    .kinds = (uint32_t)key->type << 24 | (uint32_t)key->dir << 16 | s->proto,
	};

	return ux_siphash(&u->hash_key, &flat, sizeof(flat));
}

static bool key_equal(const void *policy, const void *key)
{
	const struct ux_policy *p = policy;
	const struct ux_policy_key *k = key;

	return p->type == k->type && p->dir == k->dir && p->if_id == k->if_id &&
	       p->mark.v == k->mark.v && p->mark.m == k->mark.m &&
	       ux_selector_equal(&p->sel, k->sel);
}

static struct ux_policy_key key_of(const struct ux_policy *p)
{
	return (struct ux_policy_key){p->type, p->dir, p->if_id, p->mark, &p->sel};
}

/* An index names one policy, whatever its type. */
static uint64_t index_hash(const struct uxfrm *u, uint32_t index)
{
	return ux_siphash(&u->hash_key, &index, sizeof(index));
}

static bool index_equal(const void *policy, const void *key)
{
	return ((const struct ux_policy *)policy)->index == *(const uint32_t *)key;
}

static struct ux_policy *find_index(struct uxfrm *u, uint32_t index)
{
	return ux_sa_table_find(&u->spd.by_index, index_hash(u, index), index_equal, &index);
}

struct ux_policy *ux_spd_find(struct uxfrm *u, const struct ux_policy_key *key)
{
	return ux_sa_table_find(&u->spd.by_key, key_hash(u, key), key_equal, key);
}

struct ux_policy *ux_spd_find_by_index(struct uxfrm *u, const struct ux_policy_key *key,
				       uint32_t index)
{
	struct ux_policy *p = find_index(u, index);

	if (!p || p->type != key->type || p->dir != key->dir || p->if_id != key->if_id)
		return NULL;
	return p->mark.v == key->mark.v && p->mark.m == key->mark.m ? p : NULL;
}

static void tables_set(struct uxfrm *u, const struct ux_policy *like, struct ux_policy *value)
{
	struct ux_policy_key key = key_of(like);

	ux_sa_table_set(&u->spd.by_key, key_hash(u, &key), key_equal, &key, value);
	ux_sa_table_set(&u->spd.by_index, index_hash(u, like->index), index_equal, &like->index,
			value);
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

/* The item behind which a policy of this priority goes: its equals are older. */
static struct ux_list *place_for(struct ux_spd *spd, const struct ux_policy *policy)
{
	struct ux_list *head = &spd->order[policy->dir], *at = head->prev;

	while (at != head &&
	       ux_container_of(at, struct ux_policy, order)->priority > policy->priority)
		at = at->prev;
	return at;
}

static _Atomic(struct ux_policy *) *link_before(struct ux_spd *spd, const struct ux_policy *p)
{
	if (p->order.prev == &spd->order[p->dir])
		return &spd->first[p->dir];
	return &ux_container_of(p->order.prev, struct ux_policy, order)->next;
}

static void order_insert(struct ux_spd *spd, struct ux_policy *p, struct ux_list *at)
{
	ux_list_insert_after(at, &p->order);

	struct ux_list *next = p->order.next;

	atomic_store_explicit(
	    &p->next,
	    next == &spd->order[p->dir] ? NULL : ux_container_of(next, struct ux_policy, order),
	    memory_order_relaxed);
	ux_rcu_publish(link_before(spd, p), p);
}

static void order_remove(struct ux_spd *spd, struct ux_policy *p)
{
	ux_rcu_publish(link_before(spd, p), ux_rcu_own(&p->next));
	ux_list_remove(&p->order);
}

/* The old one is seen until the new one is: no instant without a policy. */
static void replace(struct uxfrm *u, struct ux_policy *old, struct ux_policy *policy)
{
	struct ux_spd *spd = &u->spd;

	policy->index = old->index;
	tables_set(u, old, policy);
	/* with the same priority it stands where the old one stood */
	order_insert(spd, policy,
		     old->priority == policy->priority ? &old->order : place_for(spd, policy));
	atomic_fetch_add_explicit(&spd->generation, 1, memory_order_release);
	order_remove(spd, old);
	ux_list_push_front(&spd->all, &policy->all);
	ux_walk_remove(&spd->cursors, &old->all);
	ux_watch_policy(u, policy, true);
	ux_watch_policy(u, old, false);
	ux_retire_add(&u->retire, old, free_policy);
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
	tables_set(u, old, policy);
	order_insert(spd, policy, &old->order);
	order_remove(spd, old);
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
	if (ux_sa_table_reserve(&spd->by_key, 1, NULL) < 0 ||
	    ux_sa_table_reserve(&spd->by_index, 1, NULL) < 0)
		return -ENOMEM;
	if (ret_replaced)
		*ret_replaced = old;
	if (old) {
		replace(u, old, policy);
		return 0;
	}
	policy->index = make_index(u, policy);
	tables_set(u, policy, policy);
	order_insert(spd, policy, place_for(spd, policy));
	ux_list_push_front(&spd->all, &policy->all);
	spd->n[policy->dir]++;
	ux_watch_policy(u, policy, true);
	return 0;
}

void ux_spd_remove(struct uxfrm *u, struct ux_policy *policy)
{
	struct ux_spd *spd = &u->spd;

	tables_set(u, policy, NULL);
	order_remove(spd, policy);
	ux_walk_remove(&spd->cursors, &policy->all);
	spd->n[policy->dir]--;
	ux_watch_policy(u, policy, false);
	ux_retire_add(&u->retire, policy, free_policy);
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
	if (changed && dir == UX_POLICY_OUT)
		ux_watch_default(u, action == UX_POLICY_BLOCK);
}

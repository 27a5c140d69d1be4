/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an SA was before it moved. Its runtime has a set of identities, for the inbound policy
 * check; the index by (destination, reqid, family) finds the runtime from a template, for outbound.
 * A set only grows, by one identity at its end, or is replaced. A link stays while one identity of
 * the set has its key.
 */
#include <errno.h>

#include "core/sad_index.h"

/* One key under which a runtime can be found; several runtimes with one key form a chain. */
struct ux_former_link {
	/* control thread writes, workers read */
	_Atomic(struct ux_former_link *) next;
	/* const after publish */
	struct ux_sa_runtime *runtime;
	struct ux_address_key key;
	/* control thread */
	struct ux_former_link *prev;
	struct ux_list of_set;
};

_Static_assert(sizeof(struct ux_former_link) <= UX_FORMER_LINK_SIZE, "too small");

static bool link_equal(const void *object, const void *key)
{
	const struct ux_former_link *link = object;
	const struct ux_address_key *k = key;

	return link->key.reqid == k->reqid && link->key.family == k->family &&
	       ux_addr_equal(&link->key.daddr, &k->daddr, k->family);
}

static void link_free(void *object)
{
	ux_slab_return(object);
}

static struct ux_address_key key_of(const struct ux_former_identity *id)
{
	return (struct ux_address_key){id->daddr, id->reqid, id->family};
}

static struct ux_former_identity identity_of(const struct ux_sa *sa)
{
	return (struct ux_former_identity){sa->id.daddr, sa->saddr, sa->reqid, sa->mark,
					   sa->id.family};
}

static bool same_identity(const struct ux_former_identity *a, const struct ux_former_identity *b)
{
	return a->family == b->family && a->reqid == b->reqid && a->mark.v == b->mark.v &&
	       a->mark.m == b->mark.m && ux_addr_equal(&a->daddr, &b->daddr, a->family) &&
	       ux_addr_equal(&a->saddr, &b->saddr, a->family);
}

static struct ux_former_link *find_link(const struct ux_former_set *set,
					const struct ux_address_key *key)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &set->links) {
		struct ux_former_link *link = ux_container_of(pos, struct ux_former_link, of_set);

		if (link_equal(link, key))
			return link;
	}
	return NULL;
}

static struct ux_slab *slab_of(struct uxfrm *u, uint32_t cap)
{
	return cap == UX_FORMER_FEW ? &u->few_slab : &u->set_slab;
}

static void set_free(void *object)
{
	struct ux_former_set *set = object;

	ux_slab_put(slab_of(set->instance, set->cap), set);
}

void ux_former_free(struct ux_sa_runtime *r)
{
	struct ux_former_set *set = ux_rcu_own(&r->former);

	if (set)
		set_free(set);
}

static uint32_t count_of(const struct ux_former_set *set)
{
	return set ? atomic_load_explicit(&set->n, memory_order_relaxed) : 0;
}

/* An empty set out of what was reserved. */
static struct ux_former_set *set_new(struct uxfrm *u, uint32_t cap)
{
	struct ux_former_set **spare =
	    cap == UX_FORMER_FEW ? &u->sad.spare.few : &u->sad.spare.many;
	struct ux_former_set *set = *spare;

	*spare = NULL;
	set->instance = u;
	set->cap = cap;
	atomic_init(&set->n, 0);
	ux_list_init(&set->links);
	return set;
}

/* There must be room. Readers see the identity before the number that counts it. */
static void set_append(struct ux_former_set *set, const struct ux_former_identity *last)
{
	uint32_t n = count_of(set);

	set->id[n] = *last;
	atomic_store_explicit(&set->n, n + 1, memory_order_release);
}

/* The link of identity @skip, if no other identity of the fresh set needs it. */
static struct ux_former_link *link_to_drop(const struct ux_former_identity *dropped,
					   const struct ux_former_set *set)
{
	struct ux_address_key key = key_of(dropped);
	struct ux_former_link *link = find_link(set, &key);

	for (uint32_t i = 0; link && i < count_of(set); i++) {
		struct ux_address_key other = key_of(&set->id[i]);

		if (link_equal(link, &other))
			return NULL;
	}
	return link;
}

int ux_former_reserve(struct uxfrm *u)
{
	struct ux_former_spare *spare = &u->sad.spare;

	if (!spare->link)
		spare->link = ux_slab_get(&u->link_slab);
	if (!spare->few)
		spare->few = ux_slab_get(&u->few_slab);
	if (!spare->many)
		spare->many = ux_slab_get(&u->set_slab);
	if (!spare->link || !spare->few || !spare->many)
		return -ENOMEM;
	return ux_sa_table_reserve(&u->sad.by_former, 1, &u->retire);
}

/* That so many objects can be had next. What is put back stays in the slab. */
static int slab_reserve(struct ux_slab *slab, size_t n)
{
	void *chain = NULL;
	int err = 0;

	while (n-- && err == 0) {
		void **object = ux_slab_get(slab);

		if (object) {
			*object = chain;
			chain = object;
		} else {
			err = -ENOMEM;
		}
	}
	while (chain) {
		void *object = chain;

		chain = *(void **)object;
		ux_slab_put(slab, object);
	}
	return err;
}

int ux_former_reserve_many(struct uxfrm *u, size_t n)
{
	if (slab_reserve(&u->link_slab, n) < 0 || slab_reserve(&u->few_slab, n) < 0 ||
	    slab_reserve(&u->set_slab, n) < 0)
		return -ENOMEM;
	return ux_sa_table_reserve(&u->sad.by_former, n, &u->retire);
}

void ux_former_fini(struct uxfrm *u)
{
	struct ux_former_spare *spare = &u->sad.spare;

	if (spare->link)
		ux_slab_put(&u->link_slab, spare->link);
	if (spare->few)
		ux_slab_put(&u->few_slab, spare->few);
	if (spare->many)
		ux_slab_put(&u->set_slab, spare->many);
	*spare = (struct ux_former_spare){NULL, NULL, NULL};
}

/* @hash: of the key. */
static void link_insert(struct uxfrm *u, struct ux_sa_runtime *r, const struct ux_address_key *key,
			uint64_t hash)
{
	struct ux_former_link *link = u->sad.spare.link;
	struct ux_former_link *head = ux_sa_table_find(&u->sad.by_former, hash, link_equal, key);

	u->sad.spare.link = NULL;
	atomic_init(&link->next, head);
	link->runtime = r;
	link->key = *key;
	link->prev = NULL;
	if (head)
		head->prev = link;
	ux_sa_table_set(&u->sad.by_former, hash, link_equal, key, link);
	ux_list_push_back(&ux_rcu_own(&r->former)->links, &link->of_set);
}

static void link_remove(struct uxfrm *u, struct ux_former_link *link)
{
	struct ux_former_link *next = ux_rcu_own(&link->next);

	if (next)
		next->prev = link->prev;
	if (link->prev)
		ux_rcu_publish(&link->prev->next, next);
	else
		ux_sa_table_set(&u->sad.by_former, ux_sad_address_hash(u, &link->key), link_equal,
				&link->key, next);
	ux_list_remove(&link->of_set);
	ux_retire_add(&u->retire, link, link_free);
}

/* A larger set without identity @skip (its number: without none) and with @last at the end. */
static void set_replace(struct uxfrm *u, struct ux_sa_runtime *r, uint32_t skip,
			const struct ux_former_identity *last)
{
	struct ux_former_set *old = ux_rcu_own(&r->former), *fresh = set_new(u, UX_FORMER_MAX);
	struct ux_former_link *gone = NULL;

	for (uint32_t i = 0; i < count_of(old); i++)
		if (i != skip)
			set_append(fresh, &old->id[i]);
	set_append(fresh, last);
	ux_list_replace(&old->links, &fresh->links);
	if (skip < count_of(old))
		gone = link_to_drop(&old->id[skip], fresh);
	ux_rcu_publish(&r->former, fresh);
	if (gone)
		link_remove(u, gone);
	ux_retire_add(&u->retire, old, set_free);
}

/* Two identities with one hash are one: chance does not make them meet, and nobody knows the key.
 */
static uint64_t hash_of(const struct uxfrm *u, const struct ux_sa *sa)
{
	struct {
		uint64_t address_hash; /* of destination, reqid, family */
		struct ux_addr saddr;
		struct ux_mark mark;
	} key = {sa->address_hash, sa->saddr, sa->mark};

	if (sa->id.family == AF_INET)
		key.saddr = (struct ux_addr){.w = {sa->saddr.w[0], 0, 0, 0}};
	return ux_siphash(&u->hash_key, &key, sizeof(key));
}

void ux_former_update(struct uxfrm *u, const struct ux_sa *old, const struct ux_sa *fresh)
{
	struct ux_former_identity was = identity_of(old), is = identity_of(fresh);
	struct ux_sa_runtime *r = old->runtime;
	struct ux_former_set *set = ux_rcu_own(&r->former);
	uint64_t hash = hash_of(u, old);
	uint32_t n, at = 0;

	if (same_identity(&was, &is))
		return;
	/* the one kept for ever, or the latest already: without a look at the set */
	if (set && (hash == r->first_former || hash == r->latest_former))
		return;
	n = count_of(set);
	while (at < n && !same_identity(&set->id[at], &was))
		at++;
	r->latest_former = hash;
	if (!set) {
		r->first_former = hash;
		set = set_new(u, UX_FORMER_FEW);
		set_append(set, &was);
		ux_rcu_publish(&r->former, set);
	} else if (at == n && n < set->cap) {
		set_append(set, &was);
	} else {
		/* the first is as installed and never goes; of the others the oldest makes room */
		set_replace(u, r, at == n && n == UX_FORMER_MAX ? 1 : at, &was);
	}
	struct ux_address_key key = key_of(&was);

	/* the index serves outbound templates */
	if (old->dir != UX_SA_DIR_IN && !find_link(ux_rcu_own(&r->former), &key))
		link_insert(u, r, &key, old->address_hash);
}

void ux_former_remove_all(struct uxfrm *u, struct ux_sa_runtime *r)
{
	struct ux_former_set *set = ux_rcu_own(&r->former);
	struct ux_list *pos, *tmp;

	if (!set)
		return;
	ux_list_for_each_safe (pos, tmp, &set->links)
		link_remove(u, ux_container_of(pos, struct ux_former_link, of_set));
}

/* Had this SA an identity that the template names? */
static bool was_known_as(const struct ux_sa_runtime *r, const struct ux_sa_query *q)
{
	const struct ux_former_set *set = ux_rcu_follow(&r->former);

	uint32_t n = set ? atomic_load_explicit(&set->n, memory_order_acquire) : 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct ux_former_identity *id = &set->id[i];

		if (id->family == q->family && id->reqid == q->reqid &&
		    (q->mark & id->mark.m) == id->mark.v &&
		    ux_addr_equal(&id->daddr, &q->daddr, q->family) &&
		    ux_sad_source_fits(&id->saddr, &q->saddr, q->family))
			return true;
	}
	return false;
}

struct ux_sa *ux_former_lookup(struct uxfrm *u, const struct ux_sa_query *q)
{
	struct ux_address_key key = {q->daddr, q->reqid, q->family};
	struct ux_former_link *link =
	    ux_sa_table_find(&u->sad.by_former, ux_sad_address_hash(u, &key), link_equal, &key);
	struct ux_sa *best = NULL;

	for (; link; link = ux_rcu_follow(&link->next)) {
		struct ux_sa *sa = ux_rcu_follow(&link->runtime->current);

		if (sa && was_known_as(link->runtime, q) && ux_sad_fits(sa, q) &&
		    ux_sad_better(sa, best))
			best = sa;
	}
	return best;
}

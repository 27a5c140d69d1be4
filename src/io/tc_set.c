/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A selector has a slot of its prefix as long as it is in the kernel, and never moves: whoever reads the chunks one after
 * the other meanwhile misses none.
 */

#include "io/tc_set.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/siphash.h"

#define FIRST_BUCKETS 1024 /* then twice as many, whenever there are as many items */
#define SLOTS_MAX (UX_TC_ENTRIES * UX_TC_CHUNKS)

struct prefix {
	struct ux_list link; /* in the bucket */
	struct ux_list todo;
	struct ux_list gone; /* items without users */
	struct ux_tc_prefix key;
	uint32_t id;
	struct item **slots;
	size_t n_slots, n_used;
	size_t hole; /* no slot before it is free */
	uint64_t more, less; /* chunks that selectors have come to, gone from; bits */
	uint32_t n_told;     /* chunks in the kernel */
	bool all, clear;     /* as told, with UX_TC_ALL or UX_TC_CLEAR */
};

/* A selector. */
struct item {
	struct ux_list link, gone;
	struct prefix *prefix;
	size_t slot;
	uint32_t count; /* 0: goes with the next ux_tc_set_settle */
	struct ux_tc_entry entry;
};

struct table {
	struct ux_list *buckets;
	size_t n_buckets, n;
};

struct ux_tc_set {
	const struct ux_tc_set_ops *ops;
	void *opaque;
	struct ux_siphash_key hash_key;
	struct table prefixes, items;
	struct ux_list todo;
	uint32_t last_id;
	bool note_clear;
};

/* ---- tables ---- */

static int table_make(struct table *t, size_t n)
{
	struct ux_list *buckets = malloc(n * sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ux_list_init(&buckets[i]);
	t->buckets = buckets;
	t->n_buckets = n;
	return 0;
}

static struct ux_list *prefix_bucket(const struct ux_tc_set *set, const struct ux_tc_prefix *key)
{
	return &set->prefixes.buckets[ux_siphash(&set->hash_key, key, sizeof(*key)) %
				      set->prefixes.n_buckets];
}

static struct ux_list *item_bucket(const struct ux_tc_set *set, const struct prefix *p,
				   const struct ux_tc_entry *entry)
{
	struct {
		struct ux_tc_entry entry;
		uint32_t id;
	} key = {.entry = *entry, .id = p->id};

	return &set->items.buckets[ux_siphash(&set->hash_key, &key, sizeof(key)) %
				   set->items.n_buckets];
}

/* Without memory for more buckets they only get fuller. */
static void grow(struct ux_tc_set *set, struct table *t)
{
	const struct table old = *t;

	if (t->n < t->n_buckets || table_make(t, 2 * t->n_buckets) < 0)
		return;
	for (size_t i = 0; i < old.n_buckets; i++) {
		struct ux_list *pos, *next;

		ux_list_for_each_safe (pos, next, &old.buckets[i]) {
			struct item *item = ux_container_of(pos, struct item, link);
			struct prefix *p = ux_container_of(pos, struct prefix, link);

			ux_list_remove(pos);
			ux_list_push_back(t == &set->items
					      ? item_bucket(set, item->prefix, &item->entry)
					      : prefix_bucket(set, &p->key),
					  pos);
		}
	}
	free(old.buckets);
}

/* ---- keys ---- */

static void put_prefix(__be32 to[4], const struct ux_addr *addr, unsigned int bits, __be32 mask[4])
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int n = bits > 32 * i ? bits - 32 * i : 0;

		mask[i] = htobe32(n >= 32 ? UINT32_MAX : ~(UINT32_MAX >> n));
		to[i] = addr->w[i] & mask[i];
	}
}

static struct ux_tc_prefix make_key(const struct ux_tc_selector *s)
{
	struct ux_tc_prefix key = {.bits = UX_TC_FAMILY_BITS + s->dst_bits,
				   .family = htobe32(s->family == AF_INET ? 4 : 6)};
	__be32 mask[4];

	put_prefix(key.addr, &s->dst, s->dst_bits, mask);
	return key;
}

static struct ux_tc_entry make_entry(const struct ux_tc_selector *s)
{
	struct ux_tc_entry e = {
	    .proto = s->proto,
	    .flags = UX_TC_USED | (s->icmp ? UX_TC_ICMP : 0),
	    .sport = s->sport & s->sport_mask,
	    .sport_mask = s->sport_mask,
	    .dport = s->dport & s->dport_mask,
	    .dport_mask = s->dport_mask,
	    .ifindex = s->ifindex,
	    .mark = s->mark & s->mark_mask,
	    .mark_mask = s->mark_mask,
	};

	put_prefix(e.src, &s->src, s->src_bits, e.src_mask);
	return e;
}

static struct prefix *find_prefix(const struct ux_tc_set *set, const struct ux_tc_prefix *key)
{
	struct ux_list *pos;

	ux_list_for_each (pos, prefix_bucket(set, key)) {
		struct prefix *p = ux_container_of(pos, struct prefix, link);

		if (memcmp(&p->key, key, sizeof(*key)) == 0)
			return p;
	}
	return NULL;
}

static struct item *find_item(const struct ux_tc_set *set, const struct prefix *p,
			      const struct ux_tc_entry *entry)
{
	struct ux_list *pos;

	ux_list_for_each (pos, item_bucket(set, p, entry)) {
		struct item *item = ux_container_of(pos, struct item, link);

		if (item->prefix == p && memcmp(&item->entry, entry, sizeof(*entry)) == 0)
			return item;
	}
	return NULL;
}

/* ---- changes ---- */

static void look_at(struct ux_tc_set *set, struct prefix *p)
{
	ux_list_remove(&p->todo);
	ux_list_push_back(&set->todo, &p->todo);
}

static uint64_t chunk_bit(size_t slot)
{
	return slot < SLOTS_MAX ? UINT64_C(1) << (slot / UX_TC_ENTRIES) : 0;
}

static struct prefix *new_prefix(struct ux_tc_set *set, const struct ux_tc_prefix *key)
{
	struct prefix *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	grow(set, &set->prefixes);
	p->key = *key;
	p->id = ++set->last_id;
	ux_list_init(&p->todo);
	ux_list_init(&p->gone);
	ux_list_push_back(prefix_bucket(set, key), &p->link);
	set->prefixes.n++;
	return p;
}

static void free_prefix(struct ux_tc_set *set, struct prefix *p)
{
	ux_list_remove(&p->todo);
	ux_list_remove(&p->link);
	set->prefixes.n--;
	free(p->slots);
	free(p);
}

/* A free one; SIZE_MAX: no memory. */
static size_t take_slot(struct prefix *p)
{
	if (p->n_used < p->n_slots) {
		while (p->slots[p->hole])
			p->hole++;
		return p->hole;
	}
	if (!(p->n_slots & (p->n_slots - 1))) { /* a power of two is full */
		size_t room = p->n_slots ? 2 * p->n_slots : 1;
		struct item **slots = realloc(p->slots, room * sizeof(struct item *));

		if (!slots)
			return SIZE_MAX;
		p->slots = slots;
	}
	p->slots[p->n_slots] = NULL;
	return p->n_slots++;
}

static int new_item(struct ux_tc_set *set, struct prefix *p, const struct ux_tc_entry *entry)
{
	struct item *item = calloc(1, sizeof(*item));
	size_t slot = item ? take_slot(p) : SIZE_MAX;

	if (slot == SIZE_MAX) {
		free(item);
		return -ENOMEM;
	}
	grow(set, &set->items);
	item->prefix = p;
	item->slot = slot;
	item->count = 1;
	ux_list_init(&item->gone);
	item->entry = *entry;
	p->slots[slot] = item;
	p->n_used++;
	p->more |= chunk_bit(slot);
	ux_list_push_back(item_bucket(set, p, entry), &item->link);
	set->items.n++;
	return 0;
}

int ux_tc_set_add(struct ux_tc_set *set, const struct ux_tc_selector *selector)
{
	const struct ux_tc_prefix key = make_key(selector);
	const struct ux_tc_entry entry = make_entry(selector);
	struct prefix *p = find_prefix(set, &key);
	struct item *item = p ? find_item(set, p, &entry) : NULL;

	if (item) {
		item->count++;
		ux_list_remove(&item->gone);
		return 0;
	}
	if (!p)
		p = new_prefix(set, &key);
	if (!p)
		return -ENOMEM;
	look_at(set, p);
	return new_item(set, p, &entry);
}

int ux_tc_set_remove(struct ux_tc_set *set, const struct ux_tc_selector *selector)
{
	const struct ux_tc_prefix key = make_key(selector);
	const struct ux_tc_entry entry = make_entry(selector);
	struct prefix *p = find_prefix(set, &key);
	struct item *item = p ? find_item(set, p, &entry) : NULL;

	if (!item || !item->count)
		return -ENOENT;
	if (--item->count)
		return 0;
	ux_list_push_back(&p->gone, &item->gone);
	look_at(set, p);
	return 0;
}

/* ---- telling ---- */

static uint32_t chunks_of(const struct prefix *p)
{
	size_t n = (p->n_slots + UX_TC_ENTRIES - 1) / UX_TC_ENTRIES;

	return n > UX_TC_CHUNKS ? UX_TC_CHUNKS : n ? (uint32_t)n : 1;
}

static int put_chunk(struct ux_tc_set *set, const struct prefix *p, uint32_t number)
{
	struct ux_tc_chunk chunk = {.bits = (uint8_t)(p->key.bits - UX_TC_FAMILY_BITS), .id = p->id};
	size_t first = (size_t)number * UX_TC_ENTRIES;

	if (!number) {
		chunk.n_chunks = (uint16_t)chunks_of(p);
		chunk.flags = (p->all ? UX_TC_ALL : 0) | (p->clear ? UX_TC_CLEAR : 0);
	}
	for (size_t i = 0; i < UX_TC_ENTRIES && first + i < p->n_slots; i++) {
		if (p->slots[first + i])
			chunk.entries[i] = p->slots[first + i]->entry;
	}
	return set->ops->put(set->opaque, &p->key, number, &chunk);
}

/* The chunks in @changed; the first is told last, as it says how many there are. */
static int put_chunks(struct ux_tc_set *set, struct prefix *p, uint64_t changed)
{
	const uint32_t n = chunks_of(p);
	int err = 0;

	for (uint32_t i = n - 1; i > 0 && !err; i--) {
		if (changed & UINT64_C(1) << i)
			err = put_chunk(set, p, i);
	}
	if (!err && (changed & 1 || n != p->n_told))
		err = put_chunk(set, p, 0);
	return err;
}

static int drop_chunks(struct ux_tc_set *set, struct prefix *p, uint32_t from)
{
	int first = 0;

	for (; p->n_told > from; p->n_told--) {
		int err = set->ops->drop(set->opaque, &p->key, p->id, p->n_told - 1);

		first = first ? first : err;
	}
	return first;
}

/* What has come, beside what will go. */
static int tell_more(struct ux_tc_set *set, struct prefix *p)
{
	const bool all = p->n_slots > SLOTS_MAX;
	const uint64_t changed = p->more | (all != p->all);
	int err = 0;

	if (all && !p->all) {
		p->all = true;
		err = put_chunk(set, p, 0);
	}
	if (!err && changed)
		err = put_chunks(set, p, changed);
	if (err)
		return err;
	p->more = 0;
	if (p->n_told < chunks_of(p))
		p->n_told = chunks_of(p);
	return 0;
}

static void forget_items(struct ux_tc_set *set, struct prefix *p)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &p->gone) {
		struct item *item = ux_container_of(pos, struct item, gone);

		p->slots[item->slot] = NULL;
		p->hole = item->slot < p->hole ? item->slot : p->hole;
		p->less |= chunk_bit(item->slot);
		p->n_used--;
		ux_list_remove(&item->gone);
		ux_list_remove(&item->link);
		set->items.n--;
		free(item);
	}
	while (p->n_slots && !p->slots[p->n_slots - 1])
		p->n_slots--;
}

/* The last selector has gone. */
static int tell_empty(struct ux_tc_set *set, struct prefix *p)
{
	int err;

	p->all = false;
	p->clear = set->note_clear;
	err = p->clear ? put_chunk(set, p, 0) : 0;
	if (err)
		return err;
	err = drop_chunks(set, p, p->clear ? 1 : 0);
	p->less = 0;
	if (!p->clear)
		free_prefix(set, p);
	return err;
}

static int tell_less(struct ux_tc_set *set, struct prefix *p)
{
	int err;

	forget_items(set, p);
	if (!p->n_used)
		return tell_empty(set, p);
	if (p->all && p->n_slots <= SLOTS_MAX) {
		/* the others first, and then that it is not everything any more */
		p->all = false;
		p->less = UINT64_MAX;
	}
	err = put_chunks(set, p, p->less);
	if (err)
		return err;
	p->less = 0;
	return drop_chunks(set, p, chunks_of(p));
}

int ux_tc_set_settle(struct ux_tc_set *set)
{
	struct ux_list *pos, *next;
	int first = 0;

	ux_list_for_each (pos, &set->todo) {
		int err = tell_more(set, ux_container_of(pos, struct prefix, todo));

		first = first ? first : err;
	}
	if (first) /* nothing goes while something is missing */
		return first;
	ux_list_for_each_safe (pos, next, &set->todo) {
		struct prefix *p = ux_container_of(pos, struct prefix, todo);
		int err;

		ux_list_remove(&p->todo);
		err = tell_less(set, p);
		first = first ? first : err;
	}
	return first;
}

void ux_tc_set_note_clear(struct ux_tc_set *set, bool on)
{
	set->note_clear = on;
	for (size_t i = 0; i < set->prefixes.n_buckets && !on; i++) {
		struct ux_list *pos;

		ux_list_for_each (pos, &set->prefixes.buckets[i]) {
			struct prefix *p = ux_container_of(pos, struct prefix, link);

			if (p->clear)
				look_at(set, p);
		}
	}
}

size_t ux_tc_set_count(const struct ux_tc_set *set)
{
	return set->items.n;
}

/* ---- the set ---- */

struct ux_tc_set *ux_tc_set_new(const struct ux_tc_set_ops *ops, void *opaque)
{
	struct ux_tc_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->ops = ops;
	set->opaque = opaque;
	ux_siphash_random_key(&set->hash_key);
	ux_list_init(&set->todo);
	if (table_make(&set->prefixes, FIRST_BUCKETS) < 0 ||
	    table_make(&set->items, FIRST_BUCKETS) < 0)
		return ux_tc_set_free(set);
	return set;
}

struct ux_tc_set *ux_tc_set_free(struct ux_tc_set *set)
{
	if (!set)
		return NULL;
	for (size_t i = 0; i < set->items.n_buckets; i++) {
		struct ux_list *pos, *next;

		ux_list_for_each_safe (pos, next, &set->items.buckets[i])
			free(ux_container_of(pos, struct item, link));
	}
	for (size_t i = 0; i < set->prefixes.n_buckets; i++) {
		struct ux_list *pos, *next;

		ux_list_for_each_safe (pos, next, &set->prefixes.buckets[i])
			free_prefix(set, ux_container_of(pos, struct prefix, link));
	}
	free(set->items.buckets);
	free(set->prefixes.buckets);
	free(set);
	return NULL;
}

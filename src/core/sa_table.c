/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sa_table.h"

#include <errno.h>
#include <stdlib.h>

#include "base/pages.h"

#define FIRST_SLOTS 64
#define MOVE_STEP 32 /* slots looked at per reserve; more than the growth of a table can outrun */
#define LINE_SLOTS 4 /* slots in a line of memory */

static char tombstone;
#define UX_SA_TOMBSTONE ((void *)&tombstone)

/* Large arrays have huge pages, which more than halves the cost of a look-up in a million entries.
 */
static void *map_slots(size_t bytes)
{
	void *p = ux_pages_map(bytes);

	if (p && bytes >= UX_HUGE_PAGE)
		ux_pages_make_huge(p, bytes);
	return p;
}

static struct ux_sa_slots *slots_new(size_t n)
{
	struct ux_sa_slots *s = calloc(1, sizeof(*s));
	size_t bytes = n * sizeof(struct ux_sa_slot);

	if (!s)
		return NULL;
	s->slot = map_slots(bytes);
	if (!s->slot) {
		free(s);
		return NULL;
	}
	s->mask = n - 1;
	return s;
}

static void slots_free(void *object)
{
	struct ux_sa_slots *s = object;

	if (!s)
		return;
	ux_pages_unmap(s->slot, (s->mask + 1) * sizeof(struct ux_sa_slot));
	free(s);
}

int ux_sa_table_init(struct ux_sa_table *t)
{
	struct ux_sa_slots *s = slots_new(FIRST_SLOTS);

	if (!s)
		return -ENOMEM;
	t->min_slots = FIRST_SLOTS;
	atomic_init(&t->slots, s);
	return 0;
}

void ux_sa_table_fini(struct ux_sa_table *t)
{
	struct ux_sa_slots *s = ux_rcu_own(&t->slots);

	if (!s)
		return;
	slots_free(ux_rcu_own(&s->previous));
	slots_free(s);
	atomic_store_explicit(&t->slots, NULL, memory_order_relaxed);
}

/*
 * Where the search for a key begins: with the first slot of a line, so that it seldom needs more
 * memory than that.
 */
static inline size_t home(const struct ux_sa_slots *s, uint64_t hash)
{
	return hash & s->mask & ~(size_t)(LINE_SLOTS - 1);
}

static inline struct ux_sa_slot *slots_find(const struct ux_sa_slots *s, uint64_t hash,
					    ux_sa_key_equal equal, const void *key, void **ret_head)
{
	for (size_t i = home(s, hash);; i = (i + 1) & s->mask) {
		struct ux_sa_slot *slot = &s->slot[i];
		void *head = ux_rcu_follow(&slot->head);

		if (!head)
			return NULL;
		if (head == UX_SA_TOMBSTONE)
			continue;
		if (atomic_load_explicit(&slot->hash, memory_order_relaxed) != hash)
			continue;
		if (!equal(head, key))
			continue;
		*ret_head = head;
		return slot;
	}
}

static inline void *find(const struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal,
			 const void *key)
{
	struct ux_sa_slots *s = ux_rcu_follow(&t->slots);
	void *head;

	for (;;) {
		struct ux_sa_slots *previous = ux_rcu_follow(&s->previous);

		if (previous && slots_find(previous, hash, equal, key, &head))
			return head;
		if (slots_find(s, hash, equal, key, &head))
			return head;

		/* a growth that began meanwhile may have taken the object out of this array */
		struct ux_sa_slots *now = ux_rcu_follow(&t->slots);

		if (now == s)
			return NULL;
		s = now;
	}
}

void *ux_sa_table_find(const struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal,
		       const void *key)
{
	return find(t, hash, equal, key);
}

static bool always(const void *object, const void *key)
{
	return true;
}

void *ux_sa_table_find_hash(const struct ux_sa_table *t, uint64_t hash)
{
	return find(t, hash, always, NULL);
}

static void slots_prefetch(const struct ux_sa_slots *s, uint64_t hash)
{
	__builtin_prefetch(&s->slot[home(s, hash)]); /* the first cache: it is soon needed */
}

void ux_sa_table_prefetch(const struct ux_sa_table *t, uint64_t hash)
{
	const struct ux_sa_slots *s = ux_rcu_follow(&t->slots);
	const struct ux_sa_slots *previous = ux_rcu_follow(&s->previous);

	slots_prefetch(s, hash);
	if (previous)
		slots_prefetch(previous, hash);
}

static void *slots_peek(const struct ux_sa_slots *s, uint64_t hash)
{
	for (size_t i = home(s, hash);; i = (i + 1) & s->mask) {
		void *head = ux_rcu_follow(&s->slot[i].head);

		if (!head)
			return NULL;
		if (atomic_load_explicit(&s->slot[i].hash, memory_order_relaxed) == hash &&
		    head != UX_SA_TOMBSTONE)
			return head;
	}
}

void *ux_sa_table_peek(const struct ux_sa_table *t, uint64_t hash)
{
	const struct ux_sa_slots *s = ux_rcu_follow(&t->slots);
	const struct ux_sa_slots *previous = ux_rcu_follow(&s->previous);
	void *head = slots_peek(s, hash);

	return head || !previous ? head : slots_peek(previous, hash);
}

/* Put a key that is not in @s into its first free slot. */
static void slots_add(struct ux_sa_slots *s, uint64_t hash, void *head)
{
	size_t i = home(s, hash);
	void *there;

	while ((there = ux_rcu_own(&s->slot[i].head)) && there != UX_SA_TOMBSTONE)
		i = (i + 1) & s->mask;
	if (there == UX_SA_TOMBSTONE)
		s->n_tombstones--;
	s->n_used++;
	atomic_store_explicit(&s->slot[i].hash, hash, memory_order_relaxed);
	ux_rcu_publish(&s->slot[i].head, head);
}

/*
 * Empty @slot. Tombstones that stand before an empty slot are not needed: a probe would end there
 * anyway. So they do not gather while SAs come and go.
 */
static void slots_clear(struct ux_sa_slots *s, struct ux_sa_slot *slot)
{
	size_t i = (size_t)(slot - s->slot);

	s->n_used--;
	s->n_tombstones++;
	ux_rcu_publish(&slot->head, UX_SA_TOMBSTONE);
	if (ux_rcu_own(&s->slot[(i + 1) & s->mask].head))
		return;
	while (ux_rcu_own(&s->slot[i].head) == UX_SA_TOMBSTONE) {
		ux_rcu_publish(&s->slot[i].head, NULL);
		s->n_tombstones--;
		i = (i - 1) & s->mask;
	}
}

void ux_sa_table_set(struct ux_sa_table *t, uint64_t hash, ux_sa_key_equal equal, const void *key,
		     void *head)
{
	struct ux_sa_slots *s = ux_rcu_own(&t->slots);
	struct ux_sa_slots *where = ux_rcu_own(&s->previous);
	struct ux_sa_slot *slot = NULL;
	void *there;

	if (where)
		slot = slots_find(where, hash, equal, key, &there);
	if (!slot) {
		where = s;
		slot = slots_find(s, hash, equal, key, &there);
	}
	if (slot && head)
		ux_rcu_publish(&slot->head, head);
	else if (slot)
		slots_clear(where, slot);
	else if (head)
		slots_add(s, hash, head);
}

/* Move up to @n slots of the previous array; the new one shows an object before the old one hides
 * it. */
static void move_some(struct ux_sa_slots *s, size_t n, struct ux_retire *retire)
{
	struct ux_sa_slots *old = ux_rcu_own(&s->previous);

	for (; n && s->n_moved <= old->mask; n--, s->n_moved++) {
		struct ux_sa_slot *slot = &old->slot[s->n_moved];
		void *head = ux_rcu_own(&slot->head);

		if (!head || head == UX_SA_TOMBSTONE)
			continue;
		slots_add(s, atomic_load_explicit(&slot->hash, memory_order_relaxed), head);
		/* not slots_clear: a NULL before slots still to be moved would hide nothing, but
		 * a probe of a reader in this array must not end early either */
		ux_rcu_publish(&slot->head, UX_SA_TOMBSTONE);
		old->n_used--;
		old->n_tombstones++;
	}
	if (s->n_moved <= old->mask)
		return;
	ux_rcu_publish(&s->previous, NULL);
	if (retire)
		ux_retire_add(retire, old, slots_free);
	else
		slots_free(old);
}

/* At most half of the slots are taken, tombstones and what is still to be moved included.
 */
static bool has_room(const struct ux_sa_slots *s, size_t n)
{
	const struct ux_sa_slots *old = ux_rcu_own(&s->previous);
	size_t taken = s->n_used + s->n_tombstones + (old ? old->n_used : 0);

	return taken + n <= (s->mask + 1) / 2;
}

int ux_sa_table_reserve(struct ux_sa_table *t, size_t n, struct ux_retire *retire)
{
	struct ux_sa_slots *s = ux_rcu_own(&t->slots);

	if (ux_rcu_own(&s->previous))
		move_some(s, MOVE_STEP * n, retire);
	if (has_room(s, n))
		return 0;
	if (ux_rcu_own(&s->previous))
		move_some(s, SIZE_MAX, retire);

	/* not much smaller than the last one, or it would be full before that is emptied */
	size_t n_slots = (s->mask + 1) / 4 > t->min_slots ? (s->mask + 1) / 4 : t->min_slots;

	while (n_slots < 3 * (s->n_used + n))
		n_slots *= 2;

	struct ux_sa_slots *fresh = slots_new(n_slots);

	if (!fresh)
		return -ENOMEM;
	atomic_init(&fresh->previous, s);
	ux_rcu_publish(&t->slots, fresh);
	return 0;
}

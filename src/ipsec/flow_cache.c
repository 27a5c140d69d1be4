/* SPDX-License-Identifier: BSD-2-Clause */

/* Making room in a worker's cache of flows. */

#include "ipsec/flow_cache.h"

#include <errno.h>

#include "base/pages.h"

#define SETS_FIRST 256u /* in use at the beginning */
#define HUGE_FROM (UX_HUGE_PAGE * 4)

static size_t sets_len(const struct ux_flow_cache *c)
{
	return ((size_t)c->set_mask_max + 1) * sizeof(*c->sets);
}

static size_t entries_len(const struct ux_flow_cache *c)
{
	return c->max_entries * c->entry_size;
}

int ux_flow_cache_init(struct ux_flow_cache *c, size_t entry_size, size_t near_size, uint32_t max,
		       const uint64_t secret[2])
{
	uint32_t sets = 1;

	/* twice as many places as entries */
	while (sets < UINT32_C(1) << 28 && sets * (UX_FLOW_WAYS / 2) < max)
		sets *= 2;
	*c = (struct ux_flow_cache){
	    .entry_size = entry_size,
	    .near_size = near_size,
	    .set_mask = (sets < SETS_FIRST ? sets : SETS_FIRST) - 1,
	    .set_mask_max = sets - 1,
	    .max_entries = max ? max : 1,
	    .secret = {secret[0], secret[1]},
	};
	c->sets = ux_pages_map(sets_len(c));
	c->entries = ux_pages_map(entries_len(c));
	if (c->sets && c->entries)
		return 0;
	ux_flow_cache_fini(c);
	return -ENOMEM;
}

void ux_flow_cache_fini(struct ux_flow_cache *c)
{
	if (c->sets)
		ux_pages_unmap(c->sets, sets_len(c));
	if (c->entries)
		ux_pages_unmap(c->entries, entries_len(c));
	c->sets = NULL;
	c->entries = NULL;
}

/* Use twice as many sets. An entry that belongs to another set then is moved there by bring(), when
 * it is asked for. */
static void grow(struct ux_flow_cache *c)
{
	c->set_mask = c->set_mask * 2 + 1;
	if ((c->set_mask + 1) * (UX_FLOW_WAYS / 2) * c->entry_size > HUGE_FROM) {
		ux_pages_make_huge(c->sets, sets_len(c));
		ux_pages_make_huge(c->entries, entries_len(c));
	}
}

/* A way for one more: a free one, or whose entry is displaced. */
static unsigned int choose_way(struct ux_flow_cache *c, const struct ux_flow_set *s)
{
	unsigned int free_ways = ux_flow_set_match(s, 0);

	return free_ways ? (unsigned int)__builtin_ctz(free_ways) : c->next_way++ % UX_FLOW_WAYS;
}

/* An entry for a way that has none. When all are given out one that a way of the set has goes with
 * it, else any: whose way finds another's id in it then. */
static uint32_t give_entry(struct ux_flow_cache *c, struct ux_flow_set *s)
{
	if (c->n_entries < c->max_entries)
		return ++c->n_entries;
	for (unsigned int i = 0; i < UX_FLOW_WAYS; i++) {
		unsigned int way = c->next_way++ % UX_FLOW_WAYS;
		uint32_t entry = s->entry[way];

		if (!entry)
			continue;
		s->tag[way] = s->entry[way] = 0;
		return entry;
	}
	return c->next_entry++ % c->max_entries + 1;
}

/* Where it was before the cache grew: its entry comes along. What the way it leaves gets for it, if
 * anything, is to spare. */
static struct ux_flow_head *bring(struct ux_flow_cache *c, uint64_t hash,
				  const struct ux_flow_id *id)
{
	struct ux_flow_set *to = ux_flow_cache_set(c, hash, c->set_mask);
	uint32_t tag = ux_flow_cache_tag(hash);

	for (uint32_t mask = c->set_mask >> 1; mask + 1 >= SETS_FIRST; mask >>= 1) {
		struct ux_flow_set *from = ux_flow_cache_set(c, hash, mask);
		unsigned int hits = from == to ? 0 : ux_flow_set_match(from, tag);

		for (; hits; hits &= hits - 1) {
			unsigned int old = (unsigned int)__builtin_ctz(hits), way;
			uint32_t entry = from->entry[old];
			struct ux_flow_head *head = ux_flow_cache_at(c, entry);

			if (!ux_flow_id_equal(&head->id, id))
				continue;
			way = choose_way(c, to);
			from->tag[old] = 0;
			from->entry[old] = to->entry[way];
			to->tag[way] = tag;
			to->entry[way] = entry;
			return head;
		}
	}
	return NULL;
}

void *ux_flow_cache_place(struct ux_flow_cache *c, uint64_t hash, const struct ux_flow_id *id)
{
	struct ux_flow_head *head = ux_flow_cache_find(c, hash, id);
	struct ux_flow_set *s;
	unsigned int way;

	if (!head)
		head = bring(c, hash, id);
	if (head)
		return head;
	if (c->n_entries / (UX_FLOW_WAYS / 2) > c->set_mask && c->set_mask < c->set_mask_max)
		grow(c);
	s = ux_flow_cache_set(c, hash, c->set_mask);
	way = choose_way(c, s);
	if (!s->entry[way])
		s->entry[way] = give_entry(c, s);
	s->tag[way] = ux_flow_cache_tag(hash);
	head = ux_flow_cache_at(c, s->entry[way]);
	head->id = *id;
	return head;
}

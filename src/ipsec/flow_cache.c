/* SPDX-License-Identifier: BSD-2-Clause */

/* Making room in a worker's cache of flows. */

#include "ipsec/flow_cache.h"

#include <errno.h>

#include "base/pages.h"

#define SETS_FIRST 256 /* in use at the beginning */

static size_t tags_len(const struct ux_flow_cache *c)
{
	return ((size_t)c->set_mask_max + 1) * UX_FLOW_WAYS * sizeof(*c->tags);
}

static size_t entries_len(const struct ux_flow_cache *c)
{
	return ((size_t)c->set_mask_max + 1) * UX_FLOW_WAYS * c->entry_size;
}

int ux_flow_cache_init(struct ux_flow_cache *c, size_t entry_size, size_t near_size, uint32_t max,
		       const uint64_t secret[2])
{
	uint32_t sets = 1;

	while (sets < (max + UX_FLOW_WAYS - 1) / UX_FLOW_WAYS)
		sets *= 2;
	*c = (struct ux_flow_cache){
	    .entry_size = entry_size,
	    .near_size = near_size,
	    .set_mask = (sets < SETS_FIRST ? sets : SETS_FIRST) - 1,
	    .set_mask_max = sets - 1,
	    .secret = {secret[0], secret[1]},
	};
	c->tags = ux_pages_map(tags_len(c));
	c->entries = ux_pages_map(entries_len(c));
	if (c->tags && c->entries)
		return 0;
	ux_flow_cache_fini(c);
	return -ENOMEM;
}

void ux_flow_cache_fini(struct ux_flow_cache *c)
{
	if (c->tags)
		ux_pages_unmap(c->tags, tags_len(c));
	if (c->entries)
		ux_pages_unmap(c->entries, entries_len(c));
	c->tags = NULL;
	c->entries = NULL;
}

/* Use twice as many sets. Half of what there is stands where it is looked for. */
static void grow(struct ux_flow_cache *c)
{
	c->displaced = 0;
	if (c->set_mask == c->set_mask_max)
		return;
	c->set_mask = c->set_mask * 2 + 1;
	if (entries_len(c) / (c->set_mask_max + 1) * (c->set_mask + 1) > UX_HUGE_PAGE * 4) {
		ux_pages_make_huge(c->tags, tags_len(c));
		ux_pages_make_huge(c->entries, entries_len(c));
	}
}

static uint32_t choose(struct ux_flow_cache *c, uint64_t hash)
{
	uint32_t first = ux_flow_cache_first(c, hash);

	for (uint32_t i = first; i < first + UX_FLOW_WAYS; i++)
		if (!c->tags[i])
			return i;
	if (++c->displaced > c->set_mask)
		grow(c);
	first = ux_flow_cache_first(c, hash);
	return first + c->next_way++ % UX_FLOW_WAYS;
}

void *ux_flow_cache_place(struct ux_flow_cache *c, uint64_t hash, const struct ux_flow_id *id)
{
	struct ux_flow_head *head = ux_flow_cache_find(c, hash, id);
	uint32_t i;

	if (head)
		return head;
	i = choose(c, hash);
	c->tags[i] = ux_flow_cache_tag(hash);
	head = ux_flow_cache_at(c, i);
	head->id = *id;
	return head;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A worker's memory of what look-ups gave it: entries of one size in sets of four, found by a hash.
 * What is in an entry is the caller's; the cache compares ids. When there is no room one displaces
 * another, and when that happens often more of the memory is used. It is reserved when the cache is
 * made and becomes real when it is touched, so nothing is allocated later and small tables stay
 * near.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "ipsec/flow_id.h"

#define UX_FLOW_WAYS 4

/* An entry begins with this. */
struct ux_flow_head {
	struct ux_flow_id id;
	uint64_t generation; /* core/generation.h; UX_GENERATION_NONE: nothing is here */
};

struct ux_flow_cache {
	uint32_t *tags; /* UX_FLOW_WAYS for each set; 0: free */
	uint8_t *entries;
	size_t entry_size; /* a multiple of 64 */
	size_t near_size;  /* so much of it is fetched ahead */
	uint32_t set_mask, set_mask_max;
	uint32_t displaced, next_way;
	uint64_t secret[2];
};

/* ux_flow_cache_init - for up to @max entries, rounded up. -ENOMEM. */
int ux_flow_cache_init(struct ux_flow_cache *c, size_t entry_size, size_t near_size, uint32_t max,
		       const uint64_t secret[2]);
void ux_flow_cache_fini(struct ux_flow_cache *c);

static inline uint32_t ux_flow_cache_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static inline uint32_t ux_flow_cache_first(const struct ux_flow_cache *c, uint64_t hash)
{
	return ((uint32_t)hash & c->set_mask) * UX_FLOW_WAYS;
}

static inline void *ux_flow_cache_at(const struct ux_flow_cache *c, uint32_t i)
{
	return c->entries + i * c->entry_size;
}

/* ux_flow_cache_prefetch_tags - first, and ux_flow_cache_prefetch when they are there. */
static inline void ux_flow_cache_prefetch_tags(const struct ux_flow_cache *c, uint64_t hash)
{
	__builtin_prefetch(&c->tags[ux_flow_cache_first(c, hash)]);
}

static inline void ux_flow_cache_prefetch(const struct ux_flow_cache *c, uint64_t hash)
{
	uint32_t first = ux_flow_cache_first(c, hash), tag = ux_flow_cache_tag(hash);

	for (uint32_t i = first; i < first + UX_FLOW_WAYS; i++)
		if (c->tags[i] == tag)
			for (size_t at = 0; at < c->near_size; at += 64)
				__builtin_prefetch((uint8_t *)ux_flow_cache_at(c, i) + at);
}

/* ux_flow_cache_find - the entry with this id, of whatever generation. NULL: none. */
static inline void *ux_flow_cache_find(const struct ux_flow_cache *c, uint64_t hash,
				       const struct ux_flow_id *id)
{
	uint32_t first = ux_flow_cache_first(c, hash), tag = ux_flow_cache_tag(hash);

	for (uint32_t i = first; i < first + UX_FLOW_WAYS; i++) {
		struct ux_flow_head *head = ux_flow_cache_at(c, i);

		if (c->tags[i] == tag && ux_flow_id_equal(&head->id, id))
			return head;
	}
	return NULL;
}

/*
 * Look-ups of the packets of a burst together: one's memory comes while another is looked at, and
 * packets that follow one of their own flow find what that one finds.
 */
struct ux_flow_lookup {
	size_t n;
	struct ux_flow_id id[UXFRM_BURST]; /* of those that were looked at */
	uint64_t hash[UXFRM_BURST]; /* of those that stand for themselves */
	uint8_t same[UXFRM_BURST];  /* the first of the same flow, in one stretch */
	void *found[UXFRM_BURST];   /* entries of whatever generation; NULL: none */
};

/* ux_flow_lookup_again - one more, of the flow of the one before. */
static inline void ux_flow_lookup_again(struct ux_flow_lookup *l)
{
	l->same[l->n] = l->same[l->n - 1];
	l->n++;
}

/* ux_flow_lookup_add - id[n] is written: one more. */
static inline void ux_flow_lookup_add(struct ux_flow_lookup *l, const struct ux_flow_cache *c)
{
	size_t i = l->n++;

	if (i && ux_flow_id_equal(&l->id[i], &l->id[l->same[i - 1]])) {
		l->same[i] = l->same[i - 1];
		return;
	}
	l->same[i] = (uint8_t)i;
	l->hash[i] = ux_flow_id_hash(&l->id[i], c->secret);
	ux_flow_cache_prefetch_tags(c, l->hash[i]);
}

/* ux_flow_lookup_all - found[] of all that were added. */
static inline void ux_flow_lookup_all(struct ux_flow_lookup *l, const struct ux_flow_cache *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->same[i] == i)
			ux_flow_cache_prefetch(c, l->hash[i]);
	for (size_t i = 0; i < l->n; i++)
		l->found[i] = l->same[i] == i ? ux_flow_cache_find(c, l->hash[i], &l->id[i])
					      : l->found[l->same[i]];
}

/*
 * ux_flow_cache_place - the entry for this id: the one that has it, a free one, or one that had
 * another. Its id is set, the rest is as it was. Entries found before may have become others.
 */
void *ux_flow_cache_place(struct ux_flow_cache *c, uint64_t hash, const struct ux_flow_id *id);

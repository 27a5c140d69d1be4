/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A worker's memory of what look-ups gave it: entries of one size, found by a hash. Sets of eight
 * say where the entries are, a cache line each; at most half of them is in use, so few sets
 * overflow, and in these one entry displaces another. Entries stand one after the other as they
 * were needed, so few flows are near each other. What is in an entry is the caller's; the cache
 * compares ids. All memory is reserved when the cache is made and becomes real when it is touched,
 * so nothing is allocated later.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <uxfrm/packet.h>

#include "ipsec/flow_id.h"

#define UX_FLOW_WAYS 8u

/* An entry begins with this. */
struct ux_flow_head {
	struct ux_flow_id id;
	uint64_t generation; /* core/generation.h; UX_GENERATION_NONE: nothing is here */
};

struct ux_flow_set {
	_Alignas(64) uint32_t tag[UX_FLOW_WAYS]; /* 0: the way is free */
	uint32_t entry[UX_FLOW_WAYS]; /* number + 1; 0: none. A free way may have one to spare */
};

struct ux_flow_cache {
	struct ux_flow_set *sets;
	uint8_t *entries;
	size_t entry_size; /* a multiple of 64 */
	size_t near_size;  /* so much of it is fetched ahead */
	uint32_t set_mask, set_mask_max;
	uint32_t n_entries, max_entries; /* that were given out */
	uint32_t next_way, next_entry;	 /* to be displaced */
	uint64_t secret[2];
};

/* ux_flow_cache_init - for up to @max entries, at least one. -ENOMEM. */
int ux_flow_cache_init(struct ux_flow_cache *c, size_t entry_size, size_t near_size, uint32_t max,
		       const uint64_t secret[2]);
void ux_flow_cache_fini(struct ux_flow_cache *c);

static inline uint32_t ux_flow_cache_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

static inline struct ux_flow_set *ux_flow_cache_set(const struct ux_flow_cache *c, uint64_t hash,
						    uint32_t mask)
{
	return &c->sets[(uint32_t)hash & mask];
}

/* ux_flow_set_match - the ways with this tag, as bits. */
static inline unsigned int ux_flow_set_match(const struct ux_flow_set *s, uint32_t tag)
{
#ifdef __SSE2__
	const __m128i *tags = (const void *)s->tag;
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i words = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128(tags), wanted),
					_mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted));

	return (unsigned int)_mm_movemask_epi8(_mm_packs_epi16(words, _mm_setzero_si128()));
#else
	unsigned int hits = 0;

	for (unsigned int way = 0; way < UX_FLOW_WAYS; way++)
		hits |= (unsigned int)(s->tag[way] == tag) << way;
	return hits;
#endif
}

static inline void *ux_flow_cache_at(const struct ux_flow_cache *c, uint32_t entry)
{
	return c->entries + (size_t)(entry - 1) * c->entry_size;
}

/* ux_flow_cache_prefetch_tags - first, and ux_flow_cache_prefetch when they are there. */
static inline void ux_flow_cache_prefetch_tags(const struct ux_flow_cache *c, uint64_t hash)
{
	__builtin_prefetch(ux_flow_cache_set(c, hash, c->set_mask));
}

static inline void ux_flow_cache_prefetch(const struct ux_flow_cache *c, uint64_t hash)
{
	const struct ux_flow_set *s = ux_flow_cache_set(c, hash, c->set_mask);
	unsigned int hits = ux_flow_set_match(s, ux_flow_cache_tag(hash));

	for (; hits; hits &= hits - 1)
		for (size_t at = 0; at < c->near_size; at += 64)
			__builtin_prefetch((uint8_t *)ux_flow_cache_at(
					       c, s->entry[__builtin_ctz(hits)]) +
					   at);
}

/* ux_flow_cache_find - the entry with this id, of whatever generation. NULL: none. */
static inline void *ux_flow_cache_find(const struct ux_flow_cache *c, uint64_t hash,
				       const struct ux_flow_id *id)
{
	const struct ux_flow_set *s = ux_flow_cache_set(c, hash, c->set_mask);
	unsigned int hits = ux_flow_set_match(s, ux_flow_cache_tag(hash));

	for (; hits; hits &= hits - 1) {
		struct ux_flow_head *head = ux_flow_cache_at(c, s->entry[__builtin_ctz(hits)]);

		if (ux_flow_id_equal(&head->id, id))
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

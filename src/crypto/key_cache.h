/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which place of a worker's bounded store holds which key: sets of eight ways, found by the id of
 * the transform. It holds no keys itself; a place is a number, the owner has an array. Ids are
 * never used twice, so an entry that nobody took out names nothing that could be asked for again.
 * One thread, but for the counters.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

#define UX_KEY_CACHE_WAYS 8u
#define UX_KEY_NOWHERE UINT32_MAX

struct ux_key_cache_set {
	_Alignas(64) uint64_t tag[UX_KEY_CACHE_WAYS]; /* 0: the way is empty */
	uint32_t last_use[UX_KEY_CACHE_WAYS];	      /* of now */
};

struct ux_key_cache {
	struct ux_key_cache_set *sets; /* in key memory */
	uint32_t n_sets;	       /* a power of two */
	uint8_t shift;		       /* 64 less the logarithm of n_sets */
	uint32_t now;		       /* counts bursts */
	uint32_t n_refused;	       /* offers */

	/* of all caches of a kind, for whoever counts them */
	struct ux_list all;
	unsigned int kind;
	_Atomic(uint64_t) hits, misses; /* finds; written by the owner alone */
	_Atomic(uint32_t) n_used;
};

/* Sums over all caches of a kind. */
struct ux_key_cache_counts {
	uint64_t hits, misses;
	uint32_t used, places, n_caches;
};
#define UX_KEY_CACHE_KINDS 2
/* ux_key_cache_count - caches that are gone count with their hits and misses. Any thread. */
struct ux_key_cache_counts ux_key_cache_count(unsigned int kind);

/* ux_key_cache_init - room for @n_places, rounded up to a power of two from 16 on. False without
 * memory. @kind, below UX_KEY_CACHE_KINDS: what it is counted with. */
bool ux_key_cache_init(struct ux_key_cache *c, uint32_t n_places, unsigned int kind);
/* ux_key_cache_fini - also when it was all zero. */
void ux_key_cache_fini(struct ux_key_cache *c);
uint32_t ux_key_cache_places(const struct ux_key_cache *c);

/*
 * ux_key_cache_take - a place for @tag: an empty one of its set, or that of the one not used for
 * longest, who loses it; but not if this burst uses all of the set. *@ret_former: it had an owner.
 */
uint32_t ux_key_cache_take(struct ux_key_cache *c, uint64_t tag, bool *ret_former);
/*
 * ux_key_cache_offer - as take, but only now and then from an owner. Where there are more keys than
 * places, one that comes is as likely to be asked for again as the one that would go for it.
 */
uint32_t ux_key_cache_offer(struct ux_key_cache *c, uint64_t tag);
/* ux_key_cache_drop - the place that was @tag's, which is empty now; UX_KEY_NOWHERE if it had none.
 */
uint32_t ux_key_cache_drop(struct ux_key_cache *c, uint64_t tag);
/* ux_key_cache_clear - all places are empty. */
void ux_key_cache_clear(struct ux_key_cache *c);
/* ux_key_cache_is_used - has @place an owner? */
bool ux_key_cache_is_used(const struct ux_key_cache *c, uint32_t place);

/* ux_key_cache_begin - a new burst: what was found before may be taken again. */
static inline void ux_key_cache_begin(struct ux_key_cache *c)
{
	c->now++;
}

static inline struct ux_key_cache_set *ux_key_cache_set_of(const struct ux_key_cache *c,
							   uint64_t tag)
{
	/* Ids come one after the other; the golden ratio spreads any arithmetic series of them. */
	return &c->sets[(tag * 0x9e3779b97f4a7c15u) >> c->shift];
}

static inline void ux_key_cache_prefetch(const struct ux_key_cache *c, uint64_t tag)
{
	const struct ux_key_cache_set *s = ux_key_cache_set_of(c, tag);

	__builtin_prefetch(s->tag);
	__builtin_prefetch(s->last_use, 1);
}

static inline void ux_key_cache_bump(_Atomic(uint64_t) *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* ux_key_cache_probe - as find, not counted. */
static inline uint32_t ux_key_cache_probe(struct ux_key_cache *c, uint64_t tag)
{
	struct ux_key_cache_set *s = ux_key_cache_set_of(c, tag);
	unsigned int hits = 0;

	for (unsigned int way = 0; way < UX_KEY_CACHE_WAYS; way++)
		hits |= (unsigned int)(s->tag[way] == tag) << way;
	if (!hits)
		return UX_KEY_NOWHERE;

	unsigned int way = (unsigned int)__builtin_ctz(hits);

	s->last_use[way] = c->now;
	return (uint32_t)(s - c->sets) * UX_KEY_CACHE_WAYS + way;
}

/* ux_key_cache_find - the place of @tag, which keeps it for this burst, or UX_KEY_NOWHERE. */
static inline uint32_t ux_key_cache_find(struct ux_key_cache *c, uint64_t tag)
{
	uint32_t place = ux_key_cache_probe(c, tag);

	ux_key_cache_bump(place == UX_KEY_NOWHERE ? &c->misses : &c->hits);
	return place;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* A table of sets of two; what has been looked up last is tried first. */

#include "io/ways.h"

#include <stdlib.h>
#include <string.h>

/* A route or a neighbour may change without our hearing of it; the kernel looks after neighbours
 * that are in use about as often. */
#define KNOWN_NS 1000000000ull
/* A neighbour answers soon, if it does. */
#define UNRESOLVED_NS 20000000ull

struct ux_ways *ux_ways_new(ux_ways_ask ask, void *opaque)
{
	struct ux_ways *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->ask = ask;
	w->opaque = opaque;
	w->last = &w->table[0][0];
	atomic_init(&w->generation, 1);
	ux_siphash_random_key(&w->key);
	return w;
}

struct ux_ways *ux_ways_free(struct ux_ways *w)
{
	free(w);
	return NULL;
}

void ux_ways_forget(struct ux_ways *w)
{
	/* 0 is for empty entries. */
	if (atomic_fetch_add_explicit(&w->generation, 1, memory_order_release) == UINT32_MAX)
		atomic_fetch_add_explicit(&w->generation, 1, memory_order_release);
}

void ux_ways_begin(struct ux_ways *w, uint64_t now_ns)
{
	w->seen = atomic_load_explicit(&w->generation, memory_order_acquire);
	w->asked = 0;
	w->now_ns = now_ns;
}

static bool is_of(const struct ux_known_way *known, const struct ux_way *way)
{
	return memcmp(&known->way, way, sizeof(*way)) == 0;
}

static bool holds(const struct ux_ways *w, const struct ux_known_way *known)
{
	return known->generation && known->generation == w->seen && w->now_ns < known->until_ns;
}

/* Its entry, or the one it is to take the place of: an outdated one, else the one that ends first.
 */
static struct ux_known_way *place(struct ux_ways *w, const struct ux_way *way)
{
	struct ux_known_way *set =
	    w->table[ux_siphash(&w->key, way, sizeof(*way)) % UX_WAYS_SETS];
	struct ux_known_way *victim = &set[0];

	for (int i = 0; i < UX_WAYS_PER_SET; i++) {
		if (set[i].generation && is_of(&set[i], way))
			return &set[i];
	}
	for (int i = 1; i < UX_WAYS_PER_SET; i++) {
		if (holds(w, victim) &&
		    (!holds(w, &set[i]) || set[i].until_ns < victim->until_ns))
			victim = &set[i];
	}
	return victim;
}

const struct ux_known_way *ux_ways_find(struct ux_ways *w, const struct ux_way *way)
{
	struct ux_known_way *known = w->last;

	if (holds(w, known) && is_of(known, way))
		return known;
	known = place(w, way);
	if (!holds(w, known) || !is_of(known, way)) {
		if (w->asked++ >= UX_WAYS_ASK_MAX)
			return NULL;
		known->way = *way;
		known->generation = w->seen;
		known->hop = (struct ux_next_hop){0};
		known->kind = w->ask(w->opaque, way, &known->hop);
		known->until_ns =
		    w->now_ns + (known->kind == UX_HOP_UNRESOLVED ? UNRESOLVED_NS : KNOWN_NS);
	}
	w->last = known;
	return known;
}

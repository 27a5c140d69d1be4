/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/key_cache.h"

#include <pthread.h>
#include <string.h>

#include "crypto/key_memory.h"

#define OFFERS_TAKEN 16u /* of so many, one */

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ux_list all = {&all, &all};			   /* under all_lock */
static struct ux_key_cache_counts of_the_gone[UX_KEY_CACHE_KINDS]; /* under all_lock */

bool ux_key_cache_init(struct ux_key_cache *c, uint32_t n_places, unsigned int kind)
{
	*c = (struct ux_key_cache){.n_sets = 2, .shift = 63, .kind = kind};
	while (c->n_sets * UX_KEY_CACHE_WAYS < n_places) {
		c->n_sets *= 2;
		c->shift--;
	}
	c->sets = ux_key_alloc(c->n_sets * sizeof(*c->sets));
	if (!c->sets)
		return false;
	pthread_mutex_lock(&all_lock);
	ux_list_push_back(&all, &c->all);
	pthread_mutex_unlock(&all_lock);
	return true;
}

static void add_work(struct ux_key_cache_counts *sum, const struct ux_key_cache *c)
{
	sum->hits += atomic_load_explicit(&c->hits, memory_order_relaxed);
	sum->misses += atomic_load_explicit(&c->misses, memory_order_relaxed);
}

void ux_key_cache_fini(struct ux_key_cache *c)
{
	if (!c->sets)
		return;
	pthread_mutex_lock(&all_lock);
	add_work(&of_the_gone[c->kind], c);
	ux_list_remove(&c->all);
	pthread_mutex_unlock(&all_lock);
	ux_key_free(c->sets, c->n_sets * sizeof(*c->sets));
	c->sets = NULL;
}

struct ux_key_cache_counts ux_key_cache_count(unsigned int kind)
{
	struct ux_key_cache_counts sum;
	struct ux_list *pos;

	pthread_mutex_lock(&all_lock);
	sum = of_the_gone[kind];
	ux_list_for_each (pos, &all) {
		const struct ux_key_cache *c = ux_container_of(pos, struct ux_key_cache, all);

		if (c->kind != kind)
			continue;
		add_work(&sum, c);
		sum.used += atomic_load_explicit(&c->n_used, memory_order_relaxed);
		sum.places += ux_key_cache_places(c);
		sum.n_caches++;
	}
	pthread_mutex_unlock(&all_lock);
	return sum;
}

static void change_used(struct ux_key_cache *c, int by)
{
	uint32_t n = atomic_load_explicit(&c->n_used, memory_order_relaxed) + (uint32_t)by;

	atomic_store_explicit(&c->n_used, n, memory_order_relaxed);
}

uint32_t ux_key_cache_places(const struct ux_key_cache *c)
{
	return c->n_sets * UX_KEY_CACHE_WAYS;
}

/* An empty way, else the one not used for longest, if it is not used by this burst. */
static unsigned int choose_way(const struct ux_key_cache *c, const struct ux_key_cache_set *s)
{
	unsigned int best = 0;

	for (unsigned int way = 0; way < UX_KEY_CACHE_WAYS; way++) {
		if (!s->tag[way])
			return way;
		if (c->now - s->last_use[way] > c->now - s->last_use[best])
			best = way;
	}
	return s->last_use[best] == c->now ? UX_KEY_CACHE_WAYS : best;
}

static uint32_t give(struct ux_key_cache *c, struct ux_key_cache_set *s, unsigned int way,
		     uint64_t tag)
{
	change_used(c, s->tag[way] == 0);
	s->tag[way] = tag;
	s->last_use[way] = c->now;
	return (uint32_t)(s - c->sets) * UX_KEY_CACHE_WAYS + way;
}

uint32_t ux_key_cache_take(struct ux_key_cache *c, uint64_t tag, bool *ret_former)
{
	struct ux_key_cache_set *s = ux_key_cache_set_of(c, tag);
	unsigned int way = choose_way(c, s);

	if (way == UX_KEY_CACHE_WAYS)
		return UX_KEY_NOWHERE;
	*ret_former = s->tag[way] != 0;
	return give(c, s, way, tag);
}

uint32_t ux_key_cache_offer(struct ux_key_cache *c, uint64_t tag)
{
	struct ux_key_cache_set *s = ux_key_cache_set_of(c, tag);
	unsigned int way = choose_way(c, s);

	if (way == UX_KEY_CACHE_WAYS || (s->tag[way] && ++c->n_refused % OFFERS_TAKEN))
		return UX_KEY_NOWHERE;
	return give(c, s, way, tag);
}

uint32_t ux_key_cache_drop(struct ux_key_cache *c, uint64_t tag)
{
	struct ux_key_cache_set *s = ux_key_cache_set_of(c, tag);

	for (unsigned int way = 0; way < UX_KEY_CACHE_WAYS; way++) {
		if (s->tag[way] != tag)
			continue;
		s->tag[way] = 0;
		change_used(c, -1);
		return (uint32_t)(s - c->sets) * UX_KEY_CACHE_WAYS + way;
	}
	return UX_KEY_NOWHERE;
}

void ux_key_cache_clear(struct ux_key_cache *c)
{
	memset(c->sets, 0, c->n_sets * sizeof(*c->sets));
	atomic_store_explicit(&c->n_used, 0, memory_order_relaxed);
}

bool ux_key_cache_is_used(const struct ux_key_cache *c, uint32_t place)
{
	return c->sets[place / UX_KEY_CACHE_WAYS].tag[place % UX_KEY_CACHE_WAYS] != 0;
}

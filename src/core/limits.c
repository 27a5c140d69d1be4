/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/siphash.h"

struct ux_limits_set {
	struct ux_limits limits; /* const */
	struct ux_limits_pool *pool;
	uint64_t hash;
	uint32_t refs;
};

static struct ux_limits_set *set_of(const struct ux_limits *limits)
{
	return ux_container_of((void *)(uintptr_t)limits, struct ux_limits_set, limits);
}

static bool has_values(const void *set, const void *values)
{
	return memcmp(&((const struct ux_limits_set *)set)->limits, values,
		      sizeof(struct ux_limits)) == 0;
}

int ux_limits_init(struct ux_limits_pool *pool)
{
	ux_siphash_random_key(&pool->key);
	pool->latest = NULL;
	return ux_sa_table_init(&pool->sets);
}

void ux_limits_fini(struct ux_limits_pool *pool)
{
	ux_sa_table_fini(&pool->sets);
}

static struct ux_limits_set *set_new(struct ux_limits_pool *pool, const struct ux_limits *values,
				     uint64_t hash)
{
	struct ux_limits_set *set;

	if (ux_sa_table_reserve(&pool->sets, 1, NULL) < 0)
		return NULL;
	set = malloc(sizeof(*set));
	if (!set)
		return NULL;
	*set = (struct ux_limits_set){.limits = *values, .pool = pool, .hash = hash};
	ux_sa_table_set(&pool->sets, hash, has_values, values, set);
	return set;
}

const struct ux_limits *ux_limits_hold(struct ux_limits_pool *pool, const struct ux_limits *values)
{
	struct ux_limits_set *set;
	uint64_t hash;

	if (pool->latest && memcmp(pool->latest, values, sizeof(*values)) == 0) {
		set_of(pool->latest)->refs++;
		return pool->latest;
	}
	hash = ux_siphash(&pool->key, values, sizeof(*values));
	set = ux_sa_table_find(&pool->sets, hash, has_values, values);
	if (!set)
		set = set_new(pool, values, hash);
	if (!set)
		return NULL;
	set->refs++;
	pool->latest = &set->limits;
	return &set->limits;
}

void ux_limits_release(const struct ux_limits *limits)
{
	struct ux_limits_set *set;

	if (!limits)
		return;
	set = set_of(limits);
	if (--set->refs)
		return;
	if (set->pool->latest == limits)
		set->pool->latest = NULL;
	ux_sa_table_set(&set->pool->sets, set->hash, has_values, limits, NULL);
	free(set);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

struct ux_shared {
	struct ux_shared_pool *pool;
	uint64_t hash;
	size_t len;
	size_t refs;
	_Alignas(8) unsigned char value[]; /* const */
};

struct bytes {
	const void *at;
	size_t len;
};

static struct ux_shared *shared_of(const void *value)
{
	return ux_container_of((void *)(uintptr_t)value, struct ux_shared, value);
}

static bool has_bytes(const void *shared, const void *bytes)
{
	const struct ux_shared *s = shared;
	const struct bytes *b = bytes;

	return s->len == b->len && memcmp(s->value, b->at, b->len) == 0;
}

int ux_shared_init(struct ux_shared_pool *pool)
{
	ux_siphash_random_key(&pool->key);
	pool->latest = NULL;
	pool->n = 0;
	return ux_sa_table_init(&pool->values);
}

void ux_shared_fini(struct ux_shared_pool *pool)
{
	ux_sa_table_fini(&pool->values);
}

static struct ux_shared *shared_new(struct ux_shared_pool *pool, const struct bytes *bytes,
				    uint64_t hash)
{
	struct ux_shared *s;

	if (ux_sa_table_reserve(&pool->values, 1, NULL) < 0)
		return NULL;
	s = malloc(sizeof(*s) + bytes->len);
	if (!s)
		return NULL;
	*s = (struct ux_shared){.pool = pool, .hash = hash, .len = bytes->len};
	memcpy(s->value, bytes->at, bytes->len);
	ux_sa_table_set(&pool->values, hash, has_bytes, bytes, s);
	pool->n++;
	return s;
}

const void *ux_shared_hold(struct ux_shared_pool *pool, const void *value, size_t len)
{
	const struct bytes bytes = {value, len};
	struct ux_shared *s = pool->latest ? shared_of(pool->latest) : NULL;

	if (!s || !has_bytes(s, &bytes)) {
		uint64_t hash = ux_siphash(&pool->key, value, len);

		s = ux_sa_table_find(&pool->values, hash, has_bytes, &bytes);
		if (!s)
			s = shared_new(pool, &bytes, hash);
	}
	if (!s)
		return NULL;
	s->refs++;
	pool->latest = s->value;
	return s->value;
}

const void *ux_shared_hold_again(const void *value)
{
	if (value)
		shared_of(value)->refs++;
	return value;
}

void ux_shared_release(const void *value)
{
	struct ux_shared *s;

	if (!value)
		return;
	s = shared_of(value);
	if (--s->refs)
		return;
	if (s->pool->latest == value)
		s->pool->latest = NULL;
	ux_sa_table_set(&s->pool->values, s->hash, has_bytes, &(struct bytes){value, s->len}, NULL);
	s->pool->n--;
	free(s);
}

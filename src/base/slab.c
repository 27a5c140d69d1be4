/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/pages.h"

#define CHUNK_SIZE UX_HUGE_PAGE
#define SMALL_CHUNKS 4 /* the first ones, which have small pages */
#define LINE UX_SLAB_LINE

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FROM_HEAP 1
#endif
#endif
#ifndef FROM_HEAP
#define FROM_HEAP 0
#endif

/* In the first line of its chunk. */
struct ux_slab_chunk {
	struct ux_slab_chunk *next;
	struct ux_slab *slab;
};

void ux_slab_init(struct ux_slab *s, size_t object_size)
{
	*s = (struct ux_slab)UX_SLAB_OF(object_size);
}

void ux_slab_fini(struct ux_slab *s)
{
	struct ux_slab_chunk *c = s->chunks;

	while (c) {
		struct ux_slab_chunk *next = c->next;

		ux_pages_unmap(c, CHUNK_SIZE);
		c = next;
	}
	ux_slab_init(s, s->object_size);
}

static size_t objects_per_chunk(const struct ux_slab *s)
{
	return (CHUNK_SIZE - LINE) / s->object_size;
}

/* The object that will be asked for next: fetched while this one is put to use. */
static void prefetch_object(const struct ux_slab *s, const char *object)
{
	for (size_t at = 0; at < s->object_size; at += LINE)
		__builtin_prefetch(object + at, 1);
}

static bool add_chunk(struct ux_slab *s)
{
	struct ux_slab_chunk *c = ux_pages_map(CHUNK_SIZE);

	if (!c)
		return false;
	/* a few objects would not fill a huge page, and with more than that its rest is little */
	if (s->n_chunks++ >= SMALL_CHUNKS)
		ux_pages_make_huge(c, CHUNK_SIZE);
	c->next = s->chunks;
	c->slab = s;
	s->chunks = c;
	s->chunk_left = objects_per_chunk(s);
	return true;
}

static void *carve(struct ux_slab *s)
{
	if (!s->chunk_left && !add_chunk(s))
		return NULL;

	size_t i = objects_per_chunk(s) - s->chunk_left--;
	char *object = (char *)s->chunks + LINE + i * s->object_size;

	if (s->chunk_left)
		prefetch_object(s, object + s->object_size);
	return object;
}

void *ux_slab_get(struct ux_slab *s)
{
	if (FROM_HEAP)
		return aligned_alloc(LINE, (s->object_size + LINE - 1) / LINE * LINE);

	void *object = s->free_objects;

	if (!object)
		return carve(s);
	s->free_objects = *(void **)object;
	if (s->free_objects)
		prefetch_object(s, s->free_objects);
	return object;
}

void ux_slab_put(struct ux_slab *s, void *object)
{
	if (FROM_HEAP) {
		free(object);
		return;
	}
	*(void **)object = s->free_objects;
	s->free_objects = object;
}

void ux_slab_return(void *object)
{
	if (FROM_HEAP) {
		free(object);
		return;
	}

	/* a chunk begins where a huge page can */
	struct ux_slab_chunk *c = (void *)((uintptr_t)object & ~(CHUNK_SIZE - 1));

	ux_slab_put(c->slab, object);
}

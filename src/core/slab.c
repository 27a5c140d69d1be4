/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_SIZE ((size_t)2 << 20) /* one huge page */
#define LINE 64

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
};

void ux_slab_init(struct ux_slab *s, size_t object_size)
{
	s->object_size = (object_size + LINE - 1) / LINE * LINE;
	s->free_objects = NULL;
	s->chunks = NULL;
	s->chunk_left = 0;
}

void ux_slab_fini(struct ux_slab *s)
{
	struct ux_slab_chunk *c = s->chunks;

	while (c) {
		struct ux_slab_chunk *next = c->next;

		munmap(c, CHUNK_SIZE);
		c = next;
	}
	ux_slab_init(s, s->object_size);
}

static size_t objects_per_chunk(const struct ux_slab *s)
{
	return (CHUNK_SIZE - LINE) / s->object_size;
}

/* A chunk aligned to its size: what sticks out of a mapping of twice the size is given back. */
static struct ux_slab_chunk *chunk_new(void)
{
	size_t size = 2 * CHUNK_SIZE;
	char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;

	size_t skip = -(uintptr_t)mapping & (CHUNK_SIZE - 1);

	if (skip)
		munmap(mapping, skip);
	munmap(mapping + skip + CHUNK_SIZE, CHUNK_SIZE - skip);

	struct ux_slab_chunk *c = (void *)(mapping + skip);

	return c;
}

static void *carve(struct ux_slab *s)
{
	if (!s->chunk_left) {
		struct ux_slab_chunk *c = chunk_new();

		if (!c)
			return NULL;
		/* the first chunk keeps small pages: an engine with a handful of SAs stays small */
		if (s->chunks)
			(void)madvise(c, CHUNK_SIZE, MADV_HUGEPAGE);
		c->next = s->chunks;
		s->chunks = c;
		s->chunk_left = objects_per_chunk(s);
	}

	size_t i = objects_per_chunk(s) - s->chunk_left--;

	return (char *)s->chunks + LINE + i * s->object_size;
}

/* The object that will be asked for next: fetched while this one is put to use. */
static void prefetch_object(const struct ux_slab *s, const char *object)
{
	for (size_t at = 0; at < s->object_size; at += LINE)
		__builtin_prefetch(object + at, 1);
}

void *ux_slab_get(struct ux_slab *s)
{
	if (FROM_HEAP)
		return aligned_alloc(LINE, s->object_size);

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

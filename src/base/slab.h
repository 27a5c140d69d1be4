/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Memory for many objects of one size, such as SAs: carved from large chunks with huge pages, so
 * that a million of them cost few address translations. Chunks are returned when the slab ends, not
 * before. Under a sanitizer every object comes from the heap, so that misuse is found. One
 * thread at a time.
 */

#include <stddef.h>

struct ux_slab {
	size_t object_size; /* 32 or a multiple of 64 */
	void *free_objects; /* singly linked through their first word */
	struct ux_slab_chunk *chunks;
	size_t n_chunks;
	size_t chunk_left; /* objects not yet carved from the newest chunk */
};

#define UX_SLAB_LINE 64
/* UX_SLAB_OF - what a slab of static storage is initialised with; as ux_slab_init. */
#define UX_SLAB_SIZE(size)                             \
	((size) <= UX_SLAB_LINE / 2 ? UX_SLAB_LINE / 2 \
				    : ((size) + UX_SLAB_LINE - 1) / UX_SLAB_LINE * UX_SLAB_LINE)
#define UX_SLAB_OF(size) {.object_size = UX_SLAB_SIZE(size)}
void ux_slab_init(struct ux_slab *s, size_t object_size);
void ux_slab_fini(struct ux_slab *s); /* all objects must have been returned */
/* ux_slab_get - not zeroed, aligned to 64 or, of 32, to 32; NULL without memory. */
void *ux_slab_get(struct ux_slab *s);
void ux_slab_put(struct ux_slab *s, void *object);
/* ux_slab_return - the same for one who does not know where the object came from. */
void ux_slab_return(void *object);

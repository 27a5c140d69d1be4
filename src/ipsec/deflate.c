/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipsec/deflate.h"

#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

/* Linux's parameters: others could read what it writes, and it must be able to read ours. */
#define WINDOW_BITS 11
#define MEMORY_LEVEL 8
/* zlib gets its memory here, at the start; inflate would ask for its window later on. */
#define ARENA_SIZE (1u << 19)

struct ux_deflate {
	z_stream packing, unpacking;
	size_t used; /* of the arena */
	uint8_t out[UX_DEFLATE_MAX];
	_Alignas(16) uint8_t arena[ARENA_SIZE];
};

static void *arena_get(void *opaque, unsigned int n, unsigned int size)
{
	struct ux_deflate *d = opaque;
	size_t bytes = ((size_t)n * size + 15) & ~(size_t)15;
	void *at = d->arena + d->used;

	if (bytes > sizeof(d->arena) - d->used)
		return NULL;
	d->used += bytes;
	return at;
}

static void arena_put(void *opaque, void *address)
{
}

struct ux_deflate *ux_deflate_new(void)
{
	struct ux_deflate *d = aligned_alloc(16, (sizeof(*d) + 15) / 16 * 16);

	if (!d)
		return NULL;
	d->used = 0;
	d->packing = (z_stream){.zalloc = arena_get, .zfree = arena_put, .opaque = d};
	d->unpacking = d->packing;
	if (deflateInit2(&d->packing, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK ||
	    inflateInit2(&d->unpacking, -MAX_WBITS) != Z_OK)
		return ux_deflate_free(d);
	return d;
}

struct ux_deflate *ux_deflate_free(struct ux_deflate *d)
{
	free(d);
	return NULL;
}

uint32_t ux_deflate_pack(struct ux_deflate *d, const uint8_t *data, uint32_t len, uint32_t max,
			 const uint8_t **ret_at)
{
	z_stream *z = &d->packing;

	if (max < 2 || max > sizeof(d->out) || deflateReset(z) != Z_OK)
		return 0;
	z->next_in = data;
	z->avail_in = len;
	z->next_out = d->out;
	z->avail_out = max - 1;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return 0;
	*ret_at = d->out;
	return (uint32_t)z->total_out;
}

uint32_t ux_deflate_unpack(struct ux_deflate *d, const uint8_t *data, uint32_t len,
			   const uint8_t **ret_at)
{
	z_stream *z = &d->unpacking;

	if (inflateReset(z) != Z_OK)
		return 0;
	z->next_in = data;
	z->avail_in = len;
	z->next_out = d->out;
	z->avail_out = sizeof(d->out);
	if (inflate(z, Z_FINISH) != Z_STREAM_END)
		return 0;
	*ret_at = d->out;
	return (uint32_t)z->total_out;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Unaligned loads and stores, big-endian where the name says so, and integer helpers. */

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t ux_get_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t ux_get_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t ux_get_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void ux_put_be16(void *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void ux_put_be32(void *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void ux_put_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

/* ux_round_up - the least multiple of @align (a power of two) that is not below @n. */
static inline uint32_t ux_round_up(uint32_t n, uint32_t align)
{
	return (n + align - 1) & ~(align - 1);
}

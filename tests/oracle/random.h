/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Numbers that a seed decides, and choices by them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_u64(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint32_t rng_u32(struct rng *r)
{
	return (uint32_t)(rng_u64(r) >> 32);
}

/* 0 to n - 1 */
static inline uint32_t below(struct rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rng_u32(r) * n >> 32);
}

/* in @percent of all cases */
static inline bool chance(struct rng *r, uint32_t percent)
{
	return below(r, 100) < percent;
}

/* in @n of a thousand */
static inline bool seldom(struct rng *r, uint32_t n)
{
	return below(r, 1000) < n;
}

/* ONE_OF(r, 1, 2, 3) - one of these 64-bit numbers */
#define ONE_OF(r, ...)                               \
	one_of((r), (const uint64_t[]){__VA_ARGS__}, \
	       sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
static inline uint64_t one_of(struct rng *r, const uint64_t *values, size_t n)
{
	return values[below(r, (uint32_t)n)];
}

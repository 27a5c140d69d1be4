/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The two clocks the engine is told, and cheap ones, some milliseconds behind, for workers. */

#include <stdint.h>
#include <time.h>

static inline uint64_t ux_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t ux_real_s(void)
{
	return (uint64_t)time(NULL);
}

static inline uint64_t ux_coarse_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t ux_coarse_real_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Workers remember what look-ups gave them (ipsec/flow_cache.h), each answer with the generation of
 * the databases it is of. The control thread moves the generation after each change that could make
 * an answer another one: SAs, policies, gaps, limits, local addresses, interfaces.
 *
 * A worker reads the generation inside its read section, before it looks anything up. What it has
 * remembered under that very generation is right, or became wrong after the section began, and what
 * was taken out of sight since is not freed before the section ends.
 */

#include <stdatomic.h>
#include <stdint.h>

#define UX_GENERATION_NONE UINT64_C(0) /* of no answer */

struct ux_generation {
	_Atomic(uint64_t) n; /* control thread writes, workers read */
};

static inline void ux_generation_init(struct ux_generation *g)
{
	atomic_init(&g->n, UX_GENERATION_NONE + 1);
}

/* ux_generation_move - behind the change. Control thread. */
static inline void ux_generation_move(struct ux_generation *g)
{
	uint64_t n = atomic_load_explicit(&g->n, memory_order_relaxed);

	atomic_store_explicit(&g->n, n + 1, memory_order_release);
}

static inline uint64_t ux_generation_now(const struct ux_generation *g)
{
	return atomic_load_explicit(&g->n, memory_order_acquire);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Lifetime limits (RFC 4301 section 4.4.2.1), each set of values once: nearly all SAs of a gateway
 * have the same, often none, so an SA holds a pointer, and workers look at one place for all of
 * them.
 *
 * Control thread; a set is constant and stays until the last who held it has released it.
 */

#include <stdint.h>

#include "base/siphash.h"
#include "core/sa_table.h"

#define UX_LIMIT_INFINITE UINT64_MAX

/* Soft and hard limits: bytes, packets, seconds since added, seconds since first use. 0 seconds =
 * none. */
struct ux_limits {
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
	uint64_t soft_add_s, hard_add_s, soft_use_s, hard_use_s;
};

struct ux_limits_pool {
	struct ux_siphash_key key;
	struct ux_sa_table sets; /* of struct ux_limits_set; no readers beside the control thread */
	const struct ux_limits *latest; /* the one held last, most likely the next; or NULL */
};

int ux_limits_init(struct ux_limits_pool *pool) UX_MUST_CHECK;
void ux_limits_fini(struct ux_limits_pool *pool); /* all must have been released */

/* ux_limits_hold - the set with these values. NULL: no memory. */
const struct ux_limits *ux_limits_hold(struct ux_limits_pool *pool, const struct ux_limits *values);
/* ux_limits_release - after the last reader who came by this holder is gone. NULL is fine. */
void ux_limits_release(const struct ux_limits *limits);

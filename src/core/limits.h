/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Lifetime limits (RFC 4301 section 4.4.2.1), each set of values once (core/shared.h): nearly all
 * SAs of a gateway have the same, often none, so an SA holds a pointer, and workers look at one
 * place for all of them.
 */

#include <stdint.h>

#include "core/shared.h"

#define UX_LIMIT_INFINITE UINT64_MAX

/* Soft and hard limits: bytes, packets, seconds since added, seconds since first use. 0 seconds =
 * none. */
struct ux_limits {
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
	uint64_t soft_add_s, hard_add_s, soft_use_s, hard_use_s;
};

/* ux_limits_hold - the set with these values; given back by ux_shared_release. NULL: no memory. */
static inline const struct ux_limits *ux_limits_hold(struct ux_shared_pool *pool,
						     const struct ux_limits *values)
{
	return ux_shared_hold(pool, values, sizeof(*values));
}

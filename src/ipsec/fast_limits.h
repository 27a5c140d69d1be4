/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Limits on the short way: while an SA is away from all of them nothing is to be done about them.
 */

#include "core/limits.h"
#include "ipsec/fast_flows.h"

/* ux_fast_limits_of - up to where. A soft limit that was reached is behind it. */
static inline struct ux_fast_limits ux_fast_limits_of(const struct ux_sa *sa, uint64_t now_s)
{
	const struct ux_limits *l = ux_sa_limits(sa->runtime);
	bool dying = atomic_load_explicit(&sa->dying, memory_order_relaxed);
	uint64_t added = atomic_load_explicit(&sa->runtime->add_time_s, memory_order_relaxed);
	uint64_t used = atomic_load_explicit(&sa->runtime->use_time_s, memory_order_relaxed);
	struct ux_fast_limits f = {l->hard_bytes, l->hard_packets, UX_FAST_EXPIRES_NEVER};

	if (!dying && l->soft_bytes < f.bytes)
		f.bytes = l->soft_bytes;
	if (!dying && l->soft_packets < f.packets)
		f.packets = l->soft_packets;
	if (l->hard_add_s)
		f.expires_s = added + l->hard_add_s;
	if (l->hard_use_s && (used ? used : now_s) + l->hard_use_s < f.expires_s)
		f.expires_s = (used ? used : now_s) + l->hard_use_s;
	return f;
}

/* What other workers may have taken and not counted yet: a burst each. */
#define UX_FAST_OTHERS_PACKETS (16 * UXFRM_BURST)
#define UX_FAST_OTHERS_BYTES (UX_FAST_OTHERS_PACKETS * UINT64_C(2048))

/* ux_fast_limits_far - would it be below all of them with so much more, here and by others? Nearer
 * to them packets go the general way, which counts before it lets pass. */
static inline bool ux_fast_limits_far(const struct ux_fast_limits *f,
				      const struct ux_sa_runtime *rt, uint64_t bytes, uint32_t n,
				      uint64_t now_s)
{
	uint64_t has = atomic_load_explicit(&rt->bytes, memory_order_relaxed);
	uint64_t packets = atomic_load_explicit(&rt->packets, memory_order_relaxed);

	return has + bytes + UX_FAST_OTHERS_BYTES < f->bytes &&
	       packets + n + UX_FAST_OTHERS_PACKETS < f->packets && now_s < f->expires_s;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Packets that wait (UXFRM_HOLD), in the order they came. Of those that share a key (an SA's SPI, a
 * template's reqid) so many bytes at most, and a limit for all together. One thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/ext_ack.h"
#include "base/list.h"
#include "io/port.h"

#define UX_HELD_KEYS 256

struct ux_held {
	struct ux_list list;
	uint64_t earliest_ns; /* no deadline is before this; UINT64_MAX: nothing waits */
	uint32_t n;
	uint32_t bytes_each, bytes_max, bytes;
	uint32_t bytes_of[UX_HELD_KEYS]; /* by the low bits of the key */
};

/* One of them. */
struct ux_held_packet {
	struct ux_list link;
	uint64_t deadline_ns;
	uint32_t key, mark, if_id, len;
	int32_t ifindex;
	enum ux_port_side side; /* it came from */
	uint8_t data[];
};

void ux_held_init(struct ux_held *h, uint32_t bytes_each);
void ux_held_fini(struct ux_held *h);

/* ux_held_add - keep a copy of @p behind the others. @deadline_ns 0: p->hold_ms from now. False: no
 * room.
 */
bool ux_held_add(struct ux_held *h, const struct uxfrm_packet *p, enum ux_port_side side,
		 uint64_t now_ns, uint64_t deadline_ns) UX_MUST_CHECK;
/* ux_held_take - the first, owned by the caller (free), or NULL. */
struct ux_held_packet *ux_held_take(struct ux_held *h);
/* ux_held_put - the packet as a port would have received it. @p has room for any. */
void ux_held_put(const struct ux_held_packet *held, struct uxfrm_packet *p);

static inline bool ux_held_any(const struct ux_held *h)
{
	return !ux_list_empty(&h->list);
}
/* ux_held_first - it stays in the queue; there must be one. */
static inline struct ux_held_packet *ux_held_first(const struct ux_held *h)
{
	return ux_container_of(h->list.next, struct ux_held_packet, link);
}
/* ux_held_begin - all that wait are going to be taken once, and some put back. */
static inline void ux_held_begin(struct ux_held *h)
{
	h->earliest_ns = UINT64_MAX;
}

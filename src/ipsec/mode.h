/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the stages want of a mode: where the payload is, and the IP header in front. */

#include "ipsec/worker.h"

struct ux_mode_ops {
	/* outbound: payload, payload_len, next_header and outer_len; nothing is written */
	enum uxfrm_drop (*plan)(struct ux_slot *s);
	/* outbound, the protocol has planned too: the headers in front; sets s->header */
	void (*place)(struct ux_slot *s);
	/* inbound: s->payload becomes the packet; s->ip and s->flow are then of that one */
	enum uxfrm_drop (*open)(struct ux_slot *s);
};

extern const struct ux_mode_ops ux_tunnel_mode;	   /* RFC 4301 section 5.1.2 */
extern const struct ux_mode_ops ux_transport_mode; /* RFC 4303 section 3.1.1 */
extern const struct ux_mode_ops ux_beet_mode;	   /* draft-nikander-esp-beet-mode */

/* ux_mode_of - NULL: none of those. */
const struct ux_mode_ops *ux_mode_of(uint8_t mode);

/* ux_tunnel_outer_tos - class and ECN of the outer header for an inner one. */
uint8_t ux_tunnel_outer_tos(const struct ux_sa *sa, uint8_t inner);

/* ux_mode_ip_id - the identification of the packet's outer IPv4 header, if it may be fragmented. */
uint16_t ux_mode_ip_id(const struct ux_slot *s);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What the stages want of an IPsec protocol. The mode says what the payload is and what stands in
 * front; the protocol adds its header and protects. No function allocates.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ipsec/worker.h"

struct ux_protocol {
	uint8_t proto; /* its number in the IP header */
	/* its header's bytes up to SPI and sequence number */
	uint8_t header_min;
	bool numbered; /* has sequence numbers; without them a replay window lets nothing in */

	/* outbound: the mode has set payload, payload_len, next_header, outer_len. Sets front_len,
	 * tail_len, header_proto. Ends with ux_protocol_room. */
	enum uxfrm_drop (*plan)(struct uxfrm_worker *w, struct ux_slot *s);
	/* the longest payload that makes no more than @room bytes behind the IP header, UDP
	 * included; 0: none */
	uint32_t (*payload_max)(const struct ux_sa *sa, uint32_t room);
	/* outbound: everything is in its place; writes the header and fills @op */
	enum uxfrm_drop (*seal)(struct ux_slot *s, struct ux_crypt_op *op);
	/* outbound, after @op was done; may be NULL */
	void (*finish)(struct ux_slot *s);

	/* inbound: SPI and the sequence number's low half, of header_min bytes */
	__be32 (*spi)(const struct uxfrm_worker *w, const struct ux_slot *s);
	uint32_t (*seq)(const uint8_t *header);
	/* inbound: lengths, then @op for a packet whose SA and sequence number are known */
	enum uxfrm_drop (*open)(struct ux_slot *s, struct ux_crypt_op *op);
	/* inbound, the packet is genuine: payload, payload_len and next_header */
	enum uxfrm_drop (*accept)(struct uxfrm_worker *w, struct ux_slot *s);
};

/* ux_protocol_of - by its number in the IP header; NULL: none of ours. */
const struct ux_protocol *ux_protocol_of(uint8_t proto);

/* ux_protocol_room - does the packet to come fit its buffer and an IP packet? */
enum uxfrm_drop ux_protocol_room(const struct ux_slot *s);

/* ux_protocol_len - bytes of the packet to come, from the protocol's header on. */
static inline uint32_t ux_protocol_len(const struct ux_slot *s)
{
	return s->front_len + s->payload_len + s->tail_len;
}

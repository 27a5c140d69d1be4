/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Putting packets of a burst together to super-packets, for a host that takes them whole. The
 * rules are strict: cutting a super-packet (packet/segment.h) gives the packets again, byte for
 * byte. So packets are put together only when they are of one TCP or UDP flow, in order, with
 * nothing else of that flow between them; when all of their headers agree but for lengths,
 * checksums, consecutive IPv4 identifications and sequence numbers, and PSH on the last; and when
 * their checksums are right: a wrong one reaches the receiver as it is.
 *
 * The order within a flow is kept, and that of everything else relative to what came before and
 * after it; packets of other flows may overtake each other, as in any host that does the same.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "packet/segment.h"

/* What may be put together, by flow. */
#define UX_COALESCE_TCP4 1u
#define UX_COALESCE_TCP6 2u
#define UX_COALESCE_UDP4 4u
#define UX_COALESCE_UDP6 8u

/* One or more packets of a burst that go out together. */
struct ux_coalesce_run {
	uint8_t first, last;  /* indices into the burst; next[] leads from one to the other */
	uint8_t n;	      /* packets */
	uint8_t kind;	      /* UX_COALESCE_*; 0: one that is alone in any case */
	bool open;	      /* more may come */
	bool checked;	      /* the first one's checksum is right */
	uint16_t header_len;  /* IP and transport header */
	uint16_t transport;   /* where the latter begins */
	uint16_t size;	      /* payload of each packet but the last */
	uint32_t payload_len; /* of all */
};

/* Private to coalesce.c but for runs, n and next; the caller owns the memory. */
struct ux_coalescer {
	size_t n;
	struct ux_coalesce_run runs[UXFRM_BURST];
	uint8_t next[UXFRM_BURST];
};

/*
 * ux_coalesce - sort @n packets, at most UXFRM_BURST, into runs, in the order of their first
 * packets. @kinds: UX_COALESCE_*. Packets may hold anything; they are not changed.
 */
void ux_coalesce(struct ux_coalescer *c, struct uxfrm_packet *const *packets, size_t n,
		 unsigned int kinds);

/*
 * ux_coalesce_header - the headers of a run of more than one as a super-packet, into @header, which
 * has room for UX_SEGMENT_HEADER_MAX: the whole length, and in the place of the checksum the pseudo
 * header's sum.
 */
void ux_coalesce_header(const struct ux_coalesce_run *run, struct uxfrm_packet *const *packets,
			uint8_t *header);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Cutting a super-packet into the packets it stands for. A super-packet is what a host gives away
 * that leaves segmentation to a device: one IPv4 or IPv6 header, one TCP or UDP header, and the
 * payload of many packets. Each gets the headers it would have had: lengths, IPv4 identification,
 * sequence number, flags, and checksums that are complete.
 *
 * Where the payloads are is the caller's business, so that they need not be moved: a segment's
 * payload lies where the segment will have it, and the headers are written in front of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 and TCP headers with all options, or as many extension headers of IPv6. */
#define UX_SEGMENT_HEADER_MAX 192

/* Private to segment.c; the caller owns the memory. */
struct ux_segmenter {
	uint8_t header[UX_SEGMENT_HEADER_MAX]; /* what all have; the rest of it is zero */
	uint32_t header_len;		       /* IP and transport header, of each segment */
	uint32_t size;			       /* payload of each segment but the last */
	uint32_t payload_len;		       /* of all */
	uint32_t n;			       /* segments */
	uint32_t transport;		       /* where the TCP or UDP header begins */
	uint32_t seq;			       /* TCP: of the first */
	uint16_t id;			       /* IPv4: of the first */
	uint8_t flags;			       /* TCP: of the super-packet */
	bool v4, tcp;
	uint64_t ip_sum, pseudo_sum; /* of what all headers have */
};

/*
 * ux_segment_begin - read the headers of a super-packet of @len bytes, whose segments are to have
 * @size bytes of payload. Its first bytes, UX_SEGMENT_HEADER_MAX or all, lie at @packet; they are
 * copied. False: not TCP or UDP behind IPv4 or IPv6, a fragment, headers longer than that, lengths
 * that do not agree, or @size is 0.
 */
bool ux_segment_begin(struct ux_segmenter *s, const uint8_t *packet, uint32_t len, uint32_t size);

/* ux_segment_payload - bytes of payload of segment @i. */
static inline uint32_t ux_segment_payload(const struct ux_segmenter *s, uint32_t i)
{
	return i + 1 < s->n ? s->size : s->payload_len - i * s->size;
}

/*
 * ux_segment_finish - write the headers of segment @i to @packet; its payload lies header_len bytes
 * behind that already. Returns the segment's length.
 */
uint32_t ux_segment_finish(const struct ux_segmenter *s, uint32_t i, uint8_t *packet);

/*
 * ux_segment_checksum - complete the checksum of a packet whose sender left that to its device: the
 * sum from byte @start to the end, with what stands there of the pseudo header, is stored @offset
 * bytes behind @start. False: not within the packet, which is unchanged.
 */
bool ux_segment_checksum(uint8_t *packet, uint32_t len, uint32_t start, uint32_t offset);

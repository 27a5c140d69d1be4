/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Segments of a super-packet. The fields that differ are zero in the template, so that the sum over
 * the rest is taken once.
 */

#include "packet/segment.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/tcp.h"

#define UDP_CHECK 6

/* Zero is sent as all ones: in UDP zero means "none" (RFC 768), elsewhere both mean the same. */
static uint16_t sent(uint16_t check)
{
	return check ? check : 0xffff;
}

/* The header chain of the copy alone: its lengths are made those of the copy for that. */
static bool parse_copy(struct ux_segmenter *s, uint32_t copied, uint32_t len,
		       struct ux_ip_info *ret_info)
{
	if (s->v4) {
		if (copied < UX_IP4_LEN || ux_get_be16(s->header + 2) != len)
			return false;
		ux_put_be16(s->header + 2, (uint16_t)copied);
	} else {
		if (copied < UX_IP6_LEN || len - UX_IP6_LEN != ux_get_be16(s->header + 4))
			return false;
		ux_put_be16(s->header + 4, (uint16_t)(copied - UX_IP6_LEN));
	}
	return ux_ip_parse(s->header, copied, ret_info) && !ret_info->fragment;
}

/* Length of the transport header, which is known to be within @left bytes; 0: no such header. */
static uint32_t transport_len(const struct ux_segmenter *s, uint8_t proto, uint32_t left)
{
	uint32_t len = UX_UDP_LEN;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return 0;
	if (proto == IPPROTO_TCP) {
		if (left < UX_TCP_LEN)
			return 0;
		len = ux_tcp_header_len(s->header + s->transport);
		if (len < UX_TCP_LEN)
			return 0;
	}
	return len <= left ? len : 0;
}

/* Keep what differs, make it zero in the template, and sum up the rest. */
static void make_template(struct ux_segmenter *s)
{
	uint8_t *ip = s->header, *transport = s->header + s->transport;
	uint32_t addresses = s->v4 ? 12 : 8, addr_len = s->v4 ? 4 : 16;

	if (s->v4) {
		s->id = ux_get_be16(ip + 4);
		memset(ip + 2, 0, 4);
		memset(ip + 10, 0, 2);
		s->ip_sum = ux_checksum_add(0, ip, s->transport);
	} else {
		memset(ip + 4, 0, 2);
	}
	if (s->tcp) {
		s->seq = ux_get_be32(transport + UX_TCP_SEQ);
		s->flags = transport[UX_TCP_FLAGS];
		memset(transport + UX_TCP_SEQ, 0, 4);
		transport[UX_TCP_FLAGS] = 0;
		memset(transport + UX_TCP_CHECK, 0, 2);
	} else {
		memset(transport + 4, 0, 4);
	}
	s->pseudo_sum = ux_checksum_pseudo(ip + addresses, ip + addresses + addr_len, addr_len,
					   s->tcp ? IPPROTO_TCP : IPPROTO_UDP, 0);
}

bool ux_segment_begin(struct ux_segmenter *s, const uint8_t *packet, uint32_t len, uint32_t size)
{
	uint32_t copied = len < UX_SEGMENT_HEADER_MAX ? len : UX_SEGMENT_HEADER_MAX, behind;
	struct ux_ip_info info;

	if (!len || !size)
		return false;
	memcpy(s->header, packet, copied);
	s->v4 = s->header[0] >> 4 == 4;
	if (!parse_copy(s, copied, len, &info))
		return false;
	s->transport = info.header_len;
	behind = transport_len(s, info.proto, copied - info.header_len);
	if (!behind)
		return false;
	s->header_len = s->transport + behind;
	s->payload_len = len - s->header_len;
	s->size = size;
	s->n = s->payload_len ? (s->payload_len + size - 1) / size : 1;
	s->tcp = info.proto == IPPROTO_TCP;
	make_template(s);
	return true;
}

static void finish_ip(const struct ux_segmenter *s, uint32_t i, uint8_t *ip, uint32_t len)
{
	uint64_t sum;

	if (!s->v4) {
		ux_put_be16(ip + 4, (uint16_t)(len - UX_IP6_LEN));
		return;
	}
	ux_put_be16(ip + 2, (uint16_t)len);
	ux_put_be16(ip + 4, (uint16_t)(s->id + i));
	sum = s->ip_sum + ux_checksum_load(ip + 2) + ux_checksum_load(ip + 4);
	ux_checksum_store(ip + 10, ux_checksum_finish(sum));
}

/* PSH and FIN are the last one's, CWR the first one's (RFC 3168 section 6.1.2). */
static uint8_t flags_of(const struct ux_segmenter *s, uint32_t i)
{
	uint8_t flags = s->flags;

	if (i + 1 < s->n)
		flags &= (uint8_t) ~(UX_TCP_FIN | UX_TCP_PSH);
	if (i)
		flags &= (uint8_t)~UX_TCP_CWR;
	return flags;
}

uint32_t ux_segment_finish(const struct ux_segmenter *s, uint32_t i, uint8_t *packet)
{
	uint32_t payload = ux_segment_payload(s, i), len = s->header_len + payload;
	uint32_t upper = len - s->transport;
	uint8_t *transport = packet + s->transport;
	uint16_t words[2];
	uint64_t sum;

	memcpy(packet, s->header, s->header_len);
	finish_ip(s, i, packet, len);
	/* The pseudo header's length, which was left out: no more than 16 bits of it are used. */
	ux_put_be16(words, (uint16_t)upper);
	sum = s->pseudo_sum + words[0];
	if (s->tcp) {
		ux_put_be32(transport + UX_TCP_SEQ, s->seq + i * s->size);
		transport[UX_TCP_FLAGS] = flags_of(s, i);
	} else {
		memcpy(transport + 4, words, 2);
	}
	sum = ux_checksum_add(sum, transport, upper);
	ux_checksum_store(transport + (s->tcp ? UX_TCP_CHECK : UDP_CHECK),
			  sent(ux_checksum_finish(sum)));
	return len;
}

bool ux_segment_checksum(uint8_t *packet, uint32_t len, uint32_t start, uint32_t offset)
{
	if (start > len || len - start < 2 || offset > len - start - 2)
		return false;
	ux_checksum_store(packet + start + offset,
			  sent(ux_checksum_finish(
			      ux_checksum_add(0, packet + start, len - start))));
	return true;
}

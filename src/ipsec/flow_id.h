/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What a flow cache knows a packet by: all that look-ups see of it, in words that are compared and
 * hashed as they are. Only plain packets have one: IPv4 without options, IPv6 without extension
 * headers, no fragments, TCP, UDP and their like, ICMP that is no error. All others go the general
 * way.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"

struct ux_flow_id {
	uint64_t addresses[4]; /* IPv4: both in the first word */
	uint32_t ports;	       /* as they stand in the packet; ICMP: type and code */
	uint32_t mark;
	int32_t ifindex;
	uint32_t if_id;
	uint32_t kind; /* protocol and family */
	uint32_t more; /* the cache's own */
};
#define UX_FLOW_ID_WORDS 7
_Static_assert(sizeof(struct ux_flow_id) == UX_FLOW_ID_WORDS * 8, "it is hashed as words");

/* What of the header is needed beside. */
struct ux_plain_ip {
	uint32_t total_len, flow_label;
	uint8_t tos;
	bool v6, df;
};

static inline uint32_t ux_load32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64_t ux_load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

#define UX_FLOW_KIND(proto, v6) ((uint32_t)(proto) | (uint32_t)(v6) << 8)

/* Ports, or what stands for them. False: a protocol or a message that is not plain. */
static inline bool ux_flow_id_upper(struct ux_flow_id *id, uint8_t proto, const uint8_t *upper,
				    uint32_t len)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		if (len < 4)
			return false;
		id->ports = ux_load32(upper);
		return true;
	case IPPROTO_ICMP: /* echo and its answer: the others may be about another flow */
		if (len < 4 || (upper[0] != 0 && upper[0] != 8))
			return false;
		id->ports = upper[0] | (uint32_t)upper[1] << 16;
		return true;
	case IPPROTO_ICMPV6:
		if (len < 4 || (upper[0] != 128 && upper[0] != 129))
			return false;
		id->ports = upper[0] | (uint32_t)upper[1] << 16;
		return true;
	default:
		return false;
	}
}

static inline bool ux_flow_id_read4(const uint8_t *data, uint32_t len, struct ux_flow_id *id,
				    struct ux_plain_ip *ip)
{
	uint16_t fragment = ux_get_be16(data + 6);

	ip->total_len = ux_get_be16(data + 2);
	if (data[0] != 0x45 || ip->total_len > len || ip->total_len < UX_IP4_LEN ||
	    (fragment & 0x3fff))
		return false;
	ip->tos = data[1];
	ip->flow_label = 0;
	ip->v6 = false;
	ip->df = fragment & 0x4000;
	id->addresses[0] = ux_load64(data + 12);
	id->addresses[1] = id->addresses[2] = id->addresses[3] = 0;
	id->kind = UX_FLOW_KIND(data[9], false);
	return ux_flow_id_upper(id, data[9], data + UX_IP4_LEN, ip->total_len - UX_IP4_LEN);
}

static inline bool ux_flow_id_read6(const uint8_t *data, uint32_t len, struct ux_flow_id *id,
				    struct ux_plain_ip *ip)
{
	uint32_t first = ux_get_be32(data);

	ip->total_len = UX_IP6_LEN + ux_get_be16(data + 4);
	if (len < UX_IP6_LEN || ip->total_len > len)
		return false;
	ip->tos = (uint8_t)(first >> 20);
	ip->flow_label = first & 0xfffff;
	ip->v6 = true;
	ip->df = true;
	memcpy(id->addresses, data + 8, 32);
	id->kind = UX_FLOW_KIND(data[6], true);
	return ux_flow_id_upper(id, data[6], data + UX_IP6_LEN, ip->total_len - UX_IP6_LEN);
}

/* ux_flow_id_read - addresses, ports and kind of the packet at @data. False: it is not plain. */
static inline bool ux_flow_id_read(const uint8_t *data, uint32_t len, struct ux_flow_id *id,
				   struct ux_plain_ip *ip)
{
	if (len < UX_IP4_LEN + 4)
		return false;
	switch (data[0] >> 4) {
	case 4:
		return ux_flow_id_read4(data, len, id, ip);
	case 6:
		return ux_flow_id_read6(data, len, id, ip);
	default:
		return false;
	}
}

static inline bool ux_flow_id_equal(const struct ux_flow_id *a, const struct ux_flow_id *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	uint64_t differs = 0;

	for (int i = 0; i < UX_FLOW_ID_WORDS; i++)
		differs |= ux_load64(x + i * 8) ^ ux_load64(y + i * 8);
	return !differs;
}

static inline uint64_t ux_flow_id_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * ux_flow_id_hash - for a table that forgets: who makes ids collide makes his own packets slow. With
 * a secret all the same, so that it takes some trouble.
 */
static inline uint64_t ux_flow_id_hash(const struct ux_flow_id *id, const uint64_t secret[2])
{
	const uint8_t *x = (const uint8_t *)id;
	uint64_t h = ux_flow_id_mix(ux_load64(x) ^ secret[0], ux_load64(x + 32) ^ secret[1]);

	if (id->kind >> 8)
		h ^= ux_flow_id_mix(ux_load64(x + 8) ^ secret[1], ux_load64(x + 24) ^ secret[0]) +
		     ux_load64(x + 16);
	return ux_flow_id_mix(h ^ ux_load64(x + 40), ux_load64(x + 48) ^ secret[0] ^ secret[1]);
}

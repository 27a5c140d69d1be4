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

#define UX_FLOW_ID_WORDS 7
struct ux_flow_id {
	/* Written and read as whole words: a word that is read back before its parts have left the
	 * processor's store buffer makes it wait for all of them. */
	uint64_t word[UX_FLOW_ID_WORDS];
};

/* The words: 0 to 3 addresses, IPv4 both in the first; then these. */
enum {
	UX_FLOW_ID_PORTS = 4,	 /* as they stand in the packet, or ICMP type and code; mark */
	UX_FLOW_ID_INTERFACE = 5, /* index, if_id */
	UX_FLOW_ID_KIND = 6	 /* protocol and family; what the cache adds */
};

static inline uint64_t ux_flow_id_pair(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* What comes not from the packet's bytes. */
struct ux_flow_about {
	uint32_t mark, if_id, more;
	int32_t ifindex;
};

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
static inline bool ux_flow_id_upper(uint8_t proto, const uint8_t *upper, uint32_t len,
				    uint32_t *ret_ports)
{
	uint8_t type = proto == IPPROTO_ICMPV6 ? 128 : 8;

	if (len < 4)
		return false;
	*ret_ports = ux_load32(upper);
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	case IPPROTO_ICMP: /* echo and its answer: the others may be about another flow */
	case IPPROTO_ICMPV6:
		*ret_ports = upper[0] | (uint32_t)upper[1] << 16;
		return upper[0] == type || upper[0] == (type == 8 ? 0 : 129);
	default:
		return false;
	}
}

static inline void ux_flow_id_rest(struct ux_flow_id *id, uint32_t ports, uint32_t kind,
				   const struct ux_flow_about *about)
{
	id->word[UX_FLOW_ID_PORTS] = ux_flow_id_pair(ports, about->mark);
	id->word[UX_FLOW_ID_INTERFACE] =
	    ux_flow_id_pair((uint32_t)about->ifindex, about->if_id);
	id->word[UX_FLOW_ID_KIND] = ux_flow_id_pair(kind, about->more);
}

static inline bool ux_flow_id_read4(const uint8_t *data, uint32_t len,
				    const struct ux_flow_about *about, struct ux_flow_id *id,
				    struct ux_plain_ip *ip)
{
	uint16_t fragment = ux_get_be16(data + 6);
	uint32_t ports;

	ip->total_len = ux_get_be16(data + 2);
	if (data[0] != 0x45 || ip->total_len > len || ip->total_len < UX_IP4_LEN ||
	    (fragment & 0x3fff))
		return false;
	if (!ux_flow_id_upper(data[9], data + UX_IP4_LEN, ip->total_len - UX_IP4_LEN, &ports))
		return false;
	ip->tos = data[1];
	ip->flow_label = 0;
	ip->v6 = false;
	ip->df = fragment & 0x4000;
	id->word[0] = ux_load64(data + 12);
	id->word[1] = id->word[2] = id->word[3] = 0;
	ux_flow_id_rest(id, ports, UX_FLOW_KIND(data[9], false), about);
	return true;
}

static inline bool ux_flow_id_read6(const uint8_t *data, uint32_t len,
				    const struct ux_flow_about *about, struct ux_flow_id *id,
				    struct ux_plain_ip *ip)
{
	uint32_t first = ux_get_be32(data), ports;

	ip->total_len = UX_IP6_LEN + ux_get_be16(data + 4);
	if (len < UX_IP6_LEN || ip->total_len > len)
		return false;
	if (!ux_flow_id_upper(data[6], data + UX_IP6_LEN, ip->total_len - UX_IP6_LEN, &ports))
		return false;
	ip->tos = (uint8_t)(first >> 20);
	ip->flow_label = first & 0xfffff;
	ip->v6 = true;
	ip->df = true;
	for (int i = 0; i < 4; i++)
		id->word[i] = ux_load64(data + 8 + i * 8);
	ux_flow_id_rest(id, ports, UX_FLOW_KIND(data[6], true), about);
	return true;
}

/* ux_flow_id_read - the id of the packet at @data. False: it is not plain. */
static inline bool ux_flow_id_read(const uint8_t *data, uint32_t len,
				   const struct ux_flow_about *about, struct ux_flow_id *id,
				   struct ux_plain_ip *ip)
{
	if (len < UX_IP4_LEN + 4)
		return false;
	switch (data[0] >> 4) {
	case 4:
		return ux_flow_id_read4(data, len, about, id, ip);
	case 6:
		return ux_flow_id_read6(data, len, about, id, ip);
	default:
		return false;
	}
}

/* Of an IPv4 packet, what ux_flow_id_follows looks at. */
#define UX_FLOW_ID_FOLLOWS_LEN (UX_IP4_LEN + 4)

/*
 * ux_flow_id_follows - does the packet at @data differ from the plain IPv4 one at @before in
 * nothing that ids are made of, nor in DF? Both have UX_FLOW_ID_FOLLOWS_LEN bytes. Most packets do.
 */
static inline bool ux_flow_id_follows(const uint8_t *data, const uint8_t *before)
{
	/* version and header length, fragment; protocol; addresses; ports */
	uint64_t differs = (ux_load64(data) ^ ux_load64(before)) & htobe64(0xff0000000000ffff);

	differs |= (ux_load32(data + 8) ^ ux_load32(before + 8)) & htobe32(0x00ff0000);
	differs |= ux_load64(data + 12) ^ ux_load64(before + 12);
	differs |= ux_load32(data + 20) ^ ux_load32(before + 20);
	return !differs;
}

static inline bool ux_flow_id_equal(const struct ux_flow_id *a, const struct ux_flow_id *b)
{
	uint64_t differs = 0;

	for (int i = 0; i < UX_FLOW_ID_WORDS; i++)
		differs |= a->word[i] ^ b->word[i];
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
	const uint64_t *w = id->word;
	uint64_t h = ux_flow_id_mix(w[0] ^ secret[0], w[4] ^ secret[1]);

	if (w[1] | w[2] | w[3])
		h ^= ux_flow_id_mix(w[1] ^ secret[1], w[3] ^ secret[0]) + w[2];
	return ux_flow_id_mix(h ^ w[5], w[6] ^ secret[0] ^ secret[1]);
}

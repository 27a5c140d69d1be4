/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Packets of TCP and UDP flows, of any size, with right checksums. */

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/ip.h"
#include "packet/tcp.h"
#include "packet/udp.h"

struct super_params {
	bool v6, udp;
	uint16_t sport, id;
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags, tos, ttl;
	bool df, timestamps;
	uint32_t flow_label;
	uint32_t payload_len;
};

static inline uint32_t super_header_len(const struct super_params *p)
{
	return (p->v6 ? 40u : 20u) + (p->udp ? 8u : p->timestamps ? 32u : 20u);
}

static inline void put_transport(uint8_t *at, const struct super_params *p)
{
	if (p->udp) {
		ux_udp_build(at, htons(p->sport), htons(53), 8 + p->payload_len);
		ux_put_be16(at + 6, 1); /* there is one */
		return;
	}
	memset(at, 0, 32);
	ux_put_be16(at, p->sport);
	ux_put_be16(at + 2, 80);
	ux_put_be32(at + UX_TCP_SEQ, p->seq);
	ux_put_be32(at + UX_TCP_ACK_NUMBER, p->ack);
	at[12] = p->timestamps ? 0x80 : 0x50;
	at[UX_TCP_FLAGS] = p->flags;
	ux_put_be16(at + UX_TCP_WINDOW, p->window);
	if (p->timestamps)
		memcpy(at + 20, "\1\1\10\12abcdefgh", 12);
}

/* Returns the length; the payload is made from @salt. @out has room for it. */
static inline uint32_t make_super(uint8_t *out, const struct super_params *p, uint32_t salt)
{
	struct ux_addr saddr = {.w = {htonl(0x0a000001), 1, 2, 3}}, daddr = {.w = {htonl(0x0a000002), 4, 5, 6}};
	uint32_t header = super_header_len(p), ip = p->v6 ? 40 : 20;
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = header + p->payload_len,
				.flow_label = p->flow_label,
				.id = p->id,
				.tos = p->tos,
				.ttl = p->ttl,
				.proto = p->udp ? IPPROTO_UDP : IPPROTO_TCP,
				.df = p->df};
	struct ux_ip_info info;

	put_transport(out + ip, p);
	for (uint32_t i = 0; i < p->payload_len; i++)
		out[header + i] = (uint8_t)((i * 2654435761u + salt) >> 11);
	if (p->v6)
		ux_ip6_build(out, &b);
	else
		ux_ip4_build(out, &b);
	if (ux_ip_parse(out, b.total_len, &info))
		ux_transport_checksum(out, &info);
	return b.total_len;
}

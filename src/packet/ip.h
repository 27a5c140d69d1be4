/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * IPv4 and IPv6 headers. Readers take bytes of any content, length and alignment; builders write to
 * memory the caller has measured.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define UX_IP4_LEN 20
#define UX_IP6_LEN 40
#define UX_UDP_LEN 8
#define UX_IP_MAX 65535 /* IPv4 packets, and what follows the IPv6 header, cannot be longer */
#define UX_IP_DEFAULT_TTL 64

/* What ux_ip_parse finds. Offsets count from the first byte of the packet. */
struct ux_ip_info {
	uint16_t family;
	uint16_t header_len;	  /* to the upper-layer protocol, extension headers included */
	uint16_t proto_offset;	  /* the byte that names proto */
	uint16_t fragment_offset; /* IPv6: where the fragment header is, 0 if none */
	uint32_t total_len;	  /* what the header claims; never more than there is */
	uint32_t flow_label;	  /* IPv6 */
	uint8_t proto;
	uint8_t tos;	     /* IPv4 type of service, IPv6 traffic class */
	bool df;	     /* IPv4; always set for IPv6, which routers do not fragment */
	bool fragment;	     /* any fragment */
	bool later_fragment; /* not the first one: what follows the header is not the upper layer's
			      */
};

/* ux_ip_parse - false: not a well-formed IPv4 or IPv6 packet of at least the length its header
 * claims. */
bool ux_ip_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info);
bool ux_ip4_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info);
bool ux_ip6_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info);

/* ux_ip_addresses - copy out source and destination of a packet that was parsed. */
void ux_ip_addresses(const uint8_t *data, uint16_t family, struct ux_addr *ret_saddr,
		     struct ux_addr *ret_daddr);

/* ux_ip_change_tos - tos = (tos & @keep) | @set, IPv4 checksum corrected. */
void ux_ip_change_tos(uint8_t *data, uint16_t family, uint8_t keep, uint8_t set);

/* A header to be built: no options, no extension headers. */
struct ux_ip_build {
	const struct ux_addr *saddr, *daddr;
	uint32_t total_len;  /* header included; at most UX_IP_MAX (IPv6: + UX_IP6_LEN) */
	uint32_t flow_label; /* IPv6 */
	uint16_t id;	     /* IPv4 */
	uint8_t tos, ttl, proto;
	bool df; /* IPv4 */
};
void ux_ip4_build(uint8_t *header, const struct ux_ip_build *b);
void ux_ip6_build(uint8_t *header, const struct ux_ip_build *b);

/* ux_ip4_clear_df - a packet that had it set, and hence perhaps no identification, gets @id. The
 * header checksum is wrong then, until ux_ip4_set_length. */
void ux_ip4_clear_df(uint8_t *header, uint16_t id);
/* ux_ip4_set_length - total length and then the header checksum anew. */
void ux_ip4_set_length(uint8_t *header, uint32_t total_len);
/* ux_ip6_set_length - payload length from the packet's whole length. */
void ux_ip6_set_length(uint8_t *header, uint32_t total_len);

/* ux_ip6_is_extension - is this a header with another protocol behind it, which is walked over? */
bool ux_ip6_is_extension(uint8_t proto);
/*
 * ux_ip6_esp_offset - where ESP goes in transport mode (RFC 4303 section 3.1.1): behind hop-by-hop,
 * routing and those destination options that come before a routing header or without one (Linux:
 * ip6_find_1stfragopt). *ret_proto_offset is the byte that then names ESP. 0: no such place.
 */
uint32_t ux_ip6_esp_offset(const uint8_t *data, uint32_t len, uint32_t *ret_proto_offset);
/* ux_ip6_unfragmentable - length of the part each fragment repeats (RFC 8200 section 4.5): up to
 * the last routing header, else the hop-by-hop header, else the IPv6 header. 0: malformed. */
uint32_t ux_ip6_unfragmentable(const uint8_t *data, uint32_t len, uint32_t *ret_proto_offset);

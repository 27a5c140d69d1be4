/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* UDP headers (RFC 768) and the transport checksums of a whole packet. */

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/ip.h"

/* ux_udp_build - a header with checksum 0; @len counts the header. Ports in network order. */
void ux_udp_build(uint8_t *header, __be16 sport, __be16 dport, uint32_t len);

/* ux_udp_payload_len - bytes behind the UDP header at @header of at most @len bytes.
 * False: cut short. */
bool ux_udp_payload_len(const uint8_t *header, uint32_t len, uint32_t *ret_len);

/* ux_udp_source - the source port, in network order. */
static inline __be16 ux_udp_source(const uint8_t *header)
{
	__be16 port;

	memcpy(&port, header, sizeof(port));
	return port;
}

/*
 * ux_transport_checksum - write the TCP or UDP checksum of a complete packet anew, from the
 * addresses in its IP header. Other protocols, fragments and packets too short are left alone.
 */
void ux_transport_checksum(uint8_t *packet, const struct ux_ip_info *info);

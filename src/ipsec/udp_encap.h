/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* ESP in UDP (RFC 3948). */

#include <stdbool.h>
#include <stdint.h>

#include "ipsec/worker.h"

/* ux_udp_encap_len - bytes the SA puts between IP and ESP: 8 or none. */
static inline uint32_t ux_udp_encap_len(const struct ux_sa *sa)
{
	return sa->encap.type == UX_ENCAP_NONE ? 0 : UX_UDP_LEN;
}

/* ux_udp_encap_proto - what the IP header in front names. */
uint8_t ux_udp_encap_proto(const struct ux_sa *sa);

/* ux_udp_encap_build - the UDP header in front of s->header, for @esp_len bytes of ESP. Nothing to
 * do for an SA without encapsulation. Checksum 0. */
void ux_udp_encap_build(const struct ux_slot *s, uint32_t esp_len);

/* ux_udp_encap_finish - when all bytes stand: the checksum IPv6 demands (RFC 8200 section 8.1). */
void ux_udp_encap_finish(struct ux_slot *s);

/* ux_udp_encap_open - inbound: find ESP behind the UDP header. A NAT keepalive ends with CONSUMED.
 */
enum uxfrm_drop ux_udp_encap_open(struct ux_slot *s);

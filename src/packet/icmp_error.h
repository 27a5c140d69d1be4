/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Errors for the sender of a packet: the largest that passes, "fragmentation needed" (RFC 792,
 * RFC 1191) and "packet too big" (RFC 4443 section 3.2); or that there is no way, "host
 * unreachable" and "address unreachable".
 */

#include <stdint.h>

#include "base/addr.h"

#define UX_ICMP_ERROR_MAX 1280 /* RFC 4443 section 2.4 (c); the IPv4 form has at most 576 bytes */

/*
 * ux_icmp_too_big_build - the error about @packet, which @source sends and whose next hop takes
 * @mtu bytes, into @out, which has room for UX_ICMP_ERROR_MAX. Returns its length; 0: nobody is to
 * be told. That is so for what may be fragmented, for errors, later fragments, and packets that did
 * not come from or (IPv4) do not go to one host (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e)).
 */
uint32_t ux_icmp_too_big_build(uint8_t *out, const uint8_t *packet, uint32_t len, uint32_t mtu,
			       const struct ux_addr *source);

/* ux_icmp_unreachable_build - the same about a packet that nothing can be done with, whether it may
 * be fragmented or not. */
uint32_t ux_icmp_unreachable_build(uint8_t *out, const uint8_t *packet, uint32_t len,
				   const struct ux_addr *source);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What of an IP header AH authenticates (RFC 4302 section 3.3.3.1). */

#include <stdbool.h>
#include <stdint.h>

/*
 * ux_ip_clear_mutable - make zero what routers change, and give what they change in a known way the
 * value it will have at the end: so a header of @len bytes, options or extension headers included,
 * goes into the ICV. @outbound: the packet has its way before it. False: options that do not fit;
 * the header is then of no use.
 */
bool ux_ip_clear_mutable(uint8_t *header, uint32_t len, uint16_t family, bool outbound);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Cutting a complete IPv4 or IPv6 packet into fragments, as its source (IPv6) or as source or
 * router (IPv4). For outer packets that the underlay does not take whole.
 */

#include <stdbool.h>
#include <stdint.h>

#define UX_FRAGMENT_MTU_MIN 68 /* RFC 791; IPv6 paths have at least 1280 */

/* Private to fragment.c; the caller owns the memory. */
struct ux_fragmenter {
	const uint8_t *packet; /* borrowed until the last fragment was taken */
	uint32_t header_len;   /* what each fragment repeats */
	uint32_t proto_offset; /* IPv6: the byte to name the fragment header in */
	uint32_t total_len;
	uint32_t at;	/* next byte of the packet to go out */
	uint32_t piece; /* bytes per fragment, a multiple of 8 */
	uint32_t id;	/* IPv6 */
	uint16_t base;	/* IPv4: the packet's own fragment offset, in bytes / 8 */
	bool more;	/* IPv4: the packet itself has more fragments behind it */
	bool v6;
};

/*
 * ux_fragment_begin - prepare to cut @packet into fragments of at most @mtu bytes.
 * @id: identification of IPv6 fragments, not used again soon; IPv4 uses the packet's own.
 * False: malformed, IPv4 with DF set, already an IPv6 fragment, or an MTU too small to hold the
 * headers and 8 bytes.
 */
bool ux_fragment_begin(struct ux_fragmenter *f, const uint8_t *packet, uint32_t len, uint32_t mtu,
		       uint32_t id);
/*
 * ux_fragment_next - the next fragment into @out, which has room for the MTU given. Returns its
 * length, 0 when there is none left. A packet that fits comes out as it is, once.
 */
uint32_t ux_fragment_next(struct ux_fragmenter *f, uint8_t *out);

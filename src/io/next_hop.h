/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Which device a packet would leave by, and to which link-layer address, as the kernel sees it now.
 */

#include <stdint.h>

#include "base/addr.h"
#include "io/net_device.h"
#include "io/netlink.h"

/* What routing looks at, for a packet that a raw socket sends. */
struct ux_way {
	struct ux_addr from, to;
	uint32_t mark; /* with our own bit */
	int32_t ifindex; /* it is to leave by; 0 = any */
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t reserved;
};

/*
 * ux_next_hop_device - which device, whatever form the packet takes; one question. 0 or -errno: no way.
 */
int ux_next_hop_device(struct ux_netlink *nl, const struct ux_way *way,
		       int32_t *ret_ifindex) UX_MUST_CHECK;

/*
 * ux_next_hop_link_mtu - what the route's link takes, or the route itself says, but not what routers have told. 0 or -errno:
 * no way.
 */
int ux_next_hop_link_mtu(struct ux_netlink *nl, const struct ux_way *way, uint32_t *ret_mtu) UX_MUST_CHECK;

/*
 * UX_HOP_KNOWN: it can be sent from here. _OTHER: it takes a form that only the kernel can give it
 * (to this host, to many, through a tunnel), or there is no way. _UNRESOLVED: the neighbour's address is not
 * known yet; sending by the kernel makes it ask.
 */
enum ux_hop_kind { UX_HOP_KNOWN, UX_HOP_OTHER, UX_HOP_UNRESOLVED };

struct ux_next_hop {
	int32_t ifindex;
	uint32_t mtu; /* of the route; 0: that of the device holds */
	uint8_t mac[UX_MAC_LEN];
};

/*
 * ux_next_hop_ask - two questions to the kernel on @nl. A neighbour that is known but may be gone
 * is asked for again by the kernel, as when it sends there itself. *ret_hop only with _KNOWN.
 */
enum ux_hop_kind ux_next_hop_ask(struct ux_netlink *nl, const struct ux_way *way,
				 struct ux_next_hop *ret_hop);

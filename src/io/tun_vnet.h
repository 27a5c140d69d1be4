/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A TUN device whose packets have a header of virtio in front (IFF_VNET_HDR): the host gives away
 * TCP, and UDP where the kernel can, as super-packets without checksums, and takes them so.
 */

#include "base/ext_ack.h"
#include "io/port.h"

/*
 * ux_tun_vnet_offer - tell the kernel what may be left to us. *ret_kinds: what it takes as
 * super-packets (UX_COALESCE_* of packet/coalesce.h); 0 with a kernel that leaves nothing to us.
 */
void ux_tun_vnet_offer(int fd, unsigned int *ret_kinds);

/* What a port of a TUN device says of each packet received. */
struct ux_tun_facts {
	uint32_t if_id;
	int underlay_ifindex;
};

/*
 * ux_tun_vnet_port_new - the port for @fd, which is closed with it. NULL when out of memory: @fd is
 * the caller's then. It sends packets that the host can take together as one.
 */
struct ux_port *ux_tun_vnet_port_new(int fd, unsigned int kinds, const struct ux_tun_facts *facts);

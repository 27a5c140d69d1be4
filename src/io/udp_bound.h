/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Who has a UDP port. The kernel gives a datagram to the socket bound to its very address before it
 * looks at those bound to all addresses. */

#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"

/*
 * ux_udp_bound - the local address of each unconnected UDP socket that holds @port (host order), in
 * this network namespace; one bound to all addresses gives zeros. @found is called once a socket. 0
 * or -errno.
 */
int ux_udp_bound(int family, uint16_t port, void (*found)(void *opaque, const struct ux_addr *addr),
		 void *opaque) UX_MUST_CHECK;

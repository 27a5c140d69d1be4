/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Ports that receive outer packets by raw sockets. They only receive. */

#include <stdint.h>

#include "base/ext_ack.h"
#include "io/port.h"

/*
 * ux_raw_open - all packets of @proto that come to this host, by @family AF_INET or
 * AF_INET6. @own_mark: as for ux_datagram_prepare. 0 or -errno.
 */
int ux_raw_open(int family, uint8_t proto, uint32_t own_mark,
		struct ux_port **ret_port) UX_MUST_CHECK;

/*
 * ux_raw_udp_open - copies of the UDP datagrams to @port that carry ESP (no zero marker), for when
 * somebody else holds the port and does not share it. 0 or -errno.
 */
int ux_raw_udp_open(int family, uint16_t port, uint32_t own_mark,
		    struct ux_port **ret_port) UX_MUST_CHECK;

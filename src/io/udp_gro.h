/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Many datagrams of a UDP socket by one system call (UDP_GRO): the kernel gives those of one sender
 * and of one length together. They are read to where the packets will be, as if they were as long
 * as the last ones; if they are not, they are cut with a copy.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "io/datagram.h"

struct ux_udp_gro;

/* ux_udp_gro_new - for @fd, of @family, whose packets get @gap bytes in front. The option is set
 * where the kernel knows it. NULL when out of memory. */
struct ux_udp_gro *ux_udp_gro_new(int fd, int family, uint32_t gap);
struct ux_udp_gro *ux_udp_gro_free(struct ux_udp_gro *g); /* accepts NULL, returns NULL */

/*
 * ux_udp_gro_receive - up to @n packets: data at ux_port_start(), len bytes of payload @gap bytes
 * behind it, and in infos[i] what the kernel said of it. *ret_pending: there are more, which the
 * socket does not know of. Returns how many.
 */
size_t ux_udp_gro_receive(struct ux_udp_gro *g, struct uxfrm_packet *const *packets, size_t n,
			  struct ux_datagram_info *infos, bool *ret_pending);

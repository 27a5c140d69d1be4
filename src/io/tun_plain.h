/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A TUN device of a kernel that knows no headers of virtio. */

#include "io/port.h"
#include "io/tun_vnet.h"

/* ux_tun_plain_port_new - the port for @fd, which is closed with it. NULL when out of memory: @fd
 * is the caller's then. */
struct ux_port *ux_tun_plain_port_new(int fd, const struct ux_tun_facts *facts);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The port all packets leave by, those for the underlay and those let go in clear. It only sends.
 */

#include <stdint.h>

#include "base/ext_ack.h"
#include "io/port.h"
#include "io/udp_gso.h"

/*
 * ux_raw_send_open - @own_mark is added to each packet's mark, so that the rule that leads to the
 * TUN device leaves it alone. @gso, borrowed, sends what it can; NULL: nothing. 0 or -errno. A host
 * without IPv6 sends IPv4 only.
 */
int ux_raw_send_open(uint32_t own_mark, struct ux_udp_gso *gso, struct ux_port **ret_port) UX_MUST_CHECK;
/* ux_raw_send_ignore_paths - what the kernel has learned of paths is not for packets of this port. */
void ux_raw_send_ignore_paths(struct ux_port *port);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A queue of packets in clear (clear_filter.h) as a port. What was received is to be "sent" back,
 * the same packets in one call: those with verdict UXFRM_DELIVER go on their way in the kernel, the
 * others end there.
 */

#include <stdint.h>

#include "base/ext_ack.h"
#include "io/port.h"

/* ux_clear_port_open - @side: UX_PORT_CLEAR_IN or UX_PORT_CLEAR_FWD. 0 or -errno. */
int ux_clear_port_open(uint16_t queue, enum ux_port_side side,
		       struct ux_port **ret_port) UX_MUST_CHECK;

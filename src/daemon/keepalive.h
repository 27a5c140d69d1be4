/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* NAT keepalives (RFC 3948 section 2.3) of the engine on their way out. Control thread. */

#include <uxfrm/engine.h>

#include "io/port.h"

/* ux_keepalive_send - one datagram by @sender, which no other thread uses. One that cannot be sent
 * is forgotten: the next one is due soon. */
void ux_keepalive_send(struct ux_port *sender, const struct uxfrm_keepalive_event *event);

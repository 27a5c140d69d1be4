/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Tunnel mode (RFC 4301 section 5.1.2): a whole packet inside, a new IP header outside. */

#include "ipsec/worker.h"

/* ux_tunnel_plan - lengths of the packet to come; nothing is written. */
enum uxfrm_drop ux_tunnel_plan(struct ux_slot *s);
/* ux_tunnel_place - outer headers; s->esp is set, the payload stays where it is. */
void ux_tunnel_place(struct ux_slot *s);
/* ux_tunnel_open - inbound: the inner packet becomes the packet, ECN and DSCP as the SA wants. */
enum uxfrm_drop ux_tunnel_open(struct ux_slot *s);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Transport mode (RFC 4303 section 3.1.1): the packet keeps its IP header, ESP goes behind it. */

#include "ipsec/worker.h"

/* ux_transport_plan - lengths of the packet to come; nothing is written. */
enum uxfrm_drop ux_transport_plan(struct ux_slot *s);
/* ux_transport_place - move the IP header to make room; s->esp is set. */
void ux_transport_place(struct ux_slot *s);
/* ux_transport_open - inbound: close the gap and restore the IP header. */
enum uxfrm_drop ux_transport_open(struct ux_slot *s);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* IPComp (RFC 3173) with DEFLATE, and packets that came without it because they did not get
 * smaller. */

#include "ipsec/protocol.h"

extern const struct ux_protocol ux_ipcomp;
/* Tunnel mode without any protocol: the companion of an IPComp SA (core/companion.h). Inbound only;
 * the outer header's proto is IPIP or IPv6. */
extern const struct ux_protocol ux_ipip;

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "ipsec/worker.h"

/*
 * ux_interface_check - may a packet that was sent to an interface go by the SAs that were found?
 * Without one it would leave in clear, which nothing sent to an interface may; an SA's own packets
 * are never right there (Linux: xfrmi_xmit2). Packets of no interface pass.
 */
enum uxfrm_drop ux_interface_check(const struct ux_slot *s);

/* ux_interface_may_loop - has the check to look at each packet of this flow, as some of them may be
 * the SA's own? It has its bundle. */
bool ux_interface_may_loop(const struct ux_slot *s);

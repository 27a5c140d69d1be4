/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the daemon takes away from itself. Each step is best effort where it takes rights that a
 * user namespace does not give. */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"

/* ux_sandbox_descriptors - raise the limit of open descriptors so that @clients find room, two
 * each.
 */
void ux_sandbox_descriptors(uint32_t clients);

/* ux_sandbox_has_network_rights - is this process allowed to administer its network namespace? */
bool ux_sandbox_has_network_rights(void);

/* ux_sandbox_early - before any key: no core dumps, no tracing, memory not swapped out. */
void ux_sandbox_early(void);

/*
 * ux_sandbox_late - after all is set up: capabilities down to those still needed, and none to be
 * gained by exec. @xdp: devices that are yet to come will want AF_XDP. 0 or -errno.
 */
int ux_sandbox_late(bool xdp) UX_MUST_CHECK;

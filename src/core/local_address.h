/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The host's own addresses: a packet for one of them meets the in policies, any other the fwd ones.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "base/rcu.h"

struct ux_local_set; /* const after publish: a sorted array */

struct ux_local_addresses {
	_Atomic(struct ux_local_set *) set; /* control thread writes, workers read under RCU */
};

void ux_local_init(struct ux_local_addresses *l);
void ux_local_fini(struct ux_local_addresses *l);
int ux_local_add(struct ux_local_addresses *l, struct ux_retire *retire, uint16_t family,
		 const struct ux_addr *addr) UX_MUST_CHECK;
int ux_local_remove(struct ux_local_addresses *l, struct ux_retire *retire, uint16_t family,
		    const struct ux_addr *addr) UX_MUST_CHECK;
/* ux_local_contains - worker, inside a read section. Multicast and broadcast addresses count as
 * local. */
bool ux_local_contains(const struct ux_local_addresses *l, uint16_t family,
		       const struct ux_addr *addr);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The interfaces there are, by their if_id: packets that come by an SA of one are its own, and meet
 * its policies. Without it they meet those of no interface (Linux: xfrmi_rcv_cb). */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "base/rcu.h"

struct ux_interface_set; /* const after publish: a sorted array */

struct ux_interfaces {
	_Atomic(struct ux_interface_set *) set; /* control thread writes, workers read under RCU */
};

void ux_interfaces_init(struct ux_interfaces *i);
void ux_interfaces_fini(struct ux_interfaces *i);
/* ux_interfaces_add - 0, -EEXIST, -EINVAL for 0, -ENOMEM. ux_interfaces_remove - 0, -ENOENT,
 * -ENOMEM. Control thread. */
int ux_interfaces_add(struct ux_interfaces *i, struct ux_retire *retire,
		      uint32_t if_id) UX_MUST_CHECK;
int ux_interfaces_remove(struct ux_interfaces *i, struct ux_retire *retire,
			 uint32_t if_id) UX_MUST_CHECK;
/* ux_interfaces_have - worker, inside a read section. */
bool ux_interfaces_have(const struct ux_interfaces *i, uint32_t if_id);

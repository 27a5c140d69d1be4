/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Which queue of the host's a packet goes by, so that both directions of a flow have the same. */

#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

/* ux_spread - ret_queue[i], less than @n_queues, for each of @n packets: the same for all packets of a flow, both
 * ways; for all fragments between two hosts. */
void ux_spread(struct uxfrm_packet *const *packets, size_t n, uint32_t n_queues,
	       uint8_t *ret_queue);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The worker's help for packets and the MTU of their paths: finds paths out for the engine, and
 * tells senders whose packets are too big. One for each worker, used by its thread alone.
 */

#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/ext_ack.h"
#include "daemon/way_out.h"
#include "io/port.h"

struct ux_path_mtu;

/* ux_path_mtu_new - @engine and @ways are borrowed. Returns owned, NULL when out of memory. */
struct ux_path_mtu *ux_path_mtu_new(struct uxfrm *engine, const struct ux_ways_out *ways);
struct ux_path_mtu *ux_path_mtu_free(struct ux_path_mtu *m); /* NULL is fine; returns NULL */

/* ux_path_mtu_outbound - uxfrm_outbound(), with the interfaces known where they matter, and every path in the end. */
void ux_path_mtu_outbound(struct ux_path_mtu *m, struct uxfrm_worker *w,
			  struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns);

/*
 * ux_path_mtu_tell_unreachable - to the senders of what was sent to a link and found no SA there,
 * by @port, as Linux tells those of its xfrm interfaces.
 */
void ux_path_mtu_tell_unreachable(struct ux_path_mtu *m, struct uxfrm_worker *w,
				  struct ux_port *port, struct uxfrm_packet *const *packets,
				  size_t n, uint64_t now_ns);

/* ux_path_mtu_tell_too_big - to the senders of those that the port refused as too big for the
 * system, and left as they were; by @port. */
void ux_path_mtu_tell_too_big(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
			      struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns);

/*
 * ux_path_mtu_reply - to the senders of those that were dropped as too big, by @port. When the
 * sender is this host, the packet then goes through the engine again and leaves in fragments: the
 * kernel has not known better, and nothing of the host's own is to be lost for that. Returns how
 * many did.
 */
size_t ux_path_mtu_reply(struct ux_path_mtu *m, struct uxfrm_worker *w, struct ux_port *port,
			 struct uxfrm_packet *const *packets, size_t n, uint64_t now_ns);

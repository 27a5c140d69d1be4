/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The interface that a packet of the host would leave by if we were not there. A TUN device does not say it, and
 * selectors may name one. Asked for only while some outbound policy does. One for each worker, used by its thread
 * alone.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "io/path_learned.h"

/* Written by the control thread, read by the workers. */
struct ux_ways_out {
	uint32_t own_mark; /* of the packets we send; constant */
	struct ux_path_learned *learned; /* NULL: the kernel knows the MTUs of paths; constant */
	_Atomic(uint32_t) policies; /* outbound ones that name an interface */
	_Atomic(uint32_t) changes; /* of routes and devices */
};

struct ux_way_out;

/* ux_way_out_new - @all is borrowed. Returns owned, NULL when out of memory. */
struct ux_way_out *ux_way_out_new(const struct ux_ways_out *all);
struct ux_way_out *ux_way_out_free(struct ux_way_out *o); /* NULL is fine; returns NULL */

/*
 * ux_way_out_find - set ifindex of those that were not sent to a link; 0: no way, or no need to know.
 * ux_way_out_done - the engine has decided; what it made of them is routed as it is then.
 */
void ux_way_out_find(struct ux_way_out *o, struct uxfrm_packet *const *packets, size_t n,
		     uint64_t now_ns);
void ux_way_out_done(struct ux_way_out *o, struct uxfrm_packet *const *packets, size_t n);

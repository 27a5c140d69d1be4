/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The ports that packets come by from the network. The kernel has a queue for each, and only its times
 * would say which packet came first; where that matters, some queues are emptied before others are read.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "daemon/burst.h"
#include "io/port.h"

#define UX_UNDERLAY_PORTS 256

/* As far as there is room. Control thread writes, workers read; zeroed at first. */
struct ux_underlay_ports {
	_Atomic(struct ux_port *) ports[UX_UNDERLAY_PORTS]; /* NULL: a place that is free */
	_Atomic(uint32_t) n;				    /* places of those that are in use */
};

/* ux_underlay_ports_add - -ENOSPC: only for one that is to go first; others do without a place, and nobody
 * looks there for packets that were sent before an SA moved. */
int ux_underlay_ports_add(struct ux_underlay_ports *u, struct ux_port *port) UX_MUST_CHECK;
/* ux_underlay_ports_remove - workers that are at it go on until they have passed their loop's head. */
void ux_underlay_ports_remove(struct ux_underlay_ports *u, const struct ux_port *port);

/* Workers, between two bursts. */

/* ux_underlay_ports_serve_first - all that those have that go first (ux_port.first). */
void ux_underlay_ports_serve_first(const struct ux_underlay_ports *u, struct ux_burst *b);
/*
 * ux_underlay_ports_take_older - after a burst of @port, or of packets that had waited (NULL): if there are SAs in it that have moved
 * (uxfrm_worker_wants_older), all that the other ports have now, and then what has waited for this.
 */
void ux_underlay_ports_take_older(const struct ux_underlay_ports *u, struct ux_burst *b,
				  struct ux_port *port);

/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/underlay_ports.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/waiting.h"

/* Packets from a port that goes first before others have their turn. */
#define FIRST_MAX 16384
/* Packets from a port that may have what was sent before an SA moved. */
#define OLDER_MAX 131072

/* ---- control thread ---- */

/* Where @port is; NULL: a place that is free. */
static _Atomic(struct ux_port *) *place_of(struct ux_underlay_ports *u, const struct ux_port *port)
{
	for (uint32_t i = 0; i < UX_UNDERLAY_PORTS; i++) {
		if (atomic_load_explicit(&u->ports[i], memory_order_relaxed) != port)
			continue;
		if (i >= atomic_load_explicit(&u->n, memory_order_relaxed))
			atomic_store_explicit(&u->n, i + 1, memory_order_release);
		return &u->ports[i];
	}
	return NULL;
}

int ux_underlay_ports_add(struct ux_underlay_ports *u, struct ux_port *port)
{
	_Atomic(struct ux_port *) *place = place_of(u, NULL);

	if (!place)
		return port->first ? -ENOSPC : 0;
	atomic_store_explicit(place, port, memory_order_release);
	return 0;
}

void ux_underlay_ports_remove(struct ux_underlay_ports *u, const struct ux_port *port)
{
	_Atomic(struct ux_port *) *place = place_of(u, port);

	if (place)
		atomic_store_explicit(place, NULL, memory_order_release);
}

/* ---- workers ---- */

static uint32_t places(const struct ux_underlay_ports *u)
{
	return atomic_load_explicit(&u->n, memory_order_acquire);
}

static struct ux_port *port_at(const struct ux_underlay_ports *u, uint32_t i)
{
	return atomic_load_explicit(&u->ports[i], memory_order_acquire);
}

/* @most packets, or some more. */
static void empty(struct ux_burst *b, struct ux_port *port, size_t most)
{
	size_t done = 0, n;
	bool more = true;

	while (done < most && more) {
		n = ux_burst_serve(b, port, &more);
		more |= n == UXFRM_BURST;
		done += n;
	}
}

/* What a port has now, and what it may keep of what it has received (ux_port.pending), but not for ever
 * what comes meanwhile. */
static size_t waiting(struct ux_port *port)
{
	size_t n = port->ops->waiting ? port->ops->waiting(port) : OLDER_MAX;

	return n < OLDER_MAX - UXFRM_BURST ? n + UXFRM_BURST : OLDER_MAX;
}

void ux_underlay_ports_serve_first(const struct ux_underlay_ports *u, struct ux_burst *b)
{
	const uint32_t n = places(u);

	for (uint32_t i = 0; i < n; i++) {
		struct ux_port *port = port_at(u, i);

		if (port && port->first)
			empty(b, port, FIRST_MAX);
	}
}

/* Also what other workers have received and are at work on. */
static void empty_all_but(const struct ux_underlay_ports *u, struct ux_burst *b,
			  const struct ux_port *newer)
{
	const uint32_t n = places(u);

	for (uint32_t i = 0; i < n; i++) {
		struct ux_port *port = port_at(u, i);

		if (!port || port == newer)
			continue;
		empty(b, port, waiting(port));
		ux_order_catch_up(port);
	}
}

void ux_underlay_ports_take_older(const struct ux_underlay_ports *u, struct ux_burst *b,
				  struct ux_port *port)
{
	uint32_t n = uxfrm_worker_wants_older(b->worker);

	if (!n)
		return;
	ux_waiting_stop(b);
	empty_all_but(u, b, port);
	/* There may have been packets that have overtaken others, too, in @port perhaps. */
	if (uxfrm_worker_wants_older(b->worker) > n)
		empty_all_but(u, b, NULL);
	n = uxfrm_worker_wants_older(b->worker);
	if (port)
		ux_order_stop(port);
	uxfrm_worker_older_taken(b->worker, n);
	ux_waiting_offer(b);
	if (port)
		ux_order_go_on(port);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The thread that carries packets: it waits on all ports, takes a burst from one that has packets,
 * lets the engine work on it and sends what comes out. All its memory is allocated at the start.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/ext_ack.h"
#include "io/port.h"

struct ux_packet_worker;

struct ux_packet_worker_params {
	struct uxfrm *engine;	  /* borrowed */
	struct ux_port *host;	  /* borrowed: the TUN device */
	struct ux_port *underlay; /* borrowed: sends to the network */
	uint32_t own_mark;	  /* that it sends with */
	uint32_t hold_bytes;	  /* of packets that wait (UXFRM_HOLD), for each SA */
};

/* What the worker itself drops or saves; the engine's own counts are in uxfrm_packet_stats_get().
 */
struct ux_packet_worker_stats {
	uint64_t drops[UXFRM_DROP_COUNT];
	/* fragments the engine refused, which were put together after all */
	uint64_t fragments_taken;
	/* packets it found too big, which were sent in fragments after all */
	uint64_t too_big_taken;
	uint64_t bursts;
};

/* ux_packet_worker_start - 0 or -errno. From here on the ports are the worker's. */
int ux_packet_worker_start(const struct ux_packet_worker_params *params,
			   struct ux_packet_worker **ret_worker) UX_MUST_CHECK;
/* ux_packet_worker_stop - end the thread and free. Accepts NULL; returns NULL. */
struct ux_packet_worker *ux_packet_worker_stop(struct ux_packet_worker *w);

/* ux_packet_worker_add_port - receive from @port too. Control thread. 0 or -errno. */
int ux_packet_worker_add_port(struct ux_packet_worker *w, struct ux_port *port) UX_MUST_CHECK;
/* ux_packet_worker_remove_port - when it returns, the worker does not use @port any more. Control
 * thread. */
void ux_packet_worker_remove_port(struct ux_packet_worker *w, struct ux_port *port);

/* ux_packet_worker_replace_host - another TUN device; when it returns, the worker does not use the
 * one before any more. Control thread. 0 or -errno, with nothing changed. */
int ux_packet_worker_replace_host(struct ux_packet_worker *w, struct ux_port *host) UX_MUST_CHECK;

/*
 * ux_packet_worker_add_link - receive from the TUN device @port of a link, and deliver by it what
 * has its if_id. ux_packet_worker_remove_link - when it returns, the worker does not use @port any
 * more. Control thread. 0 or -errno, with nothing changed.
 */
int ux_packet_worker_add_link(struct ux_packet_worker *w, struct ux_port *port) UX_MUST_CHECK;
int ux_packet_worker_remove_link(struct ux_packet_worker *w, struct ux_port *port) UX_MUST_CHECK;

void ux_packet_worker_stats_get(struct ux_packet_worker *w,
				struct ux_packet_worker_stats *ret_stats);

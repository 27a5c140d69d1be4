/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The workers of a daemon, and which of them serves what. Ports of the underlay are served by all of
 * them, so that one SA can use every worker; a queue of the TUN device by one; links and what
 * came in clear by the first. All calls are the control thread's.
 */

#include <stdint.h>

#include "base/ext_ack.h"
#include "daemon/burst.h"
#include "io/port.h"

#define UX_WORKERS_CPUS_MAX 64

struct ux_workers;

struct ux_workers_params {
	struct uxfrm *engine; /* borrowed */
	struct ux_port *host; /* borrowed: the first queue of the TUN device */
	uint32_t own_mark;    /* that the senders send with */
	struct ux_path_learned *learned; /* borrowed: daemon/way_out.h */
	uint32_t hold_bytes;  /* of packets that wait (UXFRM_HOLD), for each SA */
	uint32_t count;	      /* of workers, 1 to UX_WORKERS_MAX */
	uint32_t poll_us;     /* daemon/polling.h */
	uint32_t n_cpus;      /* 0: they run where they are let */
	int cpus[UX_WORKERS_CPUS_MAX]; /* worker i runs on cpus[i % n_cpus] */
	void *opaque;
	/* another queue of the TUN device, owned by the workers */
	int (*open_queue)(void *opaque, struct ux_port **ret_port);
	/* a port that sends to the network, for worker @i alone, borrowed until close_sender */
	int (*open_sender)(void *opaque, uint32_t i, struct ux_port **ret_port);
	void (*close_sender)(void *opaque, uint32_t i);
};

/* What the workers themselves drop or save; the engine's own counts are in uxfrm_packet_stats_get().
 */
struct ux_workers_stats {
	uint32_t count;
	uint64_t drops[UXFRM_DROP_COUNT];
	/* fragments the engine refused, which were put together after all */
	uint64_t fragments_taken;
	/* packets it found too big, which were sent in fragments after all */
	uint64_t too_big_taken;
	uint64_t bursts;
};

/* ux_workers_start - 0 or -errno. From here on the host's port is theirs. */
int ux_workers_start(const struct ux_workers_params *params, struct ux_workers **ret_set) UX_MUST_CHECK;
/* ux_workers_stop - end the threads and free. Accepts NULL; returns NULL. */
struct ux_workers *ux_workers_stop(struct ux_workers *set);

/*
 * ux_workers_resize - so many from now on, 1 to UX_WORKERS_MAX. What one that goes has begun it ends, and what
 * waits in its queue is another's. 0 or -errno; then there may be fewer than were asked for, at least one.
 */
int ux_workers_resize(struct ux_workers *set, uint32_t count) UX_MUST_CHECK;
uint32_t ux_workers_count(const struct ux_workers *set);

/* ux_workers_add_port - receive from @port too. 0 or -errno. */
int ux_workers_add_port(struct ux_workers *set, struct ux_port *port) UX_MUST_CHECK;
/* ux_workers_remove_port - when it returns, no worker uses @port any more. */
void ux_workers_remove_port(struct ux_workers *set, struct ux_port *port);

/* ux_workers_replace_host - another TUN device, of which open_queue gives more queues; when it returns, no
 * worker uses the one before any more. 0 or -errno, with nothing changed. */
int ux_workers_replace_host(struct ux_workers *set, struct ux_port *host) UX_MUST_CHECK;

/*
 * ux_workers_add_link - receive from the TUN device @port of a link, and deliver by it what has its
 * if_id. ux_workers_remove_link - when it returns, no worker uses @port any more. 0 or -errno, with nothing
 * changed.
 */
int ux_workers_add_link(struct ux_workers *set, struct ux_port *port) UX_MUST_CHECK;
int ux_workers_remove_link(struct ux_workers *set, struct ux_port *port) UX_MUST_CHECK;

/* ux_workers_ways_out - what decides which interface packets leave by, to be kept up to date; borrowed. */
struct ux_ways_out *ux_workers_ways_out(struct ux_workers *set);

void ux_workers_stats_get(const struct ux_workers *set, struct ux_workers_stats *ret_stats);

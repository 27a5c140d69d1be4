/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A thread that carries packets: it waits on its ports, takes a burst from one that has packets,
 * lets the engine work on it and sends what comes out. All its memory is allocated at the start.
 * The calls are the control thread's. Workers come in sets: daemon/workers.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "daemon/burst.h"
#include "daemon/underlay_ports.h"
#include "io/port.h"

struct ux_worker;

struct ux_worker_params {
	struct ux_shared_work *shared;	       /* borrowed */
	const struct ux_underlay_ports *ports; /* borrowed */
	struct ux_port *underlay;	       /* borrowed: sends to the network, for this worker alone */
	int cpu;			       /* it runs on; -1: any */
	uint32_t poll_us;		       /* daemon/polling.h */
};

/* ux_worker_start - 0 or -errno. */
int ux_worker_start(const struct ux_worker_params *params, struct ux_worker **ret_worker) UX_MUST_CHECK;
/* ux_worker_stop - end the thread, which finishes the burst it is at, and free. NULL is fine; returns NULL. */
struct ux_worker *ux_worker_stop(struct ux_worker *w);

/* ux_worker_watch - receive from @port too; @others: other workers do as well. 0 or -errno. */
int ux_worker_watch(struct ux_worker *w, struct ux_port *port, bool others) UX_MUST_CHECK;
/* ux_worker_unwatch - events that the worker has already seen end with ux_worker_pass_by. */
void ux_worker_unwatch(struct ux_worker *w, const struct ux_port *port);
/* ux_worker_pass_by - returns when the worker has been between two bursts after the call. */
void ux_worker_pass_by(struct ux_worker *w);

const struct ux_burst_counts *ux_worker_counts(const struct ux_worker *w);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Packets that wait (UXFRM_HOLD), of all workers together. Whoever first finds that they may pass offers
 * them, in the order they came; what comes meanwhile goes behind them.
 */

#include <stddef.h>
#include <stdint.h>

#include "daemon/burst.h"

/* ---- a burst at work ---- */

/* ux_waiting_go_behind - those that were received go behind those that wait, if these have not been offered since
 * anything they may wait for has changed. */
void ux_waiting_go_behind(struct ux_burst *b);
/* ux_waiting_keep - those of @packets that have to wait do, until their @deadlines, or NULL. Returns for how many
 * there is no room. */
size_t ux_waiting_keep(struct ux_burst *b, enum ux_port_side side,
		       struct uxfrm_packet *const *packets, size_t n, const uint64_t *deadlines,
		       struct uxfrm_packet **refused);

/* ---- between two bursts ---- */

/* ux_waiting_look - what waits goes first, when it may: before each burst, and from time to time. */
void ux_waiting_look(struct ux_burst *b);
/* ux_waiting_stop - nobody offers those that wait until ux_waiting_offer, which does, unless so many wait that
 * others have their turn first: what is served meanwhile goes before them. Other workers that want to offer wait for the end of it. */
void ux_waiting_stop(struct ux_burst *b);
void ux_waiting_offer(struct ux_burst *b);

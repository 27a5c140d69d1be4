/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Limits of an SA in seconds since it was added and since its first use: the soft one is told, the
 * hard one ends the SA. An SA without such limits has no timer and costs nothing here. Limits in
 * bytes and packets are the packet path's. Control thread.
 *
 * As in Linux a timer runs out first one second after the SA was added or updated, and is then set
 * for the next limit; a limit since first use that nothing has used yet is looked at again when it
 * could be reached. A move keeps the timer; a soft limit that was told is told
 * again when the timer next runs out.
 */

#include <stdint.h>

#include "base/ext_ack.h"
#include "base/heap.h"
#include "core/sa.h"

struct uxfrm;

struct ux_sa_timer {
	struct ux_heap_node node; /* in ux_sad.timers while it runs */
	struct ux_sa_runtime *runtime;
	uint64_t deadline_ns; /* 0: it does not run */
};

/* ux_lifetime_prepare - a timer for @r if @limits want one and there is none. -ENOMEM. */
int ux_lifetime_prepare(struct ux_sa_runtime *r, const struct ux_limits *limits) UX_MUST_CHECK;
/* ux_lifetime_start - the SA was added or updated. Nothing happens without a timer. */
void ux_lifetime_start(struct uxfrm *u, struct ux_sa_runtime *r);
/* ux_lifetime_stop - the SA goes. */
void ux_lifetime_stop(struct uxfrm *u, struct ux_sa_runtime *r);
/* ux_lifetime_tick - do what is due, @most of it; the next deadline, UINT64_MAX: none. */
uint64_t ux_lifetime_tick(struct uxfrm *u, int most);

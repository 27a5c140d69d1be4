/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The control thread's ear for what changes on paths: workers then forget what they know of them.
 */

#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/ext_ack.h"
#include "daemon/loop.h"
#include "io/path_errors.h"
#include "io/path_learned.h"

struct ux_path_watch {
	struct uxfrm *engine; /* borrowed, as the loop */
	struct ux_loop *loop;
	struct ux_path_learned *learned; /* NULL: the kernel learns */
	struct ux_path_errors errors;
	struct ux_event event[2];
	uint64_t forget_ns; /* forget at this time; UINT64_MAX: no need */
	uint64_t next_ns;   /* the turn of the next error, if all kept their distance */
};

/* ux_path_watch_open - 0 or -errno. Not to be moved while open. */
int ux_path_watch_open(struct ux_path_watch *w, struct uxfrm *engine,
		       struct ux_loop *loop, struct ux_path_learned *learned) UX_MUST_CHECK;
/* ux_path_watch_close - also for one that is all zero or failed to open. */
void ux_path_watch_close(struct ux_path_watch *w);
/* ux_path_watch_due - an error has come, and nothing is due: when to forget because of it. */
uint64_t ux_path_watch_due(struct ux_path_watch *w, uint64_t now_ns);
/* ux_path_watch_tick - do what is due; returns when to call again, UINT64_MAX: no need. */
uint64_t ux_path_watch_tick(struct ux_path_watch *w, uint64_t now_ns);

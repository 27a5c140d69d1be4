/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Packets in clear that inbound policies want protected: the filter that shows them to a worker,
 * kept in step with the SPD. A system that cannot do it is warned of, and lets them in. Control
 * thread. */

#include <uxfrm/engine.h>

#include "daemon/workers.h"
#include "io/clear_filter.h"

struct ux_clear_text {
	struct ux_clear_filter *filter; /* NULL: none */
	struct ux_port *ports[2];	/* for the host, to be forwarded */
	struct ux_workers *workers;
	uint64_t next_check_ns;
};

void ux_clear_text_open(struct ux_clear_text *c, struct ux_workers *workers);
/* ux_clear_text_close - before the workers end. @keep: what policies cover stays out. Also for one
 * that is all zero. */
void ux_clear_text_close(struct ux_clear_text *c, bool keep);
/* ux_clear_text_free - after it. */
void ux_clear_text_free(struct ux_clear_text *c);
void ux_clear_text_policy(struct ux_clear_text *c, const struct uxfrm_policy_event *event);
void ux_clear_text_port(struct ux_clear_text *c, const struct uxfrm_encap_event *event);
/* ux_clear_text_tick - what has changed since the last, told to the kernel. */
void ux_clear_text_tick(struct ux_clear_text *c);
/* ux_clear_text_check - now and then, that the filter is still there. Returns when to call again.
 */
uint64_t ux_clear_text_check(struct ux_clear_text *c, uint64_t now_ns);

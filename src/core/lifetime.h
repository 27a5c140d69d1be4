/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Limits of SAs and policies in seconds since they were added and since their first use: the soft
 * one is told, the hard one ends the SA or policy. What has no such limits has no timer and costs
 * nothing here. Limits in bytes and packets are the packet path's. Control thread.
 *
 * As in Linux a timer runs out first one second after the SA or policy was added or updated, and is
 * then set for the next limit.
 *
 * SA: a hard limit that passes while the timer waits for the soft one is put off until the soft one
 * has been told. A limit since first use that nothing has used yet is looked at again when it could
 * be reached. A move keeps the timer; a soft limit that was told is told again when the timer next
 * runs out.
 *
 * Policy: what nothing has used counts from when it was added. A soft limit is told every 30
 * seconds from then on. A change of templates keeps the timer.
 */

#include <stdint.h>

#include "base/ext_ack.h"
#include "base/heap.h"
#include "core/limits.h"

struct uxfrm;
struct ux_policy;
struct ux_sa_runtime;

struct ux_limit_timer {
	struct ux_heap_node node; /* in uxfrm.timers while it runs */
	uint64_t deadline_ns;	  /* 0: it does not run */
	uint64_t awaited_soft_s;  /* of an SA: how far its soft limit was when set for it; 0: not */
	/* whose it is: one of them, the other is NULL */
	struct ux_sa_runtime *runtime;
	struct ux_policy *policy;
};

/* ux_lifetime_prepare - a timer for @r if @limits want one and there is none. -ENOMEM. */
int ux_lifetime_prepare(struct ux_sa_runtime *r, const struct ux_limits *limits) UX_MUST_CHECK;
/* ux_lifetime_prepare_policy - a timer for @policy if its limits want one. -ENOMEM. */
int ux_lifetime_prepare_policy(struct ux_policy *policy) UX_MUST_CHECK;
/* ux_lifetime_start - what has this timer, which may be NULL, was added or updated. */
void ux_lifetime_start(struct uxfrm *u, struct ux_limit_timer *timer);
/* ux_lifetime_stop - what has this timer, which may be NULL, goes. */
void ux_lifetime_stop(struct uxfrm *u, struct ux_limit_timer *timer);
/* ux_lifetime_hand_over - @policy, which has no timer, stands where @old has stood. */
void ux_lifetime_hand_over(struct ux_policy *old, struct ux_policy *policy);
/* ux_lifetime_tick - do what is due, @most of it; the next deadline, UINT64_MAX: none. */
uint64_t ux_lifetime_tick(struct uxfrm *u, int most);

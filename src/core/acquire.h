/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A packet needs an SA that is not there (Linux: the end of xfrm_state_find): a larval SA stands in
 * its place while an IKE daemon, told by an ACQUIRE event, makes it. While it stands nobody is
 * asked again; it goes when the SA comes or its time is over (params.acq_expires_s). If nobody
 * hears of the event there is no larval SA. A policy can also want an SA for each CPU (RFC 9611),
 * which packets do not wait for when there is one for all.
 */

#include <stdbool.h>

#include "core/notice.h"
#include "core/policy.h"

/*
 * ux_acquire_in_progress - is a larval SA there for what @query asks for? @for_cpu: for its CPU
 * alone, as there is an SA for all of them. Workers in a read section, or the control thread.
 */
bool ux_acquire_in_progress(const struct uxfrm *u, const struct ux_sa_query *query, bool for_cpu);
/* ux_acquire_wanted - is @found, what there is for a template of @policy, not what it should be?
 * NULL: there is nothing. */
bool ux_acquire_wanted(const struct ux_policy *policy, const struct ux_sa *found);
/* ux_acquire - a worker has met a template without an SA; things may have changed since. Control
 * thread. */
void ux_acquire(struct uxfrm *u, const struct ux_notice_acquire *notice);

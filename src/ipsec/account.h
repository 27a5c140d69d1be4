/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What packets count in their SAs, and what follows from that: limits are kept here, and all that
 * the control thread has to know is noted (core/notice.h). As in Linux (xfrm_state_check_expire)
 * the packet that reaches a limit passes, and the one after it meets the limit.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ipsec/worker.h"

/*
 * ux_account_allow - outbound: how many of the packets from live[@first] on that use the same SA as
 * that one its hard limits let pass, the first of them in order.
 */
uint32_t ux_account_allow(struct uxfrm_worker *w, size_t first);
/* ux_account_may_pass - inbound: do the hard limits let one more packet pass? */
bool ux_account_may_pass(struct uxfrm_worker *w, const struct ux_sa *sa);
/* ux_account_count - bytes and packets of an SA, and the times of its use. */
void ux_account_count(struct ux_sa_runtime *rt, uint64_t bytes, uint64_t packets, uint64_t now_s);
/* ux_account_sequence - the SA has sent or accepted numbers: is it time to tell them? */
void ux_account_sequence(struct uxfrm_worker *w, struct ux_sa_runtime *rt);
/* ux_account_source - inbound, a genuine packet in UDP: does it come from where @sa says? */
void ux_account_source(struct uxfrm_worker *w, struct ux_sa *sa, const struct ux_addr *saddr,
		       __be16 sport);

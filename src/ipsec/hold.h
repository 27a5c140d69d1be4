/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Packets that wait for what was taken away and may come back (core/interim.h). Each returns
 * whether the packet, which has its verdict then, waits; it must be as it came. */

#include "ipsec/worker.h"

/* ux_hold_outbound - before a policy that blocks has its way. */
bool ux_hold_outbound(struct uxfrm_worker *w, struct ux_slot *s);
/* ux_hold_for_sa - before an SA with this reqid is missed. */
bool ux_hold_for_sa(struct uxfrm_worker *w, struct ux_slot *s, uint32_t reqid);
/* ux_hold_for_keys - the SAs of @policy are being asked for. */
bool ux_hold_for_keys(struct uxfrm_worker *w, struct ux_slot *s, const struct ux_policy *policy);
/*
 * ux_hold_changed - before a packet is dropped because something is missing: what was
 * missing may have come during the burst. It is seen once more. @key: whom it shares room with.
 */
bool ux_hold_changed(struct uxfrm_worker *w, struct ux_slot *s, uint32_t key);
/* ux_hold_for_move - before a packet is dropped because its SA is, for now, somewhere else or has another
 * encapsulation: its peer may have moved first. */
bool ux_hold_for_move(struct uxfrm_worker *w, struct ux_slot *s);
/*
 * ux_hold_overtakes - may packets of @sa, which has moved, still overtake those sent before?
 * ux_hold_for_older - s->sa is fit, and this packet may: those in other ports' queues go first
 * (uxfrm_worker_wants_older).
 */
bool ux_hold_overtakes(const struct uxfrm_worker *w, const struct ux_sa *sa);
bool ux_hold_for_older(struct uxfrm_worker *w, struct ux_slot *s);
/* ux_hold_behind - s->sa is fit, but something has changed since those that wait were looked at: they go first, and in
 * their order. */
bool ux_hold_behind(struct uxfrm_worker *w, struct ux_slot *s);
/* ux_hold_inbound - s->sa was found. */
bool ux_hold_inbound(struct uxfrm_worker *w, struct ux_slot *s);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What happened to the databases, told to all who listen: the subscribers of NETLINK_XFRM groups
 * and the PF_KEY sockets. One function for each kind of event; requests of either protocol call it,
 * and each protocol words it in its own way. What becomes of an event is of no concern to the
 * requester.
 */

#include "core/legacy_migrate.h"
#include "core/policy.h"
#include "ctl/request.h"

/* What an event repeats of the request that caused it, as the request's header has it. */
struct ux_event_origin {
	uint32_t seq, port_id;
};
/* ux_event_origin - of a netlink request. */
struct ux_event_origin ux_event_origin(const struct ux_request *req);

/*
 * ux_event_sa - an SA was added (@type XFRM_MSG_NEWSA), updated (XFRM_MSG_UPDSA) or goes
 * (XFRM_MSG_DELSA). @sa must still be readable. @state: what the event says the SA is.
 */
void ux_event_sa(struct uxfrm *u, uint16_t type, const struct ux_sa *sa, enum ux_sa_state state,
		 const struct ux_event_origin *origin);
/* ux_event_sa_flushed - all SAs of @proto (0: everything, 255: IPsec) are gone. */
void ux_event_sa_flushed(struct uxfrm *u, uint8_t proto, const struct ux_event_origin *origin);
/* ux_event_sa_expired - a soft or hard limit of @sa; @port_id: of the client that says so, or 0. */
void ux_event_sa_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard, enum ux_sa_state state,
			 uint32_t port_id);

/*
 * ux_event_policy - a policy was added (XFRM_MSG_NEWPOLICY), updated (XFRM_MSG_UPDPOLICY) or goes
 * (XFRM_MSG_DELPOLICY; @by_index: how the request named it).
 */
void ux_event_policy(struct uxfrm *u, uint16_t type, const struct ux_policy *policy, bool by_index,
		     const struct ux_event_origin *origin);
/* ux_event_policy_flushed - all policies of @policy_type are gone. */
void ux_event_policy_flushed(struct uxfrm *u, uint8_t policy_type,
			     const struct ux_event_origin *origin);
/* ux_event_policy_expired - as ux_event_sa_expired; PF_KEY has no message for it, as in Linux. */
void ux_event_policy_expired(struct uxfrm *u, const struct ux_policy *policy, bool hard,
			     uint32_t port_id);

/*
 * ux_event_acquire - @policy needs the SA of its template @t, for the CPU @pcpu alone unless that
 * is UINT32_MAX. What of the message is neither is
 * @acquire's, that is changed to what NETLINK_XFRM tells. Returns the number the request goes by,
 * NETLINK_XFRM's if anybody listens there; 0: nobody has heard it.
 */
uint32_t ux_event_acquire(struct uxfrm *u, const struct ux_policy *policy,
			  const struct ux_template *t, uint32_t pcpu,
			  struct xfrm_user_acquire *acquire);

/* ux_event_sequence - the sequence numbers of @sa, over NETLINK_XFRM; PF_KEY has no message for
 * them, as in Linux. @cause: XFRM_AE_CU a request, _CR their threshold, _CE the time. */
void ux_event_sequence(struct uxfrm *u, const struct ux_sa *sa, uint32_t cause,
		       const struct ux_event_origin *origin);

/* ux_event_from_packets - from now on, what packets cause is told to those who listen. */
void ux_event_from_packets(struct uxfrm *u);
/* ux_event_listeners_changed - a client listens to something else, came or went. */
void ux_event_listeners_changed(struct uxfrm *u);

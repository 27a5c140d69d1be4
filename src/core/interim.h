/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What a client has taken away and may bring back at once. IKE daemons without MIGRATE_STATE move
 * an SA so: they block or delete its policies, delete the SA, install it again with other addresses
 * and the same key, and install the policies again. For params.hold_ms what was taken away is
 * remembered here:
 *
 *  - a deleted SA is parked: clients do not see it and no packet passes by it, but one that comes
 * for it waits. Installed again with its counters it goes on with the runtime it had: sequence
 * number, IV, window.
 *  - a policy that protected leaves a gap when it is replaced by one that blocks, one for inbound
 * packets also when it is deleted: packets that it covered wait until one with its selector is
 * there again. An outbound policy that is deleted leaves none, as in Linux.
 *
 * A packet waits with its caller (UXFRM_HOLD), who offers it again when ux_interim.changes has
 * moved.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/policy.h"
#include "core/sa.h"

struct uxfrm;

/* More than these are not remembered: of SAs the oldest goes, of policies the newest has none. An
 * IKE daemon has a few at work at a time; a client that clears thousands must not pay for them. */
#define UX_PARKED_MAX 1024
#define UX_PARKED_BUCKETS 256
#define UX_GAPS_MAX 128

struct ux_gap;

struct ux_interim {
	/* control thread */
	struct ux_list parked;				 /* ux_sa.timed, by deadline */
	struct ux_list parked_by_spi[UX_PARKED_BUCKETS]; /* ux_sa.grace_link */
	struct ux_list gaps_by_time;
	uint32_t n_parked;
	/* control thread writes, workers read */
	_Atomic(uint16_t)
	    parked_reqids[UX_PARKED_BUCKETS]; /* parked SAs, by the low bits of reqid */
	_Atomic(uint16_t) parked_spis[UX_PARKED_BUCKETS]; /* and of the SPI */
	_Atomic(uint32_t) n_gaps;
	_Atomic(struct ux_gap *) gaps[UX_GAPS_MAX]; /* constant once published */
	_Atomic(uint32_t) changes;  /* of anything that a packet may wait for, or that goes */
	_Atomic(uint32_t) n_opened; /* gaps ever */
};

void ux_interim_init(struct uxfrm *u);
void ux_interim_fini(struct uxfrm *u);
/* ux_interim_tick - forget what is due. Returns the next deadline, UINT64_MAX: none. */
uint64_t ux_interim_tick(struct uxfrm *u);
/* ux_interim_look_again - what waits may pass now, though nothing has changed. Any thread. */
void ux_interim_look_again(struct uxfrm *u);
/* ux_interim_changed - an SA or a policy has come or gone. Control thread. */
void ux_interim_changed(struct uxfrm *u);

/* ux_interim_parks - does a deleted @sa stay parked (ux_sad_park) and not end at once? Makes room.
 */
bool ux_interim_parks(struct uxfrm *u, const struct ux_sa *sa);
/* ux_interim_add, _remove - @sa joins those parked, or leaves. For sad.c. */
void ux_interim_add(struct uxfrm *u, struct ux_sa *sa);
void ux_interim_remove(struct uxfrm *u, struct ux_sa *sa);
/*
 * ux_interim_find - the parked SA that @fresh is: same SPI, protocol, algorithms, keys and terms,
 * and @params gives its counters as they may have been read before it was deleted. NULL: none.
 */
struct ux_sa *ux_interim_find(struct uxfrm *u, const struct ux_sa *fresh,
			      const struct ux_sa_params *params);

/* ux_interim_open - @policy is about to be deleted, or replaced by one that blocks. */
void ux_interim_open(struct uxfrm *u, const struct ux_policy *policy);
/*
 * ux_interim_replace - @policy takes the place of @old. Where only addresses of templates are others,
 * the SAs may be about to follow: for hold_ms what comes by those that @old named is let in.
 */
void ux_interim_replace(struct uxfrm *u, const struct ux_policy *old,
			const struct ux_policy *policy);
/* ux_interim_close - @policy is there (again). */
void ux_interim_close(struct uxfrm *u, const struct ux_policy *policy);

/* ---- workers, in a read section ---- */

/* ux_interim_waits_out - would a policy that is gone for the moment have protected @flow? */
bool ux_interim_waits_out(struct uxfrm *u, const struct ux_flow_key *flow, uint32_t if_id);
/* ux_interim_waits_in - may packets that come by @sa need a policy that is gone for the moment? */
bool ux_interim_waits_in(struct uxfrm *u, const struct ux_sa *sa);
/*
 * ux_interim_allowed - was @flow, which came by these SAs, allowed by a policy for @dir that has
 * gone since ux_interim.n_opened was @since? A burst that began before may go on by what was there
 * then.
 */
bool ux_interim_allowed(struct uxfrm *u, uint32_t since, enum ux_policy_dir dir,
			const struct ux_flow_key *flow, struct ux_sa *const *bundle, uint32_t n);
/*
 * ux_interim_moves_here - may the SA with this SPI be about to move to where a packet came for it,
 * though its destination is another now? Its peer may have moved first. Sometimes true where it is not.
 */
bool ux_interim_moves_here(struct uxfrm *u, __be32 spi, uint8_t proto);
/* ux_interim_waits_sa - may an SA for this template be parked? Sometimes true where none is. */
static inline bool ux_interim_waits_sa(const struct ux_interim *i, uint32_t reqid)
{
	return atomic_load_explicit(&i->parked_reqids[reqid % UX_PARKED_BUCKETS],
				    memory_order_relaxed);
}

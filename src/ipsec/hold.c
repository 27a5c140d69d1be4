/* SPDX-License-Identifier: BSD-2-Clause */

/* Which packets wait. */

#include "ipsec/hold.h"

#include "ipsec/protocol.h"

static bool hold_for(struct uxfrm_worker *w, struct ux_slot *s, uint32_t shares_with, uint32_t ms)
{
	s->p->verdict = UXFRM_HOLD;
	s->p->spi = shares_with;
	s->p->hold_ms = ms;
	s->done = true;
	w->held = true;
	ux_count_add(&w->counters->held, 1);
	return true;
}

static bool hold(struct uxfrm_worker *w, struct ux_slot *s, uint32_t shares_with)
{
	return hold_for(w, s, shares_with, w->instance->params.hold_ms);
}

bool ux_hold_outbound(struct uxfrm_worker *w, struct ux_slot *s)
{
	return s->p->may_hold && ux_interim_waits_out(w->instance, &s->flow, s->p->if_id) &&
	       hold(w, s, 0);
}

bool ux_hold_for_sa(struct uxfrm_worker *w, struct ux_slot *s, uint32_t reqid)
{
	return s->p->may_hold && ux_interim_waits_sa(&w->instance->interim, reqid) &&
	       hold(w, s, reqid);
}

bool ux_hold_for_keys(struct uxfrm_worker *w, struct ux_slot *s, const struct ux_policy *policy)
{
	const struct uxfrm_params *params = &w->instance->params;

	return !params->larval_drop && s->p->may_hold &&
	       hold_for(w, s, policy->index, params->acq_expires_s * 1000);
}

bool ux_hold_changed(struct uxfrm_worker *w, struct ux_slot *s, uint32_t key)
{
	const _Atomic(uint32_t) *changes = &w->instance->interim.changes;

	return s->p->may_hold && !s->n_bundle && w->instance->params.hold_ms &&
	       atomic_load_explicit(changes, memory_order_acquire) != w->changes && hold(w, s, key);
}

bool ux_hold_for_move(struct uxfrm_worker *w, struct ux_slot *s)
{
	uint8_t proto = s->protocol->proto;
	__be32 spi;

	if (!s->p->may_hold || s->n_bundle || !w->instance->params.hold_ms)
		return false;
	if (proto != IPPROTO_ESP && proto != IPPROTO_AH)
		return false;
	spi = s->protocol->spi(w, s);
	return ux_interim_moves_here(w->instance, spi, proto) && hold(w, s, be32toh(spi));
}

bool ux_hold_behind(struct uxfrm_worker *w, struct ux_slot *s)
{
	const _Atomic(uint32_t) *changes = &w->instance->interim.changes;

	if (!w->others_wait && !w->held)
		return false;
	if (!s->p->may_hold || s->n_bundle || !w->instance->params.hold_ms)
		return false;
	return atomic_load_explicit(changes, memory_order_acquire) !=
		   (w->others_wait ? w->offered : w->changes) &&
	       hold(w, s, be32toh(s->sa->id.spi));
}

bool ux_hold_inbound(struct uxfrm_worker *w, struct ux_slot *s)
{
	/* what was opened already cannot be given back as it came */
	if (!s->p->may_hold || s->n_bundle)
		return false;
	/* keys of an SA whose SPI was given out may be on their way */
	if (!w->instance->params.hold_ms)
		return false;
	if (ux_sa_state_of(s->sa) == UX_SA_LARVAL || ux_sa_is_parked(s->sa) ||
	    ux_interim_waits_in(w->instance, s->sa))
		return hold(w, s, be32toh(s->sa->id.spi));
	return false;
}

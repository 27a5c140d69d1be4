/* SPDX-License-Identifier: BSD-2-Clause */

/* Which packets wait. */

#include "ipsec/hold.h"

#include <string.h>

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "core/sad.h"
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

static struct ux_moved_sa moved_of(const struct ux_slot *s)
{
	return (struct ux_moved_sa){
	    .id = s->sa->id, .mark = s->p->mark, .encap_type = s->encap_type};
}

/* Packets of one SA come together. */
static void note_moved(struct uxfrm_worker *w, const struct ux_slot *s)
{
	const struct ux_moved_sa *last = w->n_moved ? &w->moved[w->n_moved - 1] : NULL;

	if (last && last->id.spi == s->sa->id.spi && last->mark == s->p->mark &&
	    ux_addr_equal(&last->id.daddr, &s->sa->id.daddr, s->sa->id.family))
		return;
	if (w->n_moved < UX_MOVED_MAX)
		w->moved[w->n_moved++] = moved_of(s);
}

bool ux_hold_overtakes(const struct uxfrm_worker *w, const struct ux_sa *sa)
{
	return w->several_ports &&
	       atomic_load_explicit(&sa->runtime->overtakes, memory_order_acquire) &&
	       !atomic_load_explicit(&sa->grace, memory_order_relaxed);
}

bool ux_hold_for_older(struct uxfrm_worker *w, struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;

	if (!ux_hold_overtakes(w, sa))
		return false;
	if (!s->p->may_hold || s->n_bundle || !w->instance->params.hold_ms)
		return false;
	note_moved(w, s);
	return hold(w, s, be32toh(sa->id.spi));
}

UXFRM_API void uxfrm_worker_set_several_ports(struct uxfrm_worker *w, bool several)
{
	w->several_ports = several;
}

UXFRM_API uint32_t uxfrm_worker_wants_older(const struct uxfrm_worker *w)
{
	return w->n_moved;
}

static void now_in_order(struct uxfrm *u, const struct ux_moved_sa *moved)
{
	const struct ux_sa *sa =
	    ux_sad_lookup_inbound(u, &moved->id, moved->mark, moved->encap_type);

	if (sa && !atomic_load_explicit(&sa->grace, memory_order_relaxed))
		atomic_store_explicit(&sa->runtime->overtakes, false, memory_order_release);
}

UXFRM_API void uxfrm_worker_older_taken(struct uxfrm_worker *w, uint32_t n)
{
	if (n > w->n_moved)
		n = w->n_moved;
	ux_rcu_read_lock();
	for (uint32_t i = 0; i < n; i++)
		now_in_order(w->instance, &w->moved[i]);
	ux_rcu_read_unlock();
	w->n_moved -= n;
	memmove(w->moved, w->moved + n, w->n_moved * sizeof(w->moved[0]));
	ux_interim_look_again(w->instance);
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

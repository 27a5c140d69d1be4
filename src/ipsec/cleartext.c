/* SPDX-License-Identifier: BSD-2-Clause */

/* Packets that reached the host without an SA (RFC 4301 section 5.2 step 3b). */

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "ipsec/worker.h"

static bool wants_sa(const struct ux_policy *policy)
{
	for (unsigned int i = 0; i < policy->n_templates; i++)
		if (!policy->templates[i].optional)
			return true;
	return false;
}

static enum uxfrm_drop let_in(struct ux_slot *s)
{
	s->p->verdict = UXFRM_DELIVER;
	s->done = true;
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop check(struct uxfrm_worker *w, struct ux_slot *s, enum ux_policy_dir dir)
{
	struct uxfrm *u = w->instance;
	struct ux_policy *policy;
	const struct ux_policy *beside;

	if (!ux_ip_parse(s->p->data, s->p->len, &s->ip))
		return UXFRM_DROP_IN_HEADER;
	ux_flow_key_fill(s->p->data, &s->ip, &s->flow);
	s->flow.mark = s->p->mark;
	s->flow.ifindex = s->p->ifindex;
	policy = ux_spd_lookup(u, dir, &s->flow, 0);
	if (!policy)
		return ux_spd_default(&u->spd, dir) == UX_POLICY_BLOCK ? UXFRM_DROP_IN_NO_POLICY
								       : let_in(s);
	atomic_store_explicit(&policy->use_time_s, w->now_s, memory_order_relaxed);
	beside = policy->type == UX_POLICY_TYPE_SUB
		     ? ux_spd_lookup_type(u, UX_POLICY_IN, UX_POLICY_TYPE_MAIN, &s->flow, 0)
		     : NULL;
	if (policy->action != UX_POLICY_ALLOW || (beside && beside->action != UX_POLICY_ALLOW))
		return UXFRM_DROP_IN_BLOCK;
	return wants_sa(policy) || (beside && wants_sa(beside)) ? UXFRM_DROP_IN_TEMPLATE : let_in(s);
}

static enum uxfrm_drop check_in(struct uxfrm_worker *w, struct ux_slot *s)
{
	return check(w, s, UX_POLICY_IN);
}

static enum uxfrm_drop check_fwd(struct uxfrm_worker *w, struct ux_slot *s)
{
	return check(w, s, UX_POLICY_FWD);
}

UXFRM_API void uxfrm_cleartext(struct uxfrm_worker *w, struct uxfrm_packet *const *packets,
			       size_t n, bool forwarded)
{
	while (n > 0) {
		size_t burst = n < UXFRM_BURST ? n : UXFRM_BURST;

		ux_rcu_read_lock();
		ux_worker_begin(w);
		ux_worker_load(w, packets, burst);
		ux_worker_stage(w, forwarded ? check_fwd : check_in);
		ux_rcu_read_unlock();
		packets += burst;
		n -= burst;
	}
}

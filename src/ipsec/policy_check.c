/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The inbound policy check, in Linux's order (__xfrm_policy_check): the SAs' selectors, the policy,
 * its templates. Three differences, all towards dropping or towards a moved SA: no policy drops a
 * packet that came in transport mode too; a selector of the other family matches only when it is a
 * wildcard; a template may name the SA by an identity it had before it moved.
 */

#include "ipsec/policy_check.h"

#include "base/rcu.h"
#include "core/companion.h"
#include "ipsec/sub_policy.h"
#include "packet/icmp_quote.h"

static bool selector_fits(const struct ux_selector *sel, const struct ux_flow_key *flow)
{
	/* An SA without selector gets its outer family as the selector's; that must not shut out
	 * the other family inside. */
	if (sel->family && sel->family != flow->family && (sel->prefixlen_d || sel->prefixlen_s))
		return false;
	return ux_selector_match(sel, flow);
}

static bool address_fits(const struct ux_addr *wanted, const struct ux_addr *has,
			 uint16_t wanted_family, uint16_t family)
{
	if (ux_addr_is_any(wanted, wanted_family))
		return true;
	return wanted_family == family && ux_addr_equal(wanted, has, family);
}

static bool identity_fits(const struct ux_template *t, const struct ux_former_identity *id)
{
	if (t->reqid && t->reqid != id->reqid)
		return false;
	/* In transport mode the packet's own addresses are the SA's. */
	if (t->mode == UX_MODE_TRANSPORT)
		return true;
	return address_fits(&t->daddr, &id->daddr, t->family, id->family) &&
	       address_fits(&t->saddr, &id->saddr, t->family, id->family);
}

static bool sa_fits(const struct ux_template *t, const struct ux_sa *sa)
{
	struct ux_former_identity id = {
	    .daddr = sa->id.daddr,
	    .saddr = sa->saddr,
	    .reqid = sa->reqid,
	    .family = sa->id.family,
	};

	return identity_fits(t, &id);
}

static bool former_fits(const struct ux_template *t, struct ux_sa_runtime *rt)
{
	const struct ux_former_set *former = ux_rcu_follow(&rt->former);

	for (uint32_t i = 0; former && i < former->n; i++)
		if (identity_fits(t, &former->id[i]))
			return true;
	return false;
}

/* Has @comp, or had it before it moved, its companion where @companion is? */
static bool has_companion(const struct ux_sa *comp, const struct ux_sa *companion)
{
	const struct ux_former_set *former = ux_rcu_follow(&comp->runtime->former);
	const uint16_t family = companion->id.family;

	if (address_fits(&comp->saddr, &companion->saddr, comp->id.family, family))
		return true;
	for (uint32_t i = 0; former && i < former->n; i++)
		if (address_fits(&former->id[i].saddr, &companion->saddr, former->id[i].family,
				 family))
			return true;
	return false;
}

/* A companion stands for an IPComp SA that was allowed to do nothing (Linux: xfrm_state_kern); that
 * may have moved since the template was made, or since the packet was sent. */
static bool companion_fits(struct uxfrm *u, uint32_t if_id, const struct ux_template *t,
			   const struct ux_sa *companion, uint32_t mark)
{
	const struct ux_sa_query query = {
	    .daddr = t->daddr,
	    .saddr = t->saddr,
	    .reqid = t->reqid,
	    .if_id = if_id,
	    .mark = mark,
	    .spi = t->spi,
	    .family = t->family,
	    .proto = t->proto,
	    .mode = t->mode,
	};
	const struct ux_sa *comp;

	if (!t->optional)
		return false;
	if (address_fits(&t->saddr, &companion->saddr, t->family, companion->id.family))
		return true;
	comp = u->params.strict_templates ? NULL : ux_sad_lookup_outbound(u, &query);
	return comp && has_companion(comp, companion);
}

/*
 * Is @sa what the template asks for? The packet may have come by a former tuple while the policies
 * already name the new one, or the other way round.
 */
static bool template_fits(struct uxfrm *u, uint32_t if_id, const struct ux_template *t,
			  const struct ux_sa *sa, uint32_t mark)
{
	const struct ux_sa *current;

	if (ux_sa_is_companion(sa))
		return companion_fits(u, if_id, t, sa, mark);
	if (t->proto != sa->id.proto || t->mode != sa->mode)
		return false;
	if ((t->spi && t->spi != sa->id.spi) || (if_id && if_id != sa->if_id))
		return false;
	if (sa_fits(t, sa))
		return true;
	current = ux_rcu_follow(&sa->runtime->current);
	if (current && current != sa && sa_fits(t, current))
		return true;
	return !u->params.strict_templates && former_fits(t, sa->runtime);
}

/*
 * How far into the SAs of the packet a template leads: behind the one it asked for, which is looked
 * for from @from on, but not beyond a tunnel. Optional ones may find nothing. -1: it is not there.
 * (Linux: xfrm_policy_ok)
 */
static int follow_template(struct uxfrm *u, uint32_t if_id, const struct ux_template *t,
			   const struct ux_slot *s, int from)
{
	if (t->optional && t->mode == UX_MODE_TRANSPORT)
		return from;
	for (int i = from; i < s->n_bundle; i++) {
		if (template_fits(u, if_id, t, s->bundle[i], s->p->mark))
			return i + 1;
		if (s->bundle[i]->mode != UX_MODE_TRANSPORT)
			break;
	}
	return t->optional ? from : -1;
}

/*
 * All templates against all SAs, from the outermost inwards. A tunnel that no template led to was
 * not asked for.
 */
static bool templates_fit(struct uxfrm *u, uint32_t if_id, const struct ux_wanted_templates *wanted,
			  const struct ux_slot *s)
{
	int at = 0;

	for (unsigned int i = wanted->n; i-- > 0 && at >= 0;)
		at = follow_template(u, if_id, wanted->at[i], s, at);
	if (at < 0)
		return false;
	while (at < s->n_bundle)
		if (s->bundle[at++]->mode != UX_MODE_TRANSPORT)
			return false;
	return true;
}

/* @quoted: NULL, or the flow an ICMP error belongs to, which may fit where the error does not. */
static bool selectors_fit(const struct ux_slot *s, const struct ux_flow_key *quoted)
{
	for (unsigned int i = 0; i < s->n_bundle; i++) {
		const struct ux_sa *sa = s->bundle[i];

		if (selector_fits(&sa->sel, &s->flow))
			continue;
		if (!quoted || !(sa->flags & UX_SA_ICMP) || !selector_fits(&sa->sel, quoted))
			return false;
	}
	return true;
}

/* That of one of its SAs; several with different ones are not told apart. */
static const struct ux_label *label_of(const struct ux_slot *s)
{
	const struct ux_label *label = NULL;

	for (unsigned int i = 0; i < s->n_bundle && !label; i++)
		label = ux_sa_label(s->bundle[i]);
	return label;
}

/* The main policy that counts beside one of type sub; NULL: none. As in Linux that is one for
 * input, also where the packet goes on. */
static struct ux_policy *policy_beside(struct uxfrm_worker *w, const struct ux_slot *s,
				       const struct ux_flow_key *flow,
				       const struct ux_policy *policy)
{
	struct ux_policy *beside;

	if (policy->type != UX_POLICY_TYPE_SUB)
		return NULL;
	beside = ux_spd_lookup_type(w->instance, UX_POLICY_IN, UX_POLICY_TYPE_MAIN, flow,
				    s->p->if_id);
	if (beside)
		atomic_store_explicit(&beside->use_time_s, w->now_s, memory_order_relaxed);
	return beside;
}

/* @flow: whose policy it is. */
static enum uxfrm_drop check_policy(struct uxfrm_worker *w, const struct ux_slot *s,
				    const struct ux_flow_key *flow, struct ux_policy *policy)
{
	struct ux_wanted_templates wanted;
	struct ux_policy *beside;

	if (!policy)
		return UXFRM_DROP_IN_NO_POLICY;
	atomic_store_explicit(&policy->use_time_s, w->now_s, memory_order_relaxed);
	beside = policy_beside(w, s, flow, policy);
	if (policy->action != UX_POLICY_ALLOW || (beside && beside->action != UX_POLICY_ALLOW))
		return UXFRM_DROP_IN_BLOCK;
	if (!ux_sub_policy_templates(policy, beside, flow->family, &wanted))
		return UXFRM_DROP_IN_BUNDLE;
	return templates_fit(w->instance, policy->if_id, &wanted, s) ? UXFRM_DROP_NONE
								     : UXFRM_DROP_IN_TEMPLATE;
}

/* Which packet of a flow an ICMP error is about; NULL: it is none. */
static const struct ux_flow_key *quoted_by(const struct ux_slot *s, struct ux_flow_key *flow)
{
	if (!ux_icmp_quote_reversed(s->p->data, &s->ip, flow))
		return NULL;
	flow->mark = s->flow.mark;
	flow->ifindex = s->flow.ifindex;
	flow->label_known = s->flow.label_known;
	flow->label = s->flow.label;
	return flow;
}

/*
 * RFC 4301 section 6: an error that the check has refused may come by the flow it belongs to. To
 * the host itself when the last SA lets it (Linux: icmp_rcv); to be forwarded, when no policy is
 * for the error, and that of the flow lets it (Linux: xfrm_in_fwd_icmp).
 */
static enum uxfrm_drop check_quoted(struct uxfrm_worker *w, const struct ux_slot *s,
				    enum ux_policy_dir dir, enum uxfrm_drop reason,
				    const struct ux_flow_key *quoted)
{
	struct ux_policy *policy;

	if (dir == UX_POLICY_IN && !(s->bundle[s->n_bundle - 1]->flags & UX_SA_ICMP))
		return reason;
	if (dir == UX_POLICY_FWD && reason != UXFRM_DROP_IN_NO_POLICY)
		return reason;
	policy = ux_spd_lookup(w->instance, dir, quoted, s->p->if_id);
	if (dir == UX_POLICY_FWD && policy && !(policy->flags & UX_POLICY_FLAG_ICMP))
		return reason;
	return check_policy(w, s, quoted, policy) == UXFRM_DROP_NONE ? UXFRM_DROP_NONE : reason;
}

static bool changed_since(const struct uxfrm_worker *w)
{
	return w->instance->params.hold_ms &&
	       atomic_load_explicit(&w->instance->interim.changes, memory_order_acquire) !=
		   w->changes;
}

enum uxfrm_drop ux_policy_check(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct uxfrm *u = w->instance;
	const struct ux_flow_key *quoted;
	struct ux_policy *policy;
	struct ux_flow_key flow;
	enum uxfrm_drop reason;
	enum ux_policy_dir dir;

	s->flow.mark = s->p->mark;
	s->flow.ifindex = s->p->ifindex;
	s->flow.label_known = true;
	s->flow.label = label_of(s);
	quoted = quoted_by(s, &flow);
	if (!selectors_fit(s, quoted))
		return UXFRM_DROP_IN_SELECTOR;
	dir = ux_local_contains(&u->local, s->flow.family, &s->flow.daddr) ? UX_POLICY_IN
									   : UX_POLICY_FWD;
	s->p->if_id = ux_interfaces_have(&u->interfaces, s->sa->if_id) ? s->sa->if_id : 0;
	policy = ux_spd_lookup(u, dir, &s->flow, s->p->if_id);
	reason = check_policy(w, s, &s->flow, policy);
	s->policy = reason == UXFRM_DROP_NONE ? policy : NULL;
	/* Its policy may have gone since the burst began; it will wait for no packet opened
	 * already. */
	if (reason != UXFRM_DROP_NONE &&
	    ux_interim_allowed(u, w->gaps, dir, &s->flow, s->bundle, s->n_bundle))
		reason = UXFRM_DROP_NONE;
	/* or have been away at the first look, and be back by now */
	else if (reason == UXFRM_DROP_IN_NO_POLICY && changed_since(w))
		reason = check_policy(w, s, &s->flow, ux_spd_lookup(u, dir, &s->flow, s->p->if_id));
	if (reason == UXFRM_DROP_NONE || !quoted)
		return reason;
	return check_quoted(w, s, dir, reason, quoted);
}

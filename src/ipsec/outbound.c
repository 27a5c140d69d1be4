/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Outbound: policy, SAs, then one round for each SA of the bundle, each stage over the whole burst.
 *
 *   read -> look up -> classify -> [ plan -> number -> place and seal -> encrypt -> finish ] ... ->
 * underlay
 */

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "core/acquire.h"
#include "ipsec/fast.h"
#include "ipsec/hold.h"
#include "ipsec/interface_check.h"
#include "ipsec/mode.h"
#include "ipsec/path_mtu.h"
#include "ipsec/protocol.h"
#include "ipsec/sa_use.h"
#include "ipsec/sub_policy.h"
#include "packet/icmp_quote.h"

#include <netinet/in.h>
#include <sched.h>

static enum uxfrm_drop bypass(struct uxfrm_worker *w, struct ux_slot *s)
{
	s->p->verdict = UXFRM_BYPASS;
	s->done = true;
	ux_count_add(&w->counters->bypassed, 1);
	return UXFRM_DROP_NONE;
}

/* Can the path do what this SA is for? */
static enum uxfrm_drop check_sa(const struct ux_sa *sa)
{
	if (sa->dir != UX_SA_DIR_NONE && sa->dir != UX_SA_DIR_OUT)
		return UXFRM_DROP_OUT_DIRECTION;
	if (!ux_protocol_of(sa->id.proto) || !sa->runtime->transform)
		return UXFRM_DROP_OUT_TEMPLATE;
	return ux_mode_of(sa->mode) ? UXFRM_DROP_NONE : UXFRM_DROP_OUT_MODE;
}

/* Does the SPI that a template insists on belong to an SA of another kind? */
static enum uxfrm_drop missing(struct uxfrm_worker *w, const struct ux_sa_query *q)
{
	const struct ux_sa_id id = {
	    .daddr = q->daddr, .spi = q->spi, .family = q->family, .proto = q->proto};

	if (q->spi && ux_sad_lookup_inbound(w->instance, &id, q->mark, UX_ENCAP_NONE))
		return UXFRM_DROP_OUT_TEMPLATE;
	return UXFRM_DROP_OUT_NO_SA;
}

/* The @index'th template of the packet's policy has no SA, or not one for this CPU. */
static void ask_for(struct uxfrm_worker *w, const struct ux_slot *s,
		    const struct ux_policy *policy, const struct ux_sa_query *query,
		    unsigned int index, bool for_cpu)
{
	const struct ux_notice_acquire n = {.flow = s->flow,
					    .query = *query,
					    .index = (uint8_t)index,
					    .type = policy->type,
					    .for_cpu = for_cpu};

	ux_notice_acquire(w->instance, w->ring, &n);
}

/*
 * The SAs for the templates of a policy, innermost first (Linux: xfrm_tmpl_resolve_one). A
 * transport template takes the addresses of the packet as the SAs before have left it.
 */
static enum uxfrm_drop resolve(struct uxfrm_worker *w, struct ux_slot *s,
			       const struct ux_policy *policy)
{
	struct ux_sa_query q = {
	    .daddr = s->flow.daddr,
	    .saddr = s->flow.saddr,
	    .family = s->flow.family,
	    .if_id = policy->if_id,
	    .mark = policy->mark.v & policy->mark.m,
	    .cpu = w->cpu,
	    .label = policy->label,
	    .flow = &s->flow,
	};

	for (unsigned int i = 0; i < policy->n_templates; i++) {
		const struct ux_template *t = &policy->templates[i];
		struct ux_sa_query asked = q;
		enum uxfrm_drop reason;
		struct ux_sa *sa;

		if (t->mode != UX_MODE_TRANSPORT) {
			asked.daddr = t->daddr;
			asked.saddr = t->saddr;
			asked.family = t->family;
		}
		asked.reqid = t->reqid;
		asked.spi = t->spi;
		asked.proto = t->proto;
		asked.mode = t->mode;
		sa = ux_sad_lookup_outbound(w->instance, &asked);
		if (!sa && ux_hold_for_sa(w, s, t->reqid))
			return UXFRM_DROP_NONE;
		if (ux_acquire_wanted(policy, sa))
			ask_for(w, s, policy, &asked, i, sa);
		if (!sa && t->optional)
			continue;
		reason = sa ? check_sa(sa) : missing(w, &asked);
		if (reason != UXFRM_DROP_NONE)
			return reason;
		/* The SA may have moved away from the template's addresses; what follows sees where
		 * to. */
		if (t->mode != UX_MODE_TRANSPORT) {
			q.daddr = sa->id.daddr;
			q.saddr = sa->saddr;
			q.family = sa->id.family;
		}
		s->bundle[s->n_bundle++] = sa;
	}
	return UXFRM_DROP_NONE;
}

/* The SAs that a policy wants, and for one of type sub those of the main policy beside it. */
static enum uxfrm_drop resolve_all(struct uxfrm_worker *w, struct ux_slot *s,
				   const struct ux_policy *policy)
{
	struct ux_policy *beside = NULL;
	enum uxfrm_drop reason;

	if (policy->type == UX_POLICY_TYPE_SUB)
		beside = ux_spd_lookup_type(w->instance, UX_POLICY_OUT, UX_POLICY_TYPE_MAIN,
					    &s->flow, s->p->if_id);
	if (!beside)
		return resolve(w, s, policy);
	if (beside->action != UX_POLICY_ALLOW)
		return UXFRM_DROP_OUT_BLOCK;
	if (policy->n_templates + beside->n_templates > UX_TEMPLATES_MAX)
		return UXFRM_DROP_OUT_TEMPLATE;
	reason = resolve(w, s, policy);
	if (reason == UXFRM_DROP_NONE && !s->done)
		reason = resolve(w, s, beside);
	if (reason != UXFRM_DROP_NONE)
		return reason;
	atomic_store_explicit(&beside->use_time_s, w->now_s, memory_order_relaxed);
	ux_sub_policy_sort(s->bundle, s->n_bundle, s->flow.family);
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop without_sa(struct uxfrm_worker *w, struct ux_slot *s)
{
	enum uxfrm_drop reason = ux_interface_check(s);

	return reason == UXFRM_DROP_NONE ? bypass(w, s) : reason;
}

static enum uxfrm_drop read_flow(struct uxfrm_worker *w, struct ux_slot *s)
{
	if (!ux_ip_parse(s->p->data, s->p->len, &s->ip))
		return UXFRM_DROP_OUT_HEADER;
	s->p->len = s->original_len = s->ip.total_len;
	ux_flow_key_fill(s->p->data, &s->ip, &s->flow);
	s->flow.mark = s->p->mark;
	s->flow.ifindex = s->p->ifindex;
	return UXFRM_DROP_NONE;
}

/* The policies of all packets together: one look-up's memory comes while another is at work. */
static void find_policies(struct uxfrm_worker *w)
{
	struct ux_spd_query q[UXFRM_BURST];

	for (size_t i = 0; i < w->n_live; i++) {
		q[i].flow = &w->live[i]->flow;
		q[i].group.if_id = w->live[i]->p->if_id;
	}
	ux_spd_lookup_all(w->instance, UX_POLICY_OUT, q, w->n_live);
	for (size_t i = 0; i < w->n_live; i++)
		w->live[i]->policy = q[i].found;
}

/*
 * RFC 4301 section 6: an ICMP error that no policy is for goes the way of the flow it belongs to,
 * if that one's policy lets it (Linux: XFRM_LOOKUP_ICMP). NULL: it does not.
 */
static struct ux_policy *policy_of_quoted(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_policy *policy;
	struct ux_flow_key quoted;

	if (!ux_icmp_quote_reversed(s->p->data, &s->ip, &quoted))
		return NULL;
	quoted.mark = s->flow.mark;
	quoted.ifindex = s->flow.ifindex;
	policy = ux_spd_lookup(w->instance, UX_POLICY_OUT, &quoted, s->p->if_id);
	if (!policy || !(policy->flags & UX_POLICY_FLAG_ICMP))
		return NULL;
	s->flow = quoted;
	return policy;
}

/*
 * Must a fragment be looked at together with the rest of its packet? A part by itself could pass in
 * clear where another is protected (RFC 4301 section 7): later fragments do not show ports, nor
 * what an ICMP error quotes, nor the protocol behind extension headers.
 */
static bool is_part(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	const bool six = s->ip.family == AF_INET6;

	if (!s->ip.fragment)
		return false;
	if (six && ux_ip6_is_extension(s->p->data[s->ip.fragment_offset]))
		return true;
	if (!s->policy && s->ip.proto == (six ? IPPROTO_ICMPV6 : IPPROTO_ICMP) &&
	    ux_spd_quotes_decide(&w->instance->spd))
		return true;
	return ux_spd_ports_decide(w->instance, UX_POLICY_OUT, &s->flow, s->p->if_id, s->policy);
}

/* Is what stopped it for the moment only? */
static bool waits(struct uxfrm_worker *w, struct ux_slot *s, const struct ux_policy *policy,
		  enum uxfrm_drop reason)
{
	if (reason == UXFRM_DROP_OUT_BLOCK)
		return ux_hold_outbound(w, s) || ux_hold_changed(w, s, 0);
	if (reason == UXFRM_DROP_OUT_NO_SA)
		return ux_hold_for_keys(w, s, policy) || ux_hold_changed(w, s, 0);
	return false;
}

static enum uxfrm_drop classify(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct uxfrm *u = w->instance;
	struct ux_policy *policy = s->policy;
	enum uxfrm_drop reason;

	if (is_part(w, s))
		return UXFRM_DROP_FRAGMENT;
	if (!policy)
		policy = policy_of_quoted(w, s);
	if (!policy && ux_spd_default(&u->spd, UX_POLICY_OUT) == UX_POLICY_BLOCK)
		return UXFRM_DROP_OUT_DEFAULT;
	if (!policy)
		return without_sa(w, s);
	reason = policy->action == UX_POLICY_ALLOW ? resolve_all(w, s, policy) : UXFRM_DROP_OUT_BLOCK;
	if (waits(w, s, policy, reason))
		return UXFRM_DROP_NONE;
	/* as in Linux one that could not be applied was not used */
	if (reason == UXFRM_DROP_NONE || reason == UXFRM_DROP_OUT_BLOCK)
		atomic_store_explicit(&policy->use_time_s, w->now_s, memory_order_relaxed);
	if (reason != UXFRM_DROP_NONE || s->done)
		return reason;
	/* No templates, or only optional ones without an SA. */
	if (!s->n_bundle)
		return without_sa(w, s);
	reason = ux_interface_check(s);
	return reason == UXFRM_DROP_NONE ? ux_path_check(w, s) : reason;
}

static enum uxfrm_drop to_underlay(struct uxfrm_worker *w, struct ux_slot *s)
{
	s->p->verdict = UXFRM_UNDERLAY;
	s->done = true;
	ux_count_add(&w->counters->out_packets, 1);
	ux_count_add(&w->counters->out_bytes, s->original_len);
	return UXFRM_DROP_NONE;
}

/* The next SA of the bundle, or the end. */
static enum uxfrm_drop plan(struct uxfrm_worker *w, struct ux_slot *s)
{
	enum uxfrm_drop reason;

	if (s->n_applied == s->n_bundle)
		return to_underlay(w, s);
	if (s->n_applied && !ux_ip_parse(s->p->data, s->p->len, &s->ip))
		return UXFRM_DROP_OUT_HEADER;
	s->sa = s->bundle[s->n_applied++];
	s->protocol = ux_protocol_of(s->sa->id.proto);
	s->mode = ux_mode_of(s->sa->mode);
	reason = s->mode->plan(s);
	if (reason != UXFRM_DROP_NONE)
		return reason;
	s->counted_len = s->payload_len;
	return s->protocol->plan(w, s);
}

static void place_and_seal(struct uxfrm_worker *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_live; i++) {
		struct ux_slot *s = w->live[i];
		enum uxfrm_drop reason;

		s->mode->place(s);
		reason = s->protocol->seal(s, &w->ops[kept]);
		if (reason == UXFRM_DROP_NONE)
			w->live[kept++] = s;
		else
			ux_worker_drop(w, s, reason);
	}
	w->n_live = kept;
}

static enum uxfrm_drop finish(struct uxfrm_worker *w, struct ux_slot *s)
{
	const struct ux_mark *m = &s->sa->output_mark;

	if (s->protocol->finish)
		s->protocol->finish(s);
	s->p->mark = (s->p->mark & ~m->m) | (m->v & m->m);
	s->p->spi = be32toh(s->sa->id.spi);
	return UXFRM_DROP_NONE;
}

/* Linux asks at each look-up; a thread that is moved to another CPU meanwhile is no fault there
 * either. */
static uint32_t cpu_now(const struct uxfrm_worker *w)
{
	return w->cpu_given == UXFRM_CPU_OWN ? (uint32_t)sched_getcpu() : w->cpu_given;
}

static void general_way(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	ux_worker_load(w, packets, n);
	ux_worker_stage(w, read_flow);
	find_policies(w);
	ux_worker_stage(w, classify);
	for (size_t i = 0; w->fast && i < w->n_live; i++)
		ux_fast_learn_outbound(w, w->live[i]);
	for (ux_worker_stage(w, plan); w->n_live; ux_worker_stage(w, plan)) {
		ux_sa_use_number(w);
		place_and_seal(w);
		ux_crypt_encrypt(w->crypto, w->ops, w->n_live);
		ux_worker_crypted(w, UXFRM_DROP_OUT_CRYPTO);
		ux_worker_stage(w, finish);
	}
}

UXFRM_API void uxfrm_outbound(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	ux_crypto_worker_sweep(w->crypto);
	ux_path_begin(w);
	while (n > 0) {
		size_t burst = n < UXFRM_BURST ? n : UXFRM_BURST;

		ux_rcu_read_lock();
		ux_worker_begin(w);
		w->cpu = cpu_now(w);
		ux_fast_burst(w, packets, burst, &ux_fast_outbound, general_way);
		ux_rcu_read_unlock();
		ux_notice_wake(w->instance, w->ring);
		packets += burst;
		n -= burst;
	}
}

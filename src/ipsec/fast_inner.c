/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The short way in, behind the SA: packets of flows that are known are delivered. One whose flow is
 * not, or that is not plain inside, goes on the general way from here, opened as it is.
 */

#include "base/stages.h"
#include "ipsec/esp.h"
#include "ipsec/fast_inbound.h"
#include "ipsec/inbound.h"
#include "ipsec/mode.h"
#include "packet/ecn.h"

static uint32_t inner_mark(const struct ux_fast_packet *f)
{
	return (f->p->mark & ~f->in->mark_m) | f->in->mark_v;
}

static bool read_inner(const struct ux_fast_packet *f, struct ux_flow_id *id, struct ux_plain_ip *ip)
{
	const struct ux_flow_about about = {
	    .mark = inner_mark(f), .ifindex = f->p->ifindex, .more = f->in->spi};

	return ux_flow_id_read(ux_fast_payload(f), f->payload_len, &about, id, ip) &&
	       f->next_header == (ip->v6 ? IPPROTO_IPV6 : IPPROTO_IPIP);
}

/* Is it of the flow of the packet before? Then *@ip is as read_inner gives it, as far as it is
 * needed here. */
static bool follows(const struct ux_fast_packet *f, const struct ux_fast_packet *before,
		    struct ux_plain_ip *ip)
{
	const uint8_t *inner = ux_fast_payload(f);

	if (f->in != before->in || f->payload_len < UX_FLOW_ID_FOLLOWS_LEN ||
	    f->next_header != IPPROTO_IPIP || before->next_header != IPPROTO_IPIP ||
	    f->p->mark != before->p->mark || f->p->ifindex != before->p->ifindex ||
	    !ux_flow_id_follows(inner, ux_fast_payload(before)))
		return false;
	ip->total_len = ux_get_be16(inner + 2);
	return ip->total_len <= f->payload_len && ip->total_len >= UX_FLOW_ID_FOLLOWS_LEN;
}

/* Does the outer header change the inner one? */
static bool changes_inner(const struct ux_fast_packet *f)
{
	return f->in->watch_tos || (f->outer_tos & UX_ECN_MASK) == UX_ECN_CE;
}

static void deliver(struct uxfrm_worker *w, const struct ux_fast_packet *f, struct ux_in_flow *flow,
		    uint32_t len)
{
	struct uxfrm_packet *p = f->p;

	p->mark = inner_mark(f);
	p->data = ux_fast_payload(f);
	p->len = len;
	p->if_id = flow->if_id;
	p->drop = UXFRM_DROP_NONE;
	p->mtu = 0;
	p->may_fragment = 0;
	p->verdict = UXFRM_DELIVER;
	if (flow->policy_used_s != w->now_s) {
		flow->policy_used_s = w->now_s;
		atomic_store_explicit(&flow->policy->use_time_s, w->now_s, memory_order_relaxed);
	}
}

/* The general way from here on. */
static void hand_over(struct uxfrm_worker *w, const struct ux_fast_run *run, const size_t *which, size_t n)
{
	struct uxfrm_packet *packets[UXFRM_BURST];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		packets[i] = run->at[which[i]].p;
	ux_worker_load(w, packets, n);
	for (size_t i = 0; i < n; i++) {
		const struct ux_fast_packet *f = &run->at[which[i]];
		struct ux_slot *s = w->live[i];

		s->p->spi = f->in->spi;
		if (!ux_ip_parse(s->p->data, s->p->len, &s->ip)) {
			ux_worker_drop(w, s, UXFRM_DROP_IN_HEADER);
			continue;
		}
		s->sa = s->bundle[0] = f->in->sa;
		s->n_bundle = 1;
		s->protocol = &ux_esp;
		s->mode = &ux_tunnel_mode;
		s->header = f->esp;
		s->rest_len = f->rest_len;
		s->seq = f->seq;
		s->payload = ux_fast_payload(f);
		s->padded_len = ux_fast_padded_len(f);
		s->payload_len = f->payload_len;
		s->next_header = f->next_header;
		s->encap_type = f->in->encap_type;
		w->live[kept++] = s;
	}
	w->n_live = kept;
	ux_inbound_opened(w);
}

static bool allows(const struct uxfrm_worker *w, const struct ux_in_flow *flow,
		   const struct ux_fast_packet *f)
{
	return flow && flow->head.generation == w->fast->generation && flow->sa == f->in->sa;
}

void ux_fast_settle(struct uxfrm_worker *w, const struct ux_fast_run *run)
{
	struct ux_flow_lookup l;
	struct ux_plain_ip ips[UXFRM_BURST];
	size_t others[UXFRM_BURST], n_others = 0, n_plain = 0;
	uint64_t n = 0, bytes = 0;
	bool plain[UXFRM_BURST];

	l.n = 0;
	for (size_t i = 0; i < run->n; i++) {
		const struct ux_fast_packet *f = &run->at[i];

		plain[i] = !changes_inner(f);
		if (plain[i] && i && plain[i - 1] && follows(f, f - 1, &ips[l.n])) {
			ux_flow_lookup_again(&l);
			continue;
		}
		plain[i] = plain[i] && read_inner(f, &l.id[l.n], &ips[l.n]);
		if (plain[i])
			ux_flow_lookup_add(&l, &w->fast->in_flows);
	}
	ux_flow_lookup_all(&l, &w->fast->in_flows);
	ux_stage_end(UX_STAGE_INNER);
	for (size_t i = 0; i < run->n; i++) {
		const struct ux_fast_packet *f = &run->at[i];
		size_t k = n_plain;

		n_plain += plain[i];
		if (!plain[i] || !allows(w, l.found[k], f)) {
			others[n_others++] = i;
			continue;
		}
		deliver(w, f, l.found[k], ips[k].total_len);
		n++;
		bytes += ips[k].total_len;
	}
	ux_count_add(&w->counters->in_packets, n);
	ux_count_add(&w->counters->in_bytes, bytes);
	if (n_others)
		hand_over(w, run, others, n_others);
}

void ux_fast_learn_inner(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_flow_cache *cache = &w->fast->in_flows;
	struct ux_plain_ip ip;
	struct ux_in_flow *flow;
	struct ux_flow_id id;
	const struct ux_flow_about about = {
	    .mark = s->p->mark, .ifindex = s->p->ifindex, .more = be32toh(s->sa->id.spi)};

	/* not s->protocol: for a packet to this host that is already what comes behind */
	if (s->n_bundle != 1 || s->sa->id.proto != IPPROTO_ESP || s->sa->mode != UX_MODE_TUNNEL ||
	    !s->policy || s->policy->type != UX_POLICY_TYPE_MAIN ||
	    !ux_flow_id_read(s->p->data, s->p->len, &about, &id, &ip))
		return;
	flow = ux_flow_cache_place(cache, ux_flow_id_hash(&id, cache->secret), &id);
	flow->head.generation = w->fast->generation;
	flow->sa = s->sa;
	flow->policy = s->policy;
	flow->policy_used_s = w->now_s;
	flow->if_id = s->p->if_id;
}

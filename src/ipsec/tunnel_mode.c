/* SPDX-License-Identifier: BSD-2-Clause */

/* Tunnel mode: a whole packet inside, a new IP header outside. Header fields as Linux's, which are
 * RFC 4301 section 5.1.2.1 where that leaves no choice. */

#include <netinet/in.h>

#include "ipsec/mode.h"
#include "ipsec/protocol.h"
#include "packet/ecn.h"

static uint32_t outer_header_len(const struct ux_sa *sa)
{
	return sa->id.family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
}

static enum uxfrm_drop tunnel_plan(struct ux_slot *s)
{
	s->payload = s->p->data;
	s->payload_len = s->p->len;
	s->next_header = s->ip.family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
	s->outer_len = outer_header_len(s->sa);
	return UXFRM_DROP_NONE;
}

uint8_t ux_tunnel_outer_tos(const struct ux_sa *sa, uint8_t inner)
{
	uint8_t tos = 0;

	if (!(sa->extra_flags & UX_SA_EXTRA_DONT_ENCAP_DSCP))
		tos = inner & (uint8_t)~UX_ECN_MASK;
	if (!(sa->flags & UX_SA_NOECN))
		tos |= ux_ecn_encapsulate(inner);
	return tos;
}

static void tunnel_place(struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;
	uint32_t total = s->outer_len + ux_protocol_len(s);
	/* Linux copies the inner DF (an IPv6 packet has it by nature) unless told not to. */
	bool df = s->ip.df && !(sa->flags & UX_SA_NOPMTUDISC);
	struct ux_ip_build b = {
	    .saddr = &sa->saddr,
	    .daddr = &sa->id.daddr,
	    .total_len = total,
	    .flow_label = s->ip.flow_label,
	    .id = df ? 0 : ux_mode_ip_id(s),
	    .tos = ux_tunnel_outer_tos(sa, s->ip.tos),
	    .ttl = UX_IP_DEFAULT_TTL,
	    .proto = s->header_proto,
	    .df = df,
	};

	s->header = s->payload - s->front_len;
	s->p->data = s->header - s->outer_len;
	s->p->len = total;
	if (sa->id.family == AF_INET)
		ux_ip4_build(s->p->data, &b);
	else
		ux_ip6_build(s->p->data, &b);
	s->p->may_fragment = sa->id.family == AF_INET6 || !df;
}

/* What the outer header says of congestion and class, told to the inner one. */
static void open_tos(const struct ux_slot *s, const struct ux_ip_info *inner)
{
	uint8_t tos = inner->tos;

	if (s->sa->flags & UX_SA_DECAP_DSCP)
		tos = (uint8_t)((s->ip.tos & ~UX_ECN_MASK) | (tos & UX_ECN_MASK));
	if (!(s->sa->flags & UX_SA_NOECN))
		tos = (uint8_t)((tos & ~UX_ECN_MASK) | ux_ecn_decapsulate(s->ip.tos, tos));
	if (tos != inner->tos)
		ux_ip_change_tos(s->p->data, inner->family, 0, tos);
}

static enum uxfrm_drop tunnel_open(struct ux_slot *s)
{
	uint8_t *payload = s->payload;
	struct ux_ip_info inner;
	uint8_t version;

	if (s->next_header == IPPROTO_IPIP)
		version = 4;
	else if (s->next_header == IPPROTO_IPV6)
		version = 6;
	else
		return UXFRM_DROP_IN_MODE;
	if (s->payload_len < (version == 4 ? UX_IP4_LEN : UX_IP6_LEN))
		return UXFRM_DROP_IN_MODE;
	/* Bytes behind the inner packet are traffic-flow padding (RFC 4303 section 2.7). */
	if (payload[0] >> 4 != version || !ux_ip_parse(payload, s->payload_len, &inner))
		return UXFRM_DROP_IN_INNER;
	s->p->data = payload;
	s->p->len = inner.total_len;
	open_tos(s, &inner);
	s->ip = inner;
	ux_flow_key_fill(s->p->data, &inner, &s->flow);
	return UXFRM_DROP_NONE;
}

const struct ux_mode_ops ux_tunnel_mode = {
    .plan = tunnel_plan, .place = tunnel_place, .open = tunnel_open};

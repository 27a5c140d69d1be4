/* SPDX-License-Identifier: BSD-2-Clause */

/* Transport mode: the packet keeps its IP header, the protocol's goes behind it. */

#include "ipsec/mode.h"
#include "ipsec/protocol.h"
#include "packet/udp.h"

static enum uxfrm_drop transport_plan(struct ux_slot *s)
{
	if (s->ip.family != s->sa->id.family)
		return UXFRM_DROP_OUT_MODE;
	/* RFC 4303 section 3.3.4: only whole packets. */
	if (s->ip.fragment)
		return UXFRM_DROP_FRAGMENT;
	s->keep = s->ip.header_len;
	s->proto_offset = s->ip.proto_offset;
	if (s->ip.family == AF_INET6)
		s->keep = ux_ip6_esp_offset(s->p->data, s->p->len, &s->proto_offset);
	if (s->keep == 0)
		return UXFRM_DROP_OUT_MODE;
	s->payload = s->p->data + s->keep;
	s->payload_len = s->p->len - s->keep;
	s->next_header = s->p->data[s->proto_offset];
	s->outer_len = 0;
	return UXFRM_DROP_NONE;
}

static void set_length(uint8_t *packet, uint16_t family, uint32_t len)
{
	if (family == AF_INET)
		ux_ip4_set_length(packet, len);
	else
		ux_ip6_set_length(packet, len);
}

static void transport_place(struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;
	uint8_t *packet;

	s->header = s->payload - s->front_len;
	packet = s->header - s->outer_len - s->keep;
	memmove(packet, s->p->data, s->keep);
	s->p->data = packet;
	s->p->len = s->keep + s->outer_len + ux_protocol_len(s);
	packet[s->proto_offset] = s->header_proto;
	if (sa->id.family == AF_INET && !s->ip.df)
		ux_ip4_clear_df(packet, ux_mode_ip_id(s));
	set_length(packet, sa->id.family, s->p->len);
	s->p->may_fragment = sa->id.family == AF_INET6 || !s->ip.df;
}

static enum uxfrm_drop transport_open(struct ux_slot *s)
{
	uint32_t keep = s->ip.header_len;
	uint8_t *packet = s->payload - keep;
	uint16_t family = s->ip.family;

	memmove(packet, s->p->data, keep);
	s->p->data = packet;
	s->p->len = keep + s->payload_len;
	packet[s->ip.proto_offset] = s->next_header;
	set_length(packet, family, s->p->len);
	if (!ux_ip_parse(packet, s->p->len, &s->ip))
		return UXFRM_DROP_IN_INNER;
	/*
	 * RFC 3948 section 3.1.2: a NAT has changed the addresses under the transport checksum. The
	 * ICV has vouched for the bytes, so the checksum is made anew for the addresses we see.
	 */
	if (s->encap_type != UX_ENCAP_NONE)
		ux_transport_checksum(packet, &s->ip);
	ux_flow_key_fill(packet, &s->ip, &s->flow);
	return UXFRM_DROP_NONE;
}

const struct ux_mode_ops ux_transport_mode = {
    .plan = transport_plan, .place = transport_place, .open = transport_open};

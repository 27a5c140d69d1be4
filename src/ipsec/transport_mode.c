/* SPDX-License-Identifier: BSD-2-Clause */

/* Transport mode. */

#include "ipsec/transport_mode.h"

#include "ipsec/esp.h"
#include "ipsec/udp_encap.h"
#include "packet/esp_header.h"
#include "packet/udp.h"

enum uxfrm_drop ux_transport_plan(struct ux_slot *s)
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
	s->payload_len = s->p->len - s->keep;
	s->next_header = s->p->data[s->proto_offset];
	return ux_esp_plan(s, ux_udp_encap_len(s->sa));
}

static void set_length(uint8_t *packet, uint16_t family, uint32_t len)
{
	if (family == AF_INET)
		ux_ip4_set_length(packet, len);
	else
		ux_ip6_set_length(packet, len);
}

void ux_transport_place(struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;
	const struct ux_transform *t = sa->runtime->transform;
	uint32_t udp = ux_udp_encap_len(sa), gap = udp + UX_ESP_HEADER_LEN + t->iv_len;
	uint32_t esp_len = UX_ESP_HEADER_LEN + t->iv_len + s->padded_len + t->icv_len;
	uint8_t *packet = s->p->data - gap;

	memmove(packet, s->p->data, s->keep);
	s->p->data = packet;
	s->p->len = s->keep + udp + esp_len;
	packet[s->proto_offset] = ux_udp_encap_proto(sa);
	set_length(packet, sa->id.family, s->p->len);
	s->esp = packet + s->keep + udp;
	ux_udp_encap_build(s, esp_len);
	s->p->may_fragment = sa->id.family == AF_INET6 || !s->ip.df;
}

enum uxfrm_drop ux_transport_open(struct ux_slot *s)
{
	uint32_t keep = s->ip.header_len;
	uint8_t *packet = ux_esp_payload(s) - keep;
	struct ux_ip_info inner;

	memmove(packet, s->p->data, keep);
	s->p->data = packet;
	s->p->len = keep + s->payload_len;
	packet[s->ip.proto_offset] = s->next_header;
	set_length(packet, s->ip.family, s->p->len);
	if (!ux_ip_parse(packet, s->p->len, &inner))
		return UXFRM_DROP_IN_INNER;
	/*
	 * RFC 3948 section 3.1.2: a NAT has changed the addresses under the transport checksum. The
	 * ICV has vouched for the bytes, so the checksum is made anew for the addresses we see.
	 */
	if (s->encap_type != UX_ENCAP_NONE)
		ux_transport_checksum(packet, &inner);
	ux_flow_key_fill(packet, &inner, &s->flow);
	return UXFRM_DROP_NONE;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* ESP: header, padding, trailer, lengths. */

#include "ipsec/esp.h"

#include <netinet/in.h>

#include "ipsec/padding.h"
#include "ipsec/path_mtu.h"
#include "ipsec/udp_encap.h"
#include "packet/esp_header.h"

static __be32 esp_spi(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	return ux_esp_spi(s->header);
}

/* Of a path nobody has asked for. */
#define PATH_MTU 1500

static uint32_t esp_payload_max(const struct ux_sa *sa, uint32_t room)
{
	const struct ux_transform *t = sa->runtime->transform;
	uint32_t around = ux_udp_encap_len(sa) + UX_ESP_HEADER_LEN + t->iv_len + t->icv_len;
	uint32_t padded = room > around ? room - around : 0;

	padded -= padded % t->align;
	return padded > UX_ESP_TRAILER_LEN ? padded - UX_ESP_TRAILER_LEN : 0;
}

/*
 * Traffic-flow confidentiality: short packets look longer, but none gets longer than its path takes
 * because of it (Linux: esp_output).
 */
static uint32_t tfc_len(const struct ux_slot *s)
{
	uint32_t wanted = s->sa->runtime->terms.tfcpad, mtu, longest;

	if (!wanted || s->sa->mode != UX_MODE_TUNNEL)
		return 0;
	mtu = ux_path_inside(s, s->n_applied, s->p->mtu ? s->p->mtu : PATH_MTU);
	longest = mtu > s->outer_len ? esp_payload_max(s->sa, mtu - s->outer_len) : 0;
	if (wanted > longest)
		wanted = longest;
	return s->payload_len < wanted ? wanted - s->payload_len : 0;
}

static enum uxfrm_drop esp_plan(struct uxfrm_worker *w, struct ux_slot *s)
{
	const struct ux_transform *t = s->sa->runtime->transform;

	s->tfc_len = tfc_len(s);
	s->padded_len = ux_round_up(s->payload_len + s->tfc_len + UX_ESP_TRAILER_LEN, t->align);
	s->outer_len += ux_udp_encap_len(s->sa);
	s->front_len = UX_ESP_HEADER_LEN + t->iv_len;
	s->tail_len = s->padded_len - s->payload_len + t->icv_len;
	s->header_proto = ux_udp_encap_proto(s->sa);
	return ux_protocol_room(s);
}

static enum uxfrm_drop esp_seal(struct ux_slot *s, struct ux_crypt_op *op)
{
	ux_udp_encap_build(s, ux_protocol_len(s));
	ux_esp_build(s->header, s->sa->id.spi, (uint32_t)s->seq);
	memset(s->payload + s->payload_len, 0, s->tfc_len);
	ux_padding_write(s->payload, s->payload_len + s->tfc_len, s->padded_len, s->next_header);
	*op = (struct ux_crypt_op){
	    .transform = s->sa->runtime->transform,
	    .esp = s->header,
	    .payload_len = s->padded_len,
	    .icv = s->payload + s->padded_len,
	    .iv_counter = s->iv,
	    .seq_hi = (uint32_t)(s->seq >> 32),
	};
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop esp_open(struct ux_slot *s, struct ux_crypt_op *op)
{
	const struct ux_transform *t = s->sa->runtime->transform;
	uint32_t around = UX_ESP_HEADER_LEN + t->iv_len + t->icv_len;

	if (s->rest_len < around + UX_ESP_TRAILER_LEN)
		return UXFRM_DROP_IN_SHORT;
	s->padded_len = s->rest_len - around;
	/* RFC 4303 section 2.4: the trailer ends on a 4-byte boundary, and at the cipher's block.
	 */
	if (s->padded_len % t->align)
		return UXFRM_DROP_IN_SHORT;
	*op = (struct ux_crypt_op){
	    .transform = t,
	    .esp = s->header,
	    .payload_len = s->padded_len,
	    .icv = s->header + s->rest_len - t->icv_len,
	    .seq_hi = (uint32_t)(s->seq >> 32),
	};
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop esp_accept(struct uxfrm_worker *w, struct ux_slot *s)
{
	s->payload = s->header + UX_ESP_HEADER_LEN + s->sa->runtime->transform->iv_len;
	if (!ux_padding_read(s->payload, s->padded_len, &s->payload_len, &s->next_header))
		return UXFRM_DROP_IN_PADDING;
	/* RFC 4303 section 2.6: dummy packets are thrown away in silence. */
	return s->next_header == IPPROTO_NONE ? UXFRM_DROP_IN_DUMMY : UXFRM_DROP_NONE;
}

const struct ux_protocol ux_esp = {
    .proto = IPPROTO_ESP,
    .header_min = UX_ESP_HEADER_LEN,
    .numbered = true,
    .plan = esp_plan,
    .payload_max = esp_payload_max,
    .seal = esp_seal,
    .finish = ux_udp_encap_finish,
    .spi = esp_spi,
    .seq = ux_esp_seq,
    .open = esp_open,
    .accept = esp_accept,
};

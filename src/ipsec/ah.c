/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * AH. The ICV is made over the packet where it lies: what is mutable in its IP header is cleared
 * meanwhile and put back behind the transform's work.
 */

#include "ipsec/ah.h"

#include <netinet/in.h>

#include "packet/ah_header.h"
#include "packet/mutable.h"

#define NO_DF_OFFSET 6
#define IP4_DF 0x40

/* Linux: IPv4 headers are padded to 8 bytes too, unless the SA says otherwise. */
static uint32_t ah_len(const struct ux_sa *sa, uint32_t icv_len)
{
	bool align4 = sa->id.family == AF_INET && (sa->flags & UX_SA_ALIGN4);

	return ux_round_up(UX_AH_FIXED_LEN + icv_len, align4 ? 4 : 8);
}

static __be32 ah_spi(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	return ux_ah_spi(s->header);
}

static enum uxfrm_drop ah_plan(struct uxfrm_worker *w, struct ux_slot *s)
{
	s->front_len = ah_len(s->sa, s->sa->runtime->transform->icv_len);
	s->tail_len = 0;
	s->header_proto = IPPROTO_AH;
	return ux_protocol_room(s);
}

static uint32_t ah_payload_max(const struct ux_sa *sa, uint32_t room)
{
	uint32_t front = ah_len(sa, sa->runtime->transform->icv_len);

	return room > front ? room - front : 0;
}

/* The headers in front, kept and cleared. */
static bool clear_headers(struct ux_slot *s, bool outbound)
{
	size_t len = (size_t)(s->header - s->p->data);

	if (len > sizeof(s->kept->headers))
		return false;
	memcpy(s->kept->headers, s->p->data, len);
	return ux_ip_clear_mutable(s->p->data, (uint32_t)len, s->sa->id.family, outbound);
}

static void put_back_headers(struct ux_slot *s)
{
	memcpy(s->p->data, s->kept->headers, (size_t)(s->header - s->p->data));
}

/* A sender by raw socket gets another identification for a 0 unless DF is set, and the ICV would be
 * wrong. */
static void fix_id(const struct ux_slot *s)
{
	uint8_t *ip = s->p->data;

	if (s->sa->id.family != AF_INET || ux_get_be16(ip + 4) || (ip[NO_DF_OFFSET] & IP4_DF))
		return;
	ux_put_be16(ip + 4, (uint16_t)(s->seq | 1));
	ux_ip4_set_length(ip, s->p->len);
}

static enum uxfrm_drop ah_seal(struct ux_slot *s, struct ux_crypt_op *op)
{
	ux_ah_build(s->header, s->front_len, s->next_header, s->sa->id.spi, (uint32_t)s->seq);
	fix_id(s);
	if (!clear_headers(s, true))
		return UXFRM_DROP_OUT_OPTIONS;
	*op = (struct ux_crypt_op){
	    .transform = s->sa->runtime->transform,
	    .esp = s->p->data,
	    .payload_len = s->p->len,
	    .icv = s->header + UX_AH_FIXED_LEN,
	    .seq_hi = (uint32_t)(s->seq >> 32),
	};
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop ah_open(struct ux_slot *s, struct ux_crypt_op *op)
{
	const struct ux_transform *t = s->sa->runtime->transform;
	uint32_t len = ux_ah_len(s->header);

	/* Linux takes a header with room for the whole digest too. */
	if (len != ah_len(s->sa, t->icv_len) && len != ah_len(s->sa, t->icv_full_len))
		return UXFRM_DROP_IN_SHORT;
	if (len > s->rest_len)
		return UXFRM_DROP_IN_SHORT;
	memcpy(s->kept->icv, s->header + UX_AH_FIXED_LEN, t->icv_len);
	memset(s->header + UX_AH_FIXED_LEN, 0, t->icv_len);
	if (!clear_headers(s, false))
		return UXFRM_DROP_IN_OPTIONS;
	*op = (struct ux_crypt_op){
	    .transform = t,
	    .esp = s->p->data,
	    .payload_len = (uint32_t)(s->header - s->p->data) + s->rest_len,
	    .icv = s->kept->icv,
	    .seq_hi = (uint32_t)(s->seq >> 32),
	};
	return UXFRM_DROP_NONE;
}

static enum uxfrm_drop ah_accept(struct uxfrm_worker *w, struct ux_slot *s)
{
	uint32_t len = ux_ah_len(s->header);

	put_back_headers(s);
	s->payload = s->header + len;
	s->payload_len = s->rest_len - len;
	s->next_header = s->header[0];
	return UXFRM_DROP_NONE;
}

const struct ux_protocol ux_ah = {
    .proto = IPPROTO_AH,
    .header_min = UX_AH_FIXED_LEN,
    .numbered = true,
    .plan = ah_plan,
    .payload_max = ah_payload_max,
    .seal = ah_seal,
    .finish = put_back_headers,
    .spi = ah_spi,
    .seq = ux_ah_seq,
    .open = ah_open,
    .accept = ah_accept,
};

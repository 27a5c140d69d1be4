/* SPDX-License-Identifier: BSD-2-Clause */

/* IPComp. A packet that does not get smaller goes without (RFC 3173 section 2.2). */

#include "ipsec/ipcomp.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "core/companion.h"
#include "ipsec/deflate.h"

#define HEADER_LEN 4 /* next header, flags, CPI */
#define THRESHOLD 90 /* Linux does not try with less */

static enum uxfrm_drop comp_plan(struct uxfrm_worker *w, struct ux_slot *s)
{
	const uint8_t *packed;
	uint32_t n = 0;

	/* with the header less than without; both lengths are those of Linux */
	if (s->payload_len >= THRESHOLD)
		n = ux_deflate_pack(w->deflate, s->payload, s->payload_len,
				    s->payload_len - HEADER_LEN, &packed);
	s->tail_len = 0;
	s->front_len = n ? HEADER_LEN : 0;
	s->header_proto = n ? IPPROTO_COMP : s->next_header;
	if (n) {
		s->payload += HEADER_LEN;
		memcpy(s->payload, packed, n);
		s->payload_len = n;
	}
	return ux_protocol_room(s);
}

/* It gets no longer. */
static uint32_t comp_payload_max(const struct ux_sa *sa, uint32_t room)
{
	return room;
}

static enum uxfrm_drop comp_seal(struct ux_slot *s, struct ux_crypt_op *op)
{
	*op = (struct ux_crypt_op){.transform = NULL};
	if (!s->front_len)
		return UXFRM_DROP_NONE;
	s->header[0] = s->next_header;
	s->header[1] = 0;
	ux_put_be16(s->header + 2, (uint16_t)be32toh(s->sa->id.spi));
	return UXFRM_DROP_NONE;
}

static __be32 comp_spi(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	return htobe32(ux_get_be16(s->header + 2));
}

static uint32_t no_seq(const uint8_t *header)
{
	return 0;
}

static enum uxfrm_drop nothing_to_open(struct ux_slot *s, struct ux_crypt_op *op)
{
	*op = (struct ux_crypt_op){.transform = NULL};
	return UXFRM_DROP_NONE;
}

/* Room for @n bytes in the place of the header and what is behind it; the headers in front go
 * further to the front if need be. */
static bool make_room(struct ux_slot *s, uint32_t n)
{
	struct uxfrm_packet *p = s->p;
	size_t in_front = (size_t)(s->header - p->data), spare = (size_t)(p->data - p->buf);
	size_t room = p->size - spare - in_front, missing = n > room ? n - room : 0;

	if (missing > spare || in_front + n > UX_IP_MAX)
		return false;
	memmove(p->data - missing, p->data, missing ? in_front : 0);
	p->data -= missing;
	s->header -= missing;
	return true;
}

static enum uxfrm_drop comp_accept(struct uxfrm_worker *w, struct ux_slot *s)
{
	uint32_t len = s->rest_len - HEADER_LEN, n;
	const uint8_t *unpacked;

	n = ux_deflate_unpack(w->deflate, s->header + HEADER_LEN, len, &unpacked);
	s->next_header = s->header[0];
	/* Linux refuses what compression has made longer. */
	if (n < len + HEADER_LEN || !make_room(s, n))
		return UXFRM_DROP_IN_COMP;
	memcpy(s->header, unpacked, n);
	s->payload = s->header;
	s->payload_len = n;
	return UXFRM_DROP_NONE;
}

const struct ux_protocol ux_ipcomp = {
    .proto = IPPROTO_COMP,
    .header_min = HEADER_LEN,
    .plan = comp_plan,
    .payload_max = comp_payload_max,
    .seal = comp_seal,
    .spi = comp_spi,
    .seq = no_seq,
    .open = nothing_to_open,
    .accept = comp_accept,
};

static __be32 ipip_spi(const struct uxfrm_worker *w, const struct ux_slot *s)
{
	struct ux_addr saddr, daddr;

	ux_ip_addresses(s->p->data, s->ip.family, &saddr, &daddr);
	return ux_companion_spi(w->instance, s->ip.family, &saddr);
}

static enum uxfrm_drop ipip_accept(struct uxfrm_worker *w, struct ux_slot *s)
{
	s->payload = s->header;
	s->payload_len = s->rest_len;
	s->next_header = s->ip.proto;
	return UXFRM_DROP_NONE;
}

const struct ux_protocol ux_ipip = {
    .proto = IPPROTO_IPIP,
    .spi = ipip_spi,
    .seq = no_seq,
    .open = nothing_to_open,
    .accept = ipip_accept,
};

/* SPDX-License-Identifier: BSD-2-Clause */

/* The protocols by number, and what they have in common. */

#include "ipsec/protocol.h"

#include <netinet/in.h>

#include "ipsec/ah.h"
#include "ipsec/esp.h"
#include "ipsec/ipcomp.h"

const struct ux_protocol *ux_protocol_of(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ESP:
		return &ux_esp;
	case IPPROTO_AH:
		return &ux_ah;
	case IPPROTO_COMP:
		return &ux_ipcomp;
	default:
		return NULL;
	}
}

enum uxfrm_drop ux_protocol_room(const struct ux_slot *s)
{
	const struct uxfrm_packet *p = s->p;
	size_t front = (size_t)(p->data - p->buf), behind = p->size - front - p->len;
	size_t head = (size_t)s->outer_len + s->front_len;

	if (front < head || behind < s->tail_len)
		return UXFRM_DROP_OUT_ROOM;
	/* The IPv6 payload length does not count the header, but no port sends such jumbos whole.
	 */
	if (p->len + head + s->tail_len > UX_IP_MAX)
		return UXFRM_DROP_OUT_TOO_LONG;
	return UXFRM_DROP_NONE;
}

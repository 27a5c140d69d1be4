/* SPDX-License-Identifier: BSD-2-Clause */

#include "ipsec/interface_check.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "ipsec/udp_encap.h"

#define UDP_HEADER_LEN 8

static bool is_between(const struct ux_slot *s, const struct ux_sa *sa)
{
	return s->flow.family == sa->id.family &&
	       ux_addr_equal(&s->flow.daddr, &sa->id.daddr, sa->id.family) &&
	       ux_addr_equal(&s->flow.saddr, &sa->saddr, sa->id.family);
}

/* Is the packet one that @sa has sent? The SPI is looked at where it can be. */
static bool was_sent_by(const struct ux_slot *s, const struct ux_sa *sa)
{
	bool udp = sa->encap.type != UX_ENCAP_NONE;
	uint32_t at = s->ip.header_len + (udp ? UDP_HEADER_LEN : 0);

	if (s->ip.proto != (udp ? IPPROTO_UDP : sa->id.proto) || !is_between(s, sa))
		return false;
	if (s->ip.fragment || sa->id.proto != IPPROTO_ESP)
		return true;
	return s->ip.total_len >= at + 4 && ux_get_be32(s->p->data + at) == be32toh(sa->id.spi);
}

bool ux_interface_may_loop(const struct ux_slot *s)
{
	return s->p->if_id && is_between(s, s->bundle[s->n_bundle - 1]);
}

enum uxfrm_drop ux_interface_check(const struct ux_slot *s)
{
	if (!s->p->if_id)
		return UXFRM_DROP_NONE;
	if (!s->n_bundle)
		return UXFRM_DROP_OUT_NO_POLICY;
	return was_sent_by(s, s->bundle[s->n_bundle - 1]) ? UXFRM_DROP_OUT_LOOP : UXFRM_DROP_NONE;
}

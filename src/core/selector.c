/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/selector.h"

#include <string.h>

static bool ports_match(const struct ux_selector *sel, const struct ux_flow_key *flow)
{
	if ((flow->dport ^ sel->dport) & sel->dport_mask)
		return false;
	return !((flow->sport ^ sel->sport) & sel->sport_mask);
}

/* Bits beyond the address never agree in Linux's IPv4 comparison either: a prefix of 32 is the
 * most. */
static unsigned int prefix_bits(unsigned int bits, uint16_t family)
{
	if (family == AF_INET && bits > 32)
		return 32;
	return bits > 128 ? 128 : bits;
}

bool ux_selector_match(const struct ux_selector *sel, const struct ux_flow_key *flow)
{
	if (sel->proto && sel->proto != flow->proto)
		return false;
	if (sel->ifindex && sel->ifindex != flow->ifindex)
		return false;
	if (!ports_match(sel, flow))
		return false;
	return ux_addr_match_prefix(&flow->daddr, &sel->daddr,
				    prefix_bits(sel->prefixlen_d, flow->family)) &&
	       ux_addr_match_prefix(&flow->saddr, &sel->saddr,
				    prefix_bits(sel->prefixlen_s, flow->family));
}

static bool bytes_equal(const struct ux_addr *a, const struct ux_addr *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

bool ux_selector_equal(const struct ux_selector *a, const struct ux_selector *b)
{
	return bytes_equal(&a->daddr, &b->daddr) && bytes_equal(&a->saddr, &b->saddr) &&
	       a->dport == b->dport && a->dport_mask == b->dport_mask && a->sport == b->sport &&
	       a->sport_mask == b->sport_mask && a->family == b->family &&
	       a->prefixlen_d == b->prefixlen_d && a->prefixlen_s == b->prefixlen_s &&
	       a->proto == b->proto && memcmp(a->unused, b->unused, sizeof(a->unused)) == 0 &&
	       a->ifindex == b->ifindex && a->user == b->user;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/selector.h"

#include <endian.h>
#include <string.h>

static bool ports_match(const struct ux_selector *sel, const struct ux_flow_key *flow)
{
	if ((flow->dport ^ sel->dport) & sel->dport_mask)
		return false;
	return !((flow->sport ^ sel->sport) & sel->sport_mask);
}

/* A prefix longer than the address is the whole address. */
static bool prefix_matches(const struct ux_addr *a, const struct ux_addr *b, unsigned int bits,
			   uint16_t family)
{
	if (family == AF_INET)
		return (uint64_t)be32toh(a->w[0] ^ b->w[0]) >> (bits < 32 ? 32 - bits : 0) == 0;
	if (bits > 64)
		return a->q[0] == b->q[0] &&
		       be64toh(a->q[1] ^ b->q[1]) >> (bits < 128 ? 128 - bits : 0) == 0;
	return bits == 0 || be64toh(a->q[0] ^ b->q[0]) >> (64 - bits) == 0;
}

bool ux_selector_match(const struct ux_selector *sel, const struct ux_flow_key *flow)
{
	if (!prefix_matches(&flow->daddr, &sel->daddr, sel->prefixlen_d, flow->family) ||
	    !prefix_matches(&flow->saddr, &sel->saddr, sel->prefixlen_s, flow->family))
		return false;
	if (sel->proto && sel->proto != flow->proto)
		return false;
	if (sel->ifindex && sel->ifindex != flow->ifindex)
		return false;
	return ports_match(sel, flow);
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

/* SPDX-License-Identifier: BSD-2-Clause */

/* What a packet shows to selectors. Which fields of which protocols: as Linux's flow decoding. */

#include "packet/flow_key.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/ip.h"

#define GRE_CHECKSUM 0x8000
#define GRE_KEY 0x2000

/* The two 16-bit fields that stand first, as they are. */
static void read_ports(const uint8_t *upper, uint32_t len, struct ux_flow_key *flow)
{
	if (len < 4)
		return;
	memcpy(&flow->sport, upper, 2);
	memcpy(&flow->dport, upper + 2, 2);
}

static void read_icmp(const uint8_t *upper, uint32_t len, struct ux_flow_key *flow)
{
	if (len < 2)
		return;
	flow->sport = htobe16(upper[0]);
	flow->dport = htobe16(upper[1]);
}

/* RFC 6275 section 6.1.1: the message type is the third byte. */
static void read_mobility(const uint8_t *upper, uint32_t len, struct ux_flow_key *flow)
{
	if (len >= 3)
		flow->sport = htobe16(upper[2]);
}

/* RFC 2890: the key's halves stand where ports would. */
static void read_gre(const uint8_t *upper, uint32_t len, struct ux_flow_key *flow)
{
	uint32_t at = 4;

	if (len < 4 || !(ux_get_be16(upper) & GRE_KEY))
		return;
	if (ux_get_be16(upper) & GRE_CHECKSUM)
		at += 4;
	if (len >= at + 4)
		read_ports(upper + at, 4, flow);
}

static void read_upper(const uint8_t *upper, uint32_t len, struct ux_flow_key *flow)
{
	switch (flow->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		read_ports(upper, len, flow);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		read_icmp(upper, len, flow);
		break;
	case IPPROTO_MH:
		read_mobility(upper, len, flow);
		break;
	case IPPROTO_GRE:
		read_gre(upper, len, flow);
		break;
	default:
		break;
	}
}

bool ux_flow_key_parse(const uint8_t *data, uint32_t len, struct ux_flow_key *ret_flow)
{
	struct ux_ip_info info;

	if (!ux_ip_parse(data, len, &info))
		return false;
	ux_flow_key_fill(data, &info, ret_flow);
	return true;
}

void ux_flow_key_fill(const uint8_t *data, const struct ux_ip_info *info,
		      struct ux_flow_key *ret_flow)
{
	*ret_flow = (struct ux_flow_key){
	    .family = info->family,
	    .proto = info->proto,
	    .fragment = info->fragment,
	};
	ux_ip_addresses(data, info->family, &ret_flow->saddr, &ret_flow->daddr);
	if (!info->later_fragment)
		read_upper(data + info->header_len, info->total_len - info->header_len, ret_flow);
}

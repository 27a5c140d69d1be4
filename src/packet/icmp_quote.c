/* SPDX-License-Identifier: BSD-2-Clause */

/* A quoted packet is cut short: it is read as if its header said so. */

#include "packet/icmp_quote.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/icmp_error.h"

#define ICMP_LEN 8

static bool is_error(uint16_t family, uint8_t type)
{
	if (family == AF_INET)
		return type == 3 || type == 11 || type == 12;
	return type >= 1 && type <= 4;
}

static bool read_quote(uint8_t *quote, uint32_t len, struct ux_flow_key *ret_flow)
{
	if (len < UX_IP4_LEN)
		return false;
	if (quote[0] >> 4 == 4 && ux_get_be16(quote + 2) > len)
		ux_put_be16(quote + 2, (uint16_t)len);
	if (quote[0] >> 4 == 6 && len >= UX_IP6_LEN && ux_get_be16(quote + 4) > len - UX_IP6_LEN)
		ux_put_be16(quote + 4, (uint16_t)(len - UX_IP6_LEN));
	return ux_flow_key_parse(quote, len, ret_flow);
}

bool ux_icmp_quote_reversed(const uint8_t *packet, const struct ux_ip_info *info,
			    struct ux_flow_key *ret_flow)
{
	const bool six = info->family == AF_INET6;
	uint8_t quote[UX_ICMP_ERROR_MAX];
	struct ux_flow_key flow;
	uint32_t at = info->header_len + ICMP_LEN, len;

	if (info->proto != (six ? IPPROTO_ICMPV6 : IPPROTO_ICMP) || info->later_fragment ||
	    info->total_len <= at || !is_error(info->family, packet[info->header_len]))
		return false;
	len = info->total_len - at;
	if (len > sizeof(quote))
		len = sizeof(quote);
	memcpy(quote, packet + at, len);
	if (!read_quote(quote, len, &flow) || flow.family != info->family)
		return false;
	*ret_flow = flow;
	ret_flow->saddr = flow.daddr;
	ret_flow->daddr = flow.saddr;
	/* Type and code of ICMP have no direction. */
	if (flow.proto != IPPROTO_ICMP && flow.proto != IPPROTO_ICMPV6) {
		ret_flow->sport = flow.dport;
		ret_flow->dport = flow.sport;
	}
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* Building them. Sizes, precedence and who is told as Linux has it. */

#include "packet/icmp_error.h"

#include <netinet/in.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/ip.h"

#define ICMP_LEN 8
#define ICMP4_MAX 576 /* RFC 1812 section 4.3.2.3 */
#define ICMP4_UNREACHABLE 3
#define ICMP4_TYPES_MAX 18
#define FRAGMENTATION_NEEDED 4
#define HOST_UNREACHABLE 1
#define ICMP6_UNREACHABLE 1
#define ADDRESS_UNREACHABLE 3
#define ICMP6_TOO_BIG 2
#define ICMP6_INFORMATION 0x80 /* without this bit in its type it is an error */
#define ICMP6_REDIRECT 137
/* RFC 1812 section 4.3.2.5: internetwork control; of the type of service the middle bits stay */
#define PRECEDENCE 0xc0
#define TOS_KEPT 0x1e

static bool is_error4(uint8_t type)
{
	/* unreachable, source quench, redirect, time exceeded, parameter problem; and the unknown
	 */
	return (type >= 3 && type <= 5) || type == 11 || type == 12 || type > ICMP4_TYPES_MAX;
}

static bool is_error6(uint8_t type)
{
	return !(type & ICMP6_INFORMATION) || type == ICMP6_REDIRECT;
}

/* An error whose first byte is cut off may be one. */
static bool about_an_error(const uint8_t *packet, const struct ux_ip_info *info)
{
	bool six = info->family == AF_INET6;
	uint8_t type;

	if (info->proto != (six ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return false;
	if (info->header_len >= info->total_len)
		return true;
	type = packet[info->header_len];
	return six ? is_error6(type) : is_error4(type);
}

static bool one_host4(const uint8_t *addr)
{
	return addr[0] != 0 && addr[0] != 127 && addr[0] < 224;
}

static bool wanted(const uint8_t *packet, const struct ux_ip_info *info)
{
	static const uint8_t unspecified[16];

	if (info->later_fragment || about_an_error(packet, info))
		return false;
	if (info->family == AF_INET)
		return one_host4(packet + 12) && packet[16] < 224;
	return packet[8] != 0xff && memcmp(packet + 8, unspecified, sizeof(unspecified)) != 0;
}

/* The first 8 bytes but for the checksum; @mtu where the form has it, else 0. */
struct head {
	uint8_t type, code;
	uint32_t mtu;
};

static uint32_t build4(uint8_t *out, const uint8_t *packet, const struct ux_ip_info *info,
		       const struct head *head, const struct ux_addr *source)
{
	uint32_t room = ICMP4_MAX - UX_IP4_LEN - ICMP_LEN;
	uint32_t quoted = info->total_len < room ? info->total_len : room;
	uint8_t *icmp = out + UX_IP4_LEN;
	struct ux_addr to, dummy;
	struct ux_ip_build b = {
	    .saddr = source,
	    .daddr = &to,
	    .total_len = UX_IP4_LEN + ICMP_LEN + quoted,
	    .tos = (uint8_t)((info->tos & TOS_KEPT) | PRECEDENCE),
	    .ttl = UX_IP_DEFAULT_TTL,
	    .proto = IPPROTO_ICMP,
	};

	ux_ip_addresses(packet, AF_INET, &to, &dummy);
	ux_ip4_build(out, &b);
	memset(icmp, 0, ICMP_LEN);
	icmp[0] = head->type;
	icmp[1] = head->code;
	ux_put_be16(icmp + 6, (uint16_t)head->mtu);
	memcpy(icmp + ICMP_LEN, packet, quoted);
	ux_checksum_store(icmp + 2,
			  ux_checksum_finish(ux_checksum_add(0, icmp, ICMP_LEN + quoted)));
	return b.total_len;
}

static uint32_t build6(uint8_t *out, const uint8_t *packet, const struct ux_ip_info *info,
		       const struct head *head, const struct ux_addr *source)
{
	uint32_t room = UX_ICMP_ERROR_MAX - UX_IP6_LEN - ICMP_LEN;
	uint32_t quoted = info->total_len < room ? info->total_len : room;
	uint8_t *icmp = out + UX_IP6_LEN;
	struct ux_addr to, dummy;
	struct ux_ip_build b = {
	    .saddr = source,
	    .daddr = &to,
	    .total_len = UX_IP6_LEN + ICMP_LEN + quoted,
	    .ttl = UX_IP_DEFAULT_TTL,
	    .proto = IPPROTO_ICMPV6,
	};
	uint64_t sum;

	ux_ip_addresses(packet, AF_INET6, &to, &dummy);
	ux_ip6_build(out, &b);
	memset(icmp, 0, ICMP_LEN);
	icmp[0] = head->type;
	icmp[1] = head->code;
	ux_put_be32(icmp + 4, head->mtu);
	memcpy(icmp + ICMP_LEN, packet, quoted);
	sum = ux_checksum_pseudo(out + 8, out + 24, 16, IPPROTO_ICMPV6, ICMP_LEN + quoted);
	ux_checksum_store(icmp + 2,
			  ux_checksum_finish(ux_checksum_add(sum, icmp, ICMP_LEN + quoted)));
	return b.total_len;
}

uint32_t ux_icmp_too_big_build(uint8_t *out, const uint8_t *packet, uint32_t len, uint32_t mtu,
			       const struct ux_addr *source)
{
	const struct head four = {ICMP4_UNREACHABLE, FRAGMENTATION_NEEDED,
				  mtu < UX_IP_MAX ? mtu : UX_IP_MAX};
	const struct head six = {.type = ICMP6_TOO_BIG, .mtu = mtu};
	struct ux_ip_info info;

	if (!ux_ip_parse(packet, len, &info) || !info.df || !wanted(packet, &info))
		return 0;
	return info.family == AF_INET ? build4(out, packet, &info, &four, source)
				      : build6(out, packet, &info, &six, source);
}

uint32_t ux_icmp_unreachable_build(uint8_t *out, const uint8_t *packet, uint32_t len,
				   const struct ux_addr *source)
{
	static const struct head four = {.type = ICMP4_UNREACHABLE, .code = HOST_UNREACHABLE};
	static const struct head six = {.type = ICMP6_UNREACHABLE, .code = ADDRESS_UNREACHABLE};
	struct ux_ip_info info;

	if (!ux_ip_parse(packet, len, &info) || !wanted(packet, &info))
		return 0;
	return info.family == AF_INET ? build4(out, packet, &info, &four, source)
				      : build6(out, packet, &info, &six, source);
}

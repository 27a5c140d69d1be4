/* SPDX-License-Identifier: BSD-2-Clause */

/* What the two IP versions have in common. */

#include "packet/ip.h"

#include "base/bytes.h"
#include "packet/checksum.h"

bool ux_ip_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info)
{
	if (len == 0)
		return false;
	return data[0] >> 4 == 4 ? ux_ip4_parse(data, len, ret_info)
				 : ux_ip6_parse(data, len, ret_info);
}

void ux_ip_addresses(const uint8_t *data, uint16_t family, struct ux_addr *ret_saddr,
		     struct ux_addr *ret_daddr)
{
	if (family == AF_INET) {
		*ret_saddr = *ret_daddr = (struct ux_addr){0};
		memcpy(ret_saddr, data + 12, 4);
		memcpy(ret_daddr, data + 16, 4);
		return;
	}
	memcpy(ret_saddr, data + 8, 16);
	memcpy(ret_daddr, data + 24, 16);
}

void ux_ip_change_tos(uint8_t *data, uint16_t family, uint8_t keep, uint8_t set)
{
	uint16_t before;

	if (family == AF_INET) {
		before = ux_checksum_load(data);
		data[1] = (uint8_t)((data[1] & keep) | set);
		ux_checksum_store(data + 10, ux_checksum_replace(ux_checksum_load(data + 10),
								 before, ux_checksum_load(data)));
		return;
	}
	before = ux_get_be16(data);
	ux_put_be16(data, (uint16_t)((before & (0xf00f | keep << 4)) | set << 4));
}

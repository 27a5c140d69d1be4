/* SPDX-License-Identifier: BSD-2-Clause */

/* UDP headers and transport checksums. */

#include "packet/udp.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/checksum.h"

void ux_udp_build(uint8_t *header, __be16 sport, __be16 dport, uint32_t len)
{
	memcpy(header, &sport, 2);
	memcpy(header + 2, &dport, 2);
	ux_put_be16(header + 4, (uint16_t)len);
	ux_put_be16(header + 6, 0);
}

bool ux_udp_payload_len(const uint8_t *header, uint32_t len, uint32_t *ret_len)
{
	uint32_t udp_len;

	if (len < UX_UDP_LEN)
		return false;
	udp_len = ux_get_be16(header + 4);
	if (udp_len < UX_UDP_LEN || udp_len > len)
		return false;
	*ret_len = udp_len - UX_UDP_LEN;
	return true;
}

/* The checksum's place in the transport header, 0 for protocols we do not know. */
static uint32_t checksum_place(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	default:
		return 0;
	}
}

void ux_transport_checksum(uint8_t *packet, const struct ux_ip_info *info)
{
	uint32_t place = checksum_place(info->proto), len = info->total_len - info->header_len;
	bool v4 = info->family == AF_INET;
	uint8_t *upper = packet + info->header_len;
	uint16_t check;
	uint64_t sum;

	if (place == 0 || info->fragment || len < place + 2)
		return;
	/* An IPv4 sender may go without (RFC 768); then there is nothing to correct. */
	if (v4 && info->proto == IPPROTO_UDP && ux_checksum_load(upper + place) == 0)
		return;
	sum = ux_checksum_pseudo(packet + (v4 ? 12 : 8), packet + (v4 ? 16 : 24), v4 ? 4 : 16,
				 info->proto, len);
	ux_checksum_store(upper + place, 0);
	check = ux_checksum_finish(ux_checksum_add(sum, upper, len));
	/* RFC 768: zero means "none", so it is sent as all ones. */
	if (check == 0 && info->proto == IPPROTO_UDP)
		check = 0xffff;
	ux_checksum_store(upper + place, check);
}

/* SPDX-License-Identifier: BSD-2-Clause */

/* IPv4 headers (RFC 791). */

#include "packet/ip.h"

#include "base/bytes.h"
#include "packet/checksum.h"

#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff

bool ux_ip4_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info)
{
	uint32_t header_len, total_len;
	uint16_t fragment;

	if (len < UX_IP4_LEN || data[0] >> 4 != 4)
		return false;
	header_len = (data[0] & 0x0fu) * 4;
	total_len = ux_get_be16(data + 2);
	if (header_len < UX_IP4_LEN || total_len < header_len || total_len > len)
		return false;
	fragment = ux_get_be16(data + 6);
	*ret_info = (struct ux_ip_info){
	    .family = AF_INET,
	    .header_len = (uint16_t)header_len,
	    .proto_offset = 9,
	    .total_len = total_len,
	    .proto = data[9],
	    .tos = data[1],
	    .df = fragment & IP4_DF,
	    .fragment = fragment & (IP4_MF | IP4_OFFSET),
	    .later_fragment = fragment & IP4_OFFSET,
	};
	return true;
}

static void fix_checksum(uint8_t *header)
{
	ux_checksum_store(header + 10, 0);
	ux_checksum_store(header + 10,
			  ux_checksum_finish(ux_checksum_add(0, header, (header[0] & 0x0fu) * 4)));
}

void ux_ip4_build(uint8_t *header, const struct ux_ip_build *b)
{
	header[0] = 0x45;
	header[1] = b->tos;
	ux_put_be16(header + 2, (uint16_t)b->total_len);
	ux_put_be16(header + 4, b->id);
	ux_put_be16(header + 6, b->df ? IP4_DF : 0);
	header[8] = b->ttl;
	header[9] = b->proto;
	memcpy(header + 12, b->saddr, 4);
	memcpy(header + 16, b->daddr, 4);
	fix_checksum(header);
}

void ux_ip4_clear_df(uint8_t *header, uint16_t id)
{
	uint16_t word = ux_get_be16(header + 6);

	if (!(word & IP4_DF))
		return;
	ux_put_be16(header + 6, word & (uint16_t)~IP4_DF);
	ux_put_be16(header + 4, id);
}

void ux_ip4_set_length(uint8_t *header, uint32_t total_len)
{
	ux_put_be16(header + 2, (uint16_t)total_len);
	fix_checksum(header);
}

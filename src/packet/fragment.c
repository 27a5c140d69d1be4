/* SPDX-License-Identifier: BSD-2-Clause */

/* Fragmentation: RFC 791 section 3.2, RFC 8200 section 4.5. */

#include "packet/fragment.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/ip.h"

#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff
#define IP6_FRAGMENT_LEN 8
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_COPY 0x80

static bool begin4(struct ux_fragmenter *f, const struct ux_ip_info *info)
{
	uint16_t word = ux_get_be16(f->packet + 6);

	f->base = word & IP4_OFFSET;
	f->more = word & IP4_MF;
	f->header_len = info->header_len;
	return !info->df;
}

static bool begin6(struct ux_fragmenter *f, const struct ux_ip_info *info)
{
	f->header_len = ux_ip6_unfragmentable(f->packet, info->total_len, &f->proto_offset);
	return f->header_len && !info->fragment;
}

bool ux_fragment_begin(struct ux_fragmenter *f, const uint8_t *packet, uint32_t len, uint32_t mtu,
		       uint32_t id)
{
	struct ux_ip_info info;
	uint32_t overhead;

	if (!ux_ip_parse(packet, len, &info))
		return false;
	*f = (struct ux_fragmenter){
	    .packet = packet, .total_len = info.total_len, .id = id, .v6 = info.family == AF_INET6};
	if (info.total_len <= mtu) {
		f->piece = info.total_len;
		return true;
	}
	if (f->v6 ? !begin6(f, &info) : !begin4(f, &info))
		return false;
	overhead = f->header_len + (f->v6 ? IP6_FRAGMENT_LEN : 0);
	if (mtu < UX_FRAGMENT_MTU_MIN || mtu < overhead + 8)
		return false;
	f->at = f->header_len;
	f->piece = (mtu - overhead) & ~7u;
	return true;
}

/* Options without the copied flag belong to the first fragment only; they become no-operations,
 * which keeps all header lengths equal. */
static void blank_options(uint8_t *header, uint32_t header_len)
{
	uint32_t i = UX_IP4_LEN;

	while (i < header_len && header[i] != OPTION_END) {
		uint32_t len = 1;

		if (header[i] != OPTION_NOP) {
			len = i + 1 < header_len ? header[i + 1] : 0;
			if (len < 2 || len > header_len - i)
				return;
		}
		if (!(header[i] & OPTION_COPY))
			memset(header + i, OPTION_NOP, len);
		i += len;
	}
}

static uint32_t header4(const struct ux_fragmenter *f, uint8_t *out, uint32_t n, bool last)
{
	uint32_t offset = (f->at - f->header_len) / 8;

	memcpy(out, f->packet, f->header_len);
	if (offset)
		blank_options(out, f->header_len);
	ux_put_be16(out + 6, (uint16_t)((f->base + offset) | (last && !f->more ? 0 : IP4_MF)));
	ux_ip4_set_length(out, f->header_len + n);
	return f->header_len;
}

static uint32_t header6(const struct ux_fragmenter *f, uint8_t *out, uint32_t n, bool last)
{
	uint8_t *fragment = out + f->header_len;

	memcpy(out, f->packet, f->header_len);
	fragment[0] = out[f->proto_offset];
	fragment[1] = 0;
	/* The offset stands in the upper 13 bits, so bytes (a multiple of 8) need no shift. */
	ux_put_be16(fragment + 2, (uint16_t)((f->at - f->header_len) | !last));
	ux_put_be32(fragment + 4, f->id);
	out[f->proto_offset] = IPPROTO_FRAGMENT;
	ux_ip6_set_length(out, f->header_len + IP6_FRAGMENT_LEN + n);
	return f->header_len + IP6_FRAGMENT_LEN;
}

uint32_t ux_fragment_next(struct ux_fragmenter *f, uint8_t *out)
{
	uint32_t left = f->total_len - f->at, n = left < f->piece ? left : f->piece, header_len = 0;

	if (left == 0)
		return 0;
	if (f->header_len)
		header_len = f->v6 ? header6(f, out, n, n == left) : header4(f, out, n, n == left);
	memcpy(out + header_len, f->packet + f->at, n);
	f->at += n;
	return header_len + n;
}

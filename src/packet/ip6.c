/* SPDX-License-Identifier: BSD-2-Clause */

/* IPv6 headers and the extension headers in front of the upper layer (RFC 8200). */

#include "packet/ip.h"

#include <netinet/in.h>

#include "base/bytes.h"

/* More extension headers than this are no packet we carry: it bounds the time a packet can take. */
#define EXTENSIONS_MAX 16
#define FRAGMENT_OFFSET 0xfff8
#define FRAGMENT_MORE 0x0001

/* A position in the chain of headers. */
struct chain {
	const uint8_t *data;
	uint32_t len;	       /* of the packet */
	uint32_t offset;       /* of the header that proto names */
	uint32_t proto_offset; /* of the byte that holds proto */
	uint8_t proto;
	uint8_t n;
};

static void chain_init(struct chain *c, const uint8_t *data, uint32_t len)
{
	*c = (struct chain){
	    .data = data, .len = len, .offset = UX_IP6_LEN, .proto_offset = 6, .proto = data[6]};
}

/* Step over one extension header; false when it does not lie in the packet. */
static bool chain_step(struct chain *c)
{
	uint32_t header_len;

	if (c->len - c->offset < 8 || ++c->n > EXTENSIONS_MAX)
		return false;
	header_len = c->proto == IPPROTO_FRAGMENT ? 8 : (c->data[c->offset + 1] + 1u) * 8;
	if (header_len > c->len - c->offset)
		return false;
	c->proto_offset = c->offset;
	c->proto = c->data[c->offset];
	c->offset += header_len;
	return true;
}

bool ux_ip6_is_extension(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT;
}

/* Walk to the upper-layer protocol; a later fragment ends the walk, what follows is not a header.
 */
static bool walk(struct chain *c, struct ux_ip_info *info)
{
	while (ux_ip6_is_extension(c->proto)) {
		bool fragment = c->proto == IPPROTO_FRAGMENT;
		uint32_t at = c->offset;
		uint16_t word;

		if (!chain_step(c))
			return false;
		if (!fragment)
			continue;
		word = ux_get_be16(c->data + at + 2);
		info->fragment_offset = (uint16_t)at;
		/* An atomic fragment (RFC 6946) is whole, but still carries the header. */
		info->fragment = true;
		info->later_fragment = word & FRAGMENT_OFFSET;
		if (info->later_fragment)
			break;
	}
	return true;
}

bool ux_ip6_parse(const uint8_t *data, uint32_t len, struct ux_ip_info *ret_info)
{
	struct ux_ip_info info = {.family = AF_INET6, .df = true};
	struct chain c;

	if (len < UX_IP6_LEN || data[0] >> 4 != 6)
		return false;
	info.total_len = UX_IP6_LEN + ux_get_be16(data + 4);
	if (info.total_len > len)
		return false;
	info.tos = (uint8_t)(ux_get_be16(data) >> 4);
	info.flow_label = ux_get_be32(data) & 0xfffff;
	chain_init(&c, data, info.total_len);
	/* header_len and the offsets have 16 bits; the bound on extensions keeps them far below. */
	if (!walk(&c, &info))
		return false;
	info.header_len = (uint16_t)c.offset;
	info.proto_offset = (uint16_t)c.proto_offset;
	info.proto = c.proto;
	*ret_info = info;
	return true;
}

void ux_ip6_build(uint8_t *header, const struct ux_ip_build *b)
{
	ux_put_be32(header, 6u << 28 | (uint32_t)b->tos << 20 | (b->flow_label & 0xfffff));
	ux_put_be16(header + 4, (uint16_t)(b->total_len - UX_IP6_LEN));
	header[6] = b->proto;
	header[7] = b->ttl;
	memcpy(header + 8, b->saddr, 16);
	memcpy(header + 24, b->daddr, 16);
}

void ux_ip6_set_length(uint8_t *header, uint32_t total_len)
{
	ux_put_be16(header + 4, (uint16_t)(total_len - UX_IP6_LEN));
}

uint32_t ux_ip6_esp_offset(const uint8_t *data, uint32_t len, uint32_t *ret_proto_offset)
{
	bool routing = false;
	struct chain c;

	chain_init(&c, data, len);
	while (c.proto == IPPROTO_HOPOPTS || c.proto == IPPROTO_ROUTING ||
	       c.proto == IPPROTO_DSTOPTS) {
		/* Options for the final destination only: they go inside. */
		if (c.proto == IPPROTO_DSTOPTS && routing)
			break;
		routing |= c.proto == IPPROTO_ROUTING;
		if (!chain_step(&c))
			return 0;
	}
	*ret_proto_offset = c.proto_offset;
	return c.offset;
}

uint32_t ux_ip6_unfragmentable(const uint8_t *data, uint32_t len, uint32_t *ret_proto_offset)
{
	uint32_t end = UX_IP6_LEN, end_proto = 6;
	struct chain c;

	chain_init(&c, data, len);
	while (c.proto == IPPROTO_HOPOPTS || c.proto == IPPROTO_ROUTING ||
	       c.proto == IPPROTO_DSTOPTS) {
		bool counts = c.proto != IPPROTO_DSTOPTS;

		if (!chain_step(&c))
			return 0;
		if (counts) {
			end = c.offset;
			end_proto = c.proto_offset;
		}
	}
	*ret_proto_offset = end_proto;
	return end;
}

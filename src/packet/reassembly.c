/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reassembly: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722.
 *
 * A buffer holds header and payload of one packet. The payload stands at a fixed place with room
 * for the longest header in front of it; which 8-byte blocks have come is a bitmap.
 */

#include "packet/reassembly.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/ip.h"

#define PAYLOAD_MAX 65536
#define HEADER_MAX 512 /* an unfragmentable part longer than this is refused */
#define BLOCKS (PAYLOAD_MAX / 8)
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff
#define IP6_FRAGMENT_LEN 8

/* What makes fragments belong together. Compared as bytes: holes are zeroed. */
struct key {
	struct ux_addr saddr, daddr;
	uint32_t id;
	uint16_t family;
	uint8_t proto; /* IPv4 only */
	uint8_t zero;
};
_Static_assert(sizeof(struct key) == 40, "no padding, so that keys can be compared as bytes");

struct buffer {
	struct key key;
	bool used;
	uint64_t began_ns;
	uint64_t age;	       /* order of arrival of the first fragment */
	uint32_t header_len;   /* 0 until the first fragment came */
	uint32_t proto_offset; /* IPv6: where the fragment header was named */
	uint32_t payload_len;  /* 0 until the last fragment came */
	uint32_t n_blocks;     /* bits set */
	uint32_t end;	       /* highest byte seen */
	uint8_t proto;
	uint64_t map[BLOCKS / 64];
	uint8_t bytes[HEADER_MAX + PAYLOAD_MAX];
};

struct ux_reassembly {
	uint64_t timeout_ns, age, lost;
	uint32_t n;
	struct buffer *buffers[];
};

/* One fragment, as far as both IP versions are alike. */
struct piece {
	struct key key;
	const uint8_t *header, *payload;
	uint32_t header_len, proto_offset, len, offset;
	uint8_t proto;
	bool more;
};

struct ux_reassembly *ux_reassembly_new(uint32_t n_packets, uint64_t timeout_ns)
{
	struct ux_reassembly *r = calloc(1, sizeof(*r) + n_packets * sizeof(r->buffers[0]));

	if (!r)
		return NULL;
	r->timeout_ns = timeout_ns;
	r->n = n_packets;
	for (uint32_t i = 0; i < n_packets; i++) {
		r->buffers[i] = calloc(1, sizeof(struct buffer));
		if (!r->buffers[i])
			return ux_reassembly_free(r);
	}
	return r;
}

struct ux_reassembly *ux_reassembly_free(struct ux_reassembly *r)
{
	for (uint32_t i = 0; r && i < r->n; i++)
		free(r->buffers[i]);
	free(r);
	return NULL;
}

bool ux_reassembly_wanted(const uint8_t *packet, uint32_t len)
{
	struct ux_ip_info info;

	return ux_ip_parse(packet, len, &info) && info.fragment;
}

static void read4(const uint8_t *packet, const struct ux_ip_info *info, struct piece *p)
{
	uint16_t word = ux_get_be16(packet + 6);

	p->key.id = ux_get_be16(packet + 4);
	p->key.proto = info->proto;
	p->header_len = info->header_len;
	p->payload = packet + info->header_len;
	p->offset = (uint32_t)(word & IP4_OFFSET) * 8;
	p->more = word & IP4_MF;
}

static bool read6(const uint8_t *packet, const struct ux_ip_info *info, struct piece *p)
{
	const uint8_t *fragment = packet + info->fragment_offset;
	uint32_t proto_offset, unfragmentable;
	uint16_t word = ux_get_be16(fragment + 2);

	/* The fragment header must end the unfragmentable part: nothing else fits together again.
	 */
	unfragmentable = ux_ip6_unfragmentable(packet, info->total_len, &proto_offset);
	p->proto_offset = proto_offset;
	p->key.id = ux_get_be32(fragment + 4);
	p->proto = fragment[0];
	p->header_len = info->fragment_offset;
	p->payload = fragment + IP6_FRAGMENT_LEN;
	p->offset = word & 0xfff8u;
	p->more = word & 1;
	return unfragmentable == info->fragment_offset;
}

static bool read_piece(const uint8_t *packet, uint32_t len, struct piece *p)
{
	struct ux_ip_info info;

	if (!ux_ip_parse(packet, len, &info) || !info.fragment)
		return false;
	*p = (struct piece){.header = packet};
	p->key.family = info.family;
	ux_ip_addresses(packet, info.family, &p->key.saddr, &p->key.daddr);
	if (info.family == AF_INET)
		read4(packet, &info, p);
	else if (!read6(packet, &info, p))
		return false;
	p->len = (uint32_t)(packet + info.total_len - p->payload);
	/* All but the last carry whole blocks, and none may make the packet too long. */
	if (p->len == 0)
		return false;
	if (p->more && p->len % 8)
		return false;
	return p->header_len <= HEADER_MAX && p->header_len + p->offset + p->len <= UX_IP_MAX;
}

static struct buffer *find(struct ux_reassembly *r, const struct key *key)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct buffer *b = r->buffers[i];

		if (b->used && memcmp(&b->key, key, sizeof(*key)) == 0)
			return b;
	}
	return NULL;
}

static void forget(struct ux_reassembly *r, struct buffer *b)
{
	if (b->used)
		r->lost++;
	b->used = false;
}

void ux_reassembly_expire(struct ux_reassembly *r, uint64_t now_ns)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct buffer *b = r->buffers[i];

		if (b->used && now_ns - b->began_ns >= r->timeout_ns)
			forget(r, b);
	}
}

/* A free buffer, or the oldest. NULL only for a reassembly of no packets. */
static struct buffer *take_buffer(struct ux_reassembly *r, const struct key *key, uint64_t now_ns)
{
	struct buffer *b = NULL;

	for (uint32_t i = 0; i < r->n && (!b || b->used); i++) {
		struct buffer *c = r->buffers[i];

		if (!b || !c->used || c->age < b->age)
			b = c;
	}
	if (!b)
		return NULL;
	forget(r, b);
	memset(b, 0, offsetof(struct buffer, bytes));
	b->key = *key;
	b->used = true;
	b->began_ns = now_ns;
	b->age = r->age++;
	return b;
}

static bool block_seen(const struct buffer *b, uint32_t block)
{
	return b->map[block / 64] >> (block % 64) & 1;
}

/* How many of the piece's blocks have come before. */
static uint32_t count_seen(const struct buffer *b, const struct piece *p, uint32_t n)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < n; i++)
		seen += block_seen(b, p->offset / 8 + i);
	return seen;
}

static void store(struct buffer *b, const struct piece *p, uint32_t n)
{
	memcpy(b->bytes + HEADER_MAX + p->offset, p->payload, p->len);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t block = p->offset / 8 + i;

		b->map[block / 64] |= 1ull << (block % 64);
	}
	b->n_blocks += n;
	if (p->offset + p->len > b->end)
		b->end = p->offset + p->len;
	if (!p->more)
		b->payload_len = p->offset + p->len;
	if (p->offset == 0) {
		memcpy(b->bytes + HEADER_MAX - p->header_len, p->header, p->header_len);
		b->header_len = p->header_len;
		b->proto_offset = p->proto_offset;
		b->proto = p->proto;
	}
}

/* Does the piece fit what is known of the packet's length? */
static bool fits(const struct buffer *b, const struct piece *p)
{
	uint32_t end = p->offset + p->len;

	if (b->payload_len && (end > b->payload_len || (!p->more && end != b->payload_len)))
		return false;
	return p->more || end >= b->end;
}

static bool complete(const struct buffer *b)
{
	return b->header_len && b->payload_len && b->n_blocks == (b->payload_len + 7) / 8;
}

/* The header of the first fragment becomes that of the whole. */
static void finish(struct buffer *b, uint8_t **ret_packet, uint32_t *ret_len)
{
	uint8_t *packet = b->bytes + HEADER_MAX - b->header_len;
	uint32_t len = b->header_len + b->payload_len;

	if (b->key.family == AF_INET) {
		ux_put_be16(packet + 6, 0);
		ux_ip4_set_length(packet, len);
	} else {
		packet[b->proto_offset] = b->proto;
		ux_ip6_set_length(packet, len);
	}
	b->used = false;
	*ret_packet = packet;
	*ret_len = len;
}

enum ux_reassembly_result ux_reassembly_add(struct ux_reassembly *r, const uint8_t *packet,
					    uint32_t len, uint64_t now_ns, uint8_t **ret_packet,
					    uint32_t *ret_len)
{
	struct buffer *b;
	struct piece p;
	uint32_t n, seen;

	ux_reassembly_expire(r, now_ns);
	if (!read_piece(packet, len, &p))
		return UX_REASSEMBLY_REFUSED;
	b = find(r, &p.key);
	if (!b)
		b = take_buffer(r, &p.key, now_ns);
	if (!b)
		return UX_REASSEMBLY_REFUSED;
	n = (p.len + 7) / 8;
	seen = count_seen(b, &p, n);
	/* The same fragment once more is a duplicate on the way, not an overlap (RFC 8200). */
	if (seen && seen == n && fits(b, &p) &&
	    memcmp(b->bytes + HEADER_MAX + p.offset, p.payload, p.len) == 0)
		return UX_REASSEMBLY_HELD;
	if (seen || !fits(b, &p)) {
		forget(r, b);
		return UX_REASSEMBLY_REFUSED;
	}
	store(b, &p, n);
	if (!complete(b))
		return UX_REASSEMBLY_HELD;
	finish(b, ret_packet, ret_len);
	return UX_REASSEMBLY_DONE;
}

uint64_t ux_reassembly_lost(const struct ux_reassembly *r)
{
	return r->lost;
}

uint32_t ux_reassembly_pending(const struct ux_reassembly *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += r->buffers[i]->used;
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "decode.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A packet seen from its IP header on. */
struct view {
	const uint8_t *p;
	size_t captured, on_wire;
	unsigned int depth; /* of IP headers */
};

#define DEPTH_MAX 4

static unsigned int u16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)u16(p) << 16 | u16(p + 2);
}

static uint64_t u64(const uint8_t *p)
{
	return (uint64_t)u32(p) << 32 | u32(p + 4);
}

bool decoder_add_inner(struct decoder *d, const char *text)
{
	struct decoder_prefix prefix = {0};
	char address[64];
	const char *slash = strchr(text, '/');

	if (!slash || d->n_inner == DECODER_PREFIXES_MAX ||
	    (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = 0;
	prefix.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	prefix.bits = (unsigned int)strtoul(slash + 1, NULL, 10);
	if (inet_pton(prefix.family, address, prefix.address) != 1)
		return false;
	if (prefix.bits > (prefix.family == AF_INET6 ? 128u : 32u))
		return false;
	d->inner[d->n_inner++] = prefix;
	return true;
}

static bool in_prefix(const struct decoder_prefix *prefix, int family, const uint8_t *address)
{
	unsigned int whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->family != family || memcmp(prefix->address, address, whole) != 0)
		return false;
	return !rest || ((prefix->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static uint64_t hash(const uint8_t *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool is_inner(const struct decoder *d, int family, const uint8_t *address)
{
	for (size_t i = 0; i < d->n_inner; i++)
		if (in_prefix(&d->inner[i], family, address))
			return true;
	return false;
}

static void undecodable(struct decoder *d, const char *why, size_t on_wire)
{
	if (!d->undecodable++)
		snprintf(d->first_undecodable, sizeof(d->first_undecodable), "%s (%zu bytes)", why,
			 on_wire);
}

static void cleartext(struct decoder *d, int family, const uint8_t *src, const uint8_t *dst)
{
	char from[INET6_ADDRSTRLEN] = "", to[INET6_ADDRSTRLEN] = "";

	if (d->cleartext++)
		return;
	inet_ntop(family, src, from, sizeof(from));
	inet_ntop(family, dst, to, sizeof(to));
	snprintf(d->first_cleartext, sizeof(d->first_cleartext), "%s > %s", from, to);
}

static void turn(struct decoder *d, uint32_t spi)
{
	struct decoder_turn *grown;

	if (d->n_turns == d->turns_size) {
		d->turns_size = d->turns_size ? 2 * d->turns_size : 64;
		grown = reallocarray(d->turns, d->turns_size, sizeof(*grown));
		if (!grown) {
			fprintf(stderr, "out of memory\n");
			exit(2);
		}
		d->turns = grown;
	}
	d->here.spi = spi;
	d->here.ns = d->now_ns;
	d->turns[d->n_turns++] = d->here;
}

static void set_path(struct decoder *d, int family, const uint8_t *src, size_t n)
{
	d->path = hash(src, 2 * n);
	d->here = (struct decoder_turn){.family = family};
	memcpy(d->here.src, src, n);
	memcpy(d->here.dst, src + n, n);
}

static void esp(struct decoder *d, const uint8_t *p, size_t captured, size_t on_wire)
{
	uint64_t iv = 0;

	if (captured < 8 + d->iv_length) {
		undecodable(d, "ESP packet cut short", on_wire);
		return;
	}
	if (d->iv_length >= 8)
		iv = u64(p + 8);
	if (d->iv_length == 16) /* 128 bits folded into 64 */
		iv = (iv ^ iv >> 29) * 0x9e3779b97f4a7c15u ^ u64(p + 16);
	if (ledger_record(&d->ledger, u32(p), u32(p + 4), d->iv_length ? &iv : NULL, d->path))
		turn(d, u32(p));
}

static void udp(struct decoder *d, const uint8_t *p, size_t captured, size_t on_wire)
{
	if (captured < 8) {
		undecodable(d, "UDP header cut short", on_wire);
		return;
	}
	if (u16(p) != d->esp_port && u16(p + 2) != d->esp_port) {
		d->other++;
		return;
	}
	/* RFC 3948 sections 2.2 and 2.3: four zero bytes are IKE, one byte of ones a keepalive. */
	if (on_wire == 9 && captured == 9 && p[8] == 0xff) {
		d->keepalives++;
	} else if (captured >= 12 && u32(p + 8) == 0) {
		d->ike++;
	} else {
		d->esp_in_udp++;
		d->path = ~d->path;
		d->here.in_udp = true;
		esp(d, p + 8, captured - 8, on_wire - 8);
	}
}

static void ip(struct decoder *d, const struct view *v);

/* ICMP errors quote the packet they are about. */
static void icmp(struct decoder *d, const struct view *v, size_t header, bool error)
{
	struct view quoted = {v->p + header + 8, 0, 0, v->depth + 1};

	d->other++;
	if (!error || v->captured < header + 8 + 20)
		return;
	quoted.captured = v->captured - header - 8;
	quoted.on_wire = v->on_wire - header - 8;
	/* Only the addresses count: the ESP packet quoted was recorded when it was sent. */
	if (quoted.p[0] >> 4 == 4 &&
	    (is_inner(d, AF_INET, quoted.p + 12) || is_inner(d, AF_INET, quoted.p + 16)))
		cleartext(d, AF_INET, quoted.p + 12, quoted.p + 16);
	if (quoted.p[0] >> 4 == 6 && quoted.captured >= 40 &&
	    (is_inner(d, AF_INET6, quoted.p + 8) || is_inner(d, AF_INET6, quoted.p + 24)))
		cleartext(d, AF_INET6, quoted.p + 8, quoted.p + 24);
}

static void transport(struct decoder *d, const struct view *v, size_t header, uint8_t proto)
{
	const uint8_t *p = v->p + header;
	size_t captured = v->captured - header, on_wire = v->on_wire - header;
	struct view inner = {p, captured, on_wire, v->depth + 1};

	switch (proto) {
	case IPPROTO_ESP:
		d->esp++;
		esp(d, p, captured, on_wire);
		break;
	case IPPROTO_UDP:
		udp(d, p, captured, on_wire);
		break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		ip(d, &inner);
		break;
	case IPPROTO_ICMP:
		icmp(d, v, header,
		     captured && (p[0] == 3 || p[0] == 4 || p[0] == 11 || p[0] == 12));
		break;
	case IPPROTO_ICMPV6:
		icmp(d, v, header, captured && p[0] < 128);
		break;
	default:
		d->other++;
	}
}

static void ip4(struct decoder *d, struct view *v)
{
	size_t header = v->captured ? (v->p[0] & 15u) * 4u : 0;

	/* Before anything else: also a malformed packet gives its addresses away. */
	if (v->captured >= 20 &&
	    (is_inner(d, AF_INET, v->p + 12) || is_inner(d, AF_INET, v->p + 16))) {
		cleartext(d, AF_INET, v->p + 12, v->p + 16);
		return;
	}
	if (v->captured < 20 || header < 20 || v->captured < header || u16(v->p + 2) < header ||
	    v->on_wire < u16(v->p + 2)) {
		undecodable(d, "IPv4 header cut short or wrong", v->on_wire);
		return;
	}
	set_path(d, AF_INET, v->p + 12, 4);
	/* What follows the packet is Ethernet's padding. */
	v->on_wire = u16(v->p + 2);
	if (v->captured > v->on_wire)
		v->captured = v->on_wire;
	if (u16(v->p + 6) & 0x1fff)
		d->later_fragments++;
	else
		transport(d, v, header, v->p[9]);
}

/* ip6_skip - past extension headers. Returns the offset of the payload, 0 for a later fragment or
 * no end. */
static size_t ip6_skip(const struct view *v, uint8_t *proto)
{
	size_t at = 40;

	*proto = v->p[6];
	while (*proto == IPPROTO_HOPOPTS || *proto == IPPROTO_ROUTING ||
	       *proto == IPPROTO_DSTOPTS || *proto == IPPROTO_FRAGMENT) {
		bool fragment = *proto == IPPROTO_FRAGMENT;

		if (at + 8 > v->captured || (fragment && u16(v->p + at + 2) & 0xfff8))
			return 0;
		*proto = v->p[at];
		at += fragment ? 8 : (v->p[at + 1] + 1u) * 8u;
	}
	return at <= v->captured ? at : 0;
}

static void ip6(struct decoder *d, struct view *v)
{
	uint8_t proto;
	size_t at;

	if (v->captured >= 40 &&
	    (is_inner(d, AF_INET6, v->p + 8) || is_inner(d, AF_INET6, v->p + 24))) {
		cleartext(d, AF_INET6, v->p + 8, v->p + 24);
		return;
	}
	if (v->captured < 40 || v->on_wire < 40u + u16(v->p + 4)) {
		undecodable(d, "IPv6 header cut short or wrong", v->on_wire);
		return;
	}
	set_path(d, AF_INET6, v->p + 8, 16);
	v->on_wire = 40 + u16(v->p + 4);
	if (v->captured > v->on_wire)
		v->captured = v->on_wire;
	at = ip6_skip(v, &proto);
	if (at)
		transport(d, v, at, proto);
	else
		d->later_fragments++;
}

static void ip(struct decoder *d, const struct view *view)
{
	struct view v = *view;

	if (v.depth > DEPTH_MAX || !v.captured) {
		undecodable(d, "no IP header", v.on_wire);
	} else if (d->mtu && v.on_wire > d->mtu) {
		undecodable(d, "larger than the link: several packets glued together", v.on_wire);
	} else if (v.p[0] >> 4 == 4) {
		ip4(d, &v);
	} else if (v.p[0] >> 4 == 6) {
		ip6(d, &v);
	} else {
		undecodable(d, "neither IPv4 nor IPv6", v.on_wire);
	}
}

/* link_header - its length and the EtherType behind it, 0 if the frame is too short. */
static size_t link_header(enum decoder_link link, const uint8_t *f, size_t n, unsigned int *type)
{
	switch (link) {
	case DECODER_RAW_IP:
		*type = n && f[0] >> 4 == 6 ? 0x86dd : 0x0800;
		return 0;
	case DECODER_SLL:
		*type = n >= 16 ? u16(f + 14) : 0;
		return 16;
	case DECODER_SLL2:
		*type = n >= 20 ? u16(f) : 0;
		return 20;
	case DECODER_ETHERNET:
		break;
	}
	*type = n >= 14 ? u16(f + 12) : 0;
	if (*type != 0x8100 || n < 18)
		return 14;
	*type = u16(f + 16);
	return 18;
}

void decoder_frame(struct decoder *d, enum decoder_link link, const uint8_t *frame, size_t captured,
		   size_t on_wire)
{
	unsigned int type;
	size_t header = link_header(link, frame, captured, &type);

	d->frames++;
	if (captured < header) {
		undecodable(d, "frame cut short", on_wire);
	} else if (type == 0x0800 || type == 0x86dd) {
		struct view v = {frame + header, captured - header, on_wire - header, 0};

		ip(d, &v);
	} else {
		d->other++;
	}
}

void decoder_fini(struct decoder *d)
{
	ledger_fini(&d->ledger);
	free(d->turns);
	d->turns = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * BEET mode (draft-nikander-esp-beet-mode): the inner addresses are those of the SA's selector, so
 * the inner header is not sent. What else it says stands in the outer header; options of an inner
 * IPv4 header travel behind a small header of their own. Header fields as Linux has them: both ways
 * copied, congestion bits included.
 */

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "ipsec/mode.h"
#include "ipsec/protocol.h"

#define OPTIONS_MAX 40
#define OPTION_NOP 1

/* In front of the options: next header, length, padding, reserved; then the padding. */
#define OPTIONS_HEADER_LEN 4
#define PROTO_OPTIONS 94 /* IPPROTO_BEETPH */

static uint32_t header_len(uint16_t family)
{
	return family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
}

/* Of an inner IPv4 header; IPv6 extension headers are payload. */
static uint32_t options_len(const struct ux_slot *s)
{
	return s->ip.family == AF_INET ? (uint32_t)s->ip.header_len - UX_IP4_LEN : 0;
}

/* Header and padding together with the options are a multiple of 8 bytes. */
static uint32_t padding_len(uint32_t options)
{
	return 4 - (options & 4);
}

/* What the options need in front of them; it fits where the inner addresses were. */
static uint32_t options_overhead(uint32_t options)
{
	return options ? OPTIONS_HEADER_LEN + padding_len(options) : 0;
}

static enum uxfrm_drop beet_plan(struct ux_slot *s)
{
	uint32_t base = header_len(s->ip.family), options = options_len(s);
	const uint8_t *header = s->p->data;

	/* the fields that make a fragment are not sent; in IPv6 they are in a header of their own
	 */
	if (s->ip.fragment && s->ip.family == AF_INET)
		return UXFRM_DROP_FRAGMENT;
	s->payload = s->p->data + base - options_overhead(options);
	s->payload_len = s->p->len - base + options_overhead(options);
	s->next_header = options ? PROTO_OPTIONS : s->ip.family == AF_INET ? header[9] : header[6];
	s->outer_len = header_len(s->sa->id.family);
	return UXFRM_DROP_NONE;
}

/* The options' header, if there are options, in front of them. */
static void place_options(const struct ux_slot *s)
{
	uint32_t options = options_len(s);
	uint8_t proto = s->p->data[9], *payload = s->payload;

	if (!options)
		return;
	payload[0] = proto;
	payload[1] = (uint8_t)(options / 8);
	payload[2] = (uint8_t)padding_len(options);
	payload[3] = 0;
	memset(payload + OPTIONS_HEADER_LEN, OPTION_NOP, padding_len(options));
}

static void beet_place(struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;
	bool from4 = s->ip.family == AF_INET;
	const uint8_t *inner = s->p->data;
	uint16_t inner_id = from4 ? ux_get_be16(inner + 4) : 0;
	struct ux_ip_build b = {
	    .saddr = &sa->saddr,
	    .daddr = &sa->id.daddr,
	    .total_len = s->outer_len + ux_protocol_len(s),
	    .flow_label = s->ip.flow_label,
	    .id = s->ip.df || inner_id ? inner_id : ux_mode_ip_id(s),
	    .tos = s->ip.tos,
	    .ttl = inner[from4 ? 8 : 7],
	    .proto = s->header_proto,
	    .df = s->ip.df,
	};

	place_options(s);
	s->header = s->payload - s->front_len;
	s->p->data = s->header - s->outer_len;
	s->p->len = b.total_len;
	if (sa->id.family == AF_INET)
		ux_ip4_build(s->p->data, &b);
	else
		ux_ip6_build(s->p->data, &b);
	s->p->may_fragment = sa->id.family == AF_INET6 || !s->ip.df;
}

/* What the sender put in front of the options. */
static bool open_options(const struct ux_slot *s, uint8_t *ret_proto, uint32_t *ret_at,
			 uint32_t *ret_options)
{
	const uint8_t *payload = s->payload;
	uint32_t at, all;

	if (s->payload_len < OPTIONS_HEADER_LEN)
		return false;
	at = OPTIONS_HEADER_LEN + payload[2];
	all = 8 + 8 * (uint32_t)payload[1];
	if (all < at || all > s->payload_len || (all - at) % 4 || all - at > OPTIONS_MAX)
		return false;
	*ret_proto = payload[0];
	*ret_at = at;
	*ret_options = all - at;
	return true;
}

static void build_inner(const struct ux_slot *s, uint8_t *at, uint32_t options,
			struct ux_ip_build *b)
{
	const struct ux_selector *sel = &s->sa->sel;

	b->saddr = &sel->saddr;
	b->daddr = &sel->daddr;
	if (s->flow.family == AF_INET6) {
		ux_ip6_build(at, b);
		return;
	}
	ux_ip4_build(at, b);
	if (!options)
		return;
	at[0] = (uint8_t)(0x40 | (UX_IP4_LEN + options) / 4);
	ux_ip4_set_length(at, b->total_len);
}

static enum uxfrm_drop beet_open(struct ux_slot *s)
{
	const struct ux_sa *sa = s->sa;
	const uint8_t *outer = s->p->data;
	bool from4 = s->ip.family == AF_INET;
	uint32_t at = 0, options = 0, base;
	struct ux_ip_build b = {
	    .flow_label = s->ip.flow_label,
	    .id = from4 ? ux_get_be16(outer + 4) : 0,
	    .tos = s->ip.tos,
	    .ttl = outer[from4 ? 8 : 7],
	    .proto = s->next_header,
	    .df = s->ip.df,
	};
	uint8_t *payload = s->payload;

	s->flow.family = sa->sel.family ? sa->sel.family : sa->id.family;
	if (s->next_header == PROTO_OPTIONS &&
	    (s->flow.family != AF_INET || !open_options(s, &b.proto, &at, &options)))
		return UXFRM_DROP_IN_MODE;
	base = header_len(s->flow.family);
	payload += at;
	if ((size_t)(payload - s->p->buf) < base)
		return UXFRM_DROP_IN_MODE; /* the header has grown out of its buffer */
	b.total_len = base + s->payload_len - at;
	if (b.total_len > UX_IP_MAX)
		return UXFRM_DROP_IN_INNER;
	s->p->data = payload - base;
	s->p->len = b.total_len;
	build_inner(s, s->p->data, options, &b);
	if (!ux_ip_parse(s->p->data, s->p->len, &s->ip))
		return UXFRM_DROP_IN_INNER;
	ux_flow_key_fill(s->p->data, &s->ip, &s->flow);
	return UXFRM_DROP_NONE;
}

const struct ux_mode_ops ux_beet_mode = {.plan = beet_plan, .place = beet_place, .open = beet_open};

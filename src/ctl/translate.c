/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/translate.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/attrs.h"

struct ux_addr ux_addr_from_wire(const xfrm_address_t *a)
{
	struct ux_addr r;

	memcpy(&r, a, sizeof(r));
	return r;
}

xfrm_address_t ux_addr_to_wire(const struct ux_addr *a)
{
	xfrm_address_t r;

	memcpy(&r, a, sizeof(r));
	return r;
}

/* The padding behind the protocol: Linux keeps it with the rest. */
#define SELECTOR_PAD (offsetof(struct xfrm_selector, proto) + sizeof(__u8))

struct ux_selector ux_selector_from_wire(const struct xfrm_selector *s)
{
	struct ux_selector r = {
	    .daddr = ux_addr_from_wire(&s->daddr),
	    .saddr = ux_addr_from_wire(&s->saddr),
	    .dport = s->dport,
	    .dport_mask = s->dport_mask,
	    .sport = s->sport,
	    .sport_mask = s->sport_mask,
	    .family = s->family,
	    .prefixlen_d = s->prefixlen_d,
	    .prefixlen_s = s->prefixlen_s,
	    .proto = s->proto,
	    .ifindex = s->ifindex,
	    .user = s->user,
	};

	memcpy(r.unused, (const uint8_t *)s + SELECTOR_PAD, sizeof(r.unused));
	return r;
}

struct xfrm_selector ux_selector_to_wire(const struct ux_selector *s)
{
	struct xfrm_selector r;

	r.daddr = ux_addr_to_wire(&s->daddr);
	r.saddr = ux_addr_to_wire(&s->saddr);
	r.dport = s->dport;
	r.dport_mask = s->dport_mask;
	r.sport = s->sport;
	r.sport_mask = s->sport_mask;
	r.family = s->family;
	r.prefixlen_d = s->prefixlen_d;
	r.prefixlen_s = s->prefixlen_s;
	r.proto = s->proto;
	r.ifindex = s->ifindex;
	r.user = s->user;
	memcpy((uint8_t *)&r + SELECTOR_PAD, s->unused, sizeof(s->unused));
	return r;
}

struct ux_limits ux_limits_from_wire(const struct xfrm_lifetime_cfg *l)
{
	return (struct ux_limits){
	    .soft_bytes = l->soft_byte_limit,
	    .hard_bytes = l->hard_byte_limit,
	    .soft_packets = l->soft_packet_limit,
	    .hard_packets = l->hard_packet_limit,
	    .soft_add_s = l->soft_add_expires_seconds,
	    .hard_add_s = l->hard_add_expires_seconds,
	    .soft_use_s = l->soft_use_expires_seconds,
	    .hard_use_s = l->hard_use_expires_seconds,
	};
}

struct xfrm_lifetime_cfg ux_limits_to_wire(const struct ux_limits *l)
{
	return (struct xfrm_lifetime_cfg){
	    .soft_byte_limit = l->soft_bytes,
	    .hard_byte_limit = l->hard_bytes,
	    .soft_packet_limit = l->soft_packets,
	    .hard_packet_limit = l->hard_packets,
	    .soft_add_expires_seconds = l->soft_add_s,
	    .hard_add_expires_seconds = l->hard_add_s,
	    .soft_use_expires_seconds = l->soft_use_s,
	    .hard_use_expires_seconds = l->hard_use_s,
	};
}

struct ux_sa_id ux_sa_id_from_wire(const struct xfrm_usersa_id *id)
{
	return (struct ux_sa_id){
	    .daddr = ux_addr_from_wire(&id->daddr),
	    .spi = id->spi,
	    .family = id->family,
	    .proto = id->proto,
	};
}

struct ux_encap ux_encap_from_wire(const struct xfrm_encap_tmpl *e)
{
	return (struct ux_encap){
	    .type = e->encap_type,
	    .sport = e->encap_sport,
	    .dport = e->encap_dport,
	    .original = ux_addr_from_wire(&e->encap_oa),
	};
}

struct xfrm_encap_tmpl ux_encap_to_wire(const struct ux_encap *e)
{
	struct xfrm_encap_tmpl r;

	memset(&r, 0, sizeof(r));
	r.encap_type = e->type;
	r.encap_sport = e->sport;
	r.encap_dport = e->dport;
	r.encap_oa = ux_addr_to_wire(&e->original);
	return r;
}

struct ux_mark ux_mark_from_attr(const struct nlattr *attr)
{
	struct xfrm_mark m = {0, 0};

	if (attr)
		ux_attr_copy(attr, &m, sizeof(m));
	return (struct ux_mark){.v = m.v, .m = m.m};
}

int ux_check_prefixes(uint16_t family, const struct xfrm_selector *sel, struct ux_ext_ack *ext)
{
	if (family == AF_INET && (sel->prefixlen_d > 32 || sel->prefixlen_s > 32))
		return ux_fail(ext, EINVAL,
			       "Invalid prefix length in selector (must be <= 32 for IPv4)");
	if (family == AF_INET6 && (sel->prefixlen_d > 128 || sel->prefixlen_s > 128))
		return ux_fail(ext, EINVAL,
			       "Invalid prefix length in selector (must be <= 128 for IPv6)");
	return 0;
}

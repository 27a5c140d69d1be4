/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/parse.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "cli/names.h"

static uint8_t parse_xfrm_proto(struct args *a)
{
	const char *word = args_next(a);
	int proto = name_to_xfrm_proto(word);

	if (proto < 0)
		args_wrong(word, "XFRM-PROTO value is invalid");
	return (uint8_t)proto;
}

bool parse_id_word(struct args *a, int family, struct cli_id *id)
{
	if (args_take(a, "src")) {
		id->src = args_address(a, family);
		id->family = id->src.family;
	} else if (args_take(a, "dst")) {
		id->dst = args_address(a, family);
		id->family = id->dst.family;
	} else if (args_take(a, "proto")) {
		id->proto = parse_xfrm_proto(a);
		id->has_proto = true;
	} else if (args_take(a, "spi")) {
		id->spi = htonl((uint32_t)args_number(a, UINT32_MAX, "SPI value is invalid"));
		id->has_spi = true;
	} else {
		return false;
	}
	return true;
}

bool parse_id(struct args *a, int family, struct cli_id *id)
{
	if (!parse_id_word(a, family, id))
		return false;
	while (parse_id_word(a, family, id))
		;
	parse_id_check(a, id);
	return true;
}

void parse_id_check(const struct args *a, const struct cli_id *id)
{
	char buf[NAME_BUF];
	const char *proto = xfrm_proto_name(id->proto, buf);

	if (id->src.family && id->dst.family && id->src.family != id->dst.family)
		args_wrong(a->v[a->at - 1], "the same address family is required between values "
					    "after \"src\" and \"dst\"");
	if (!id->has_proto)
		args_required("XFRM-PROTO");
	switch (id->proto) {
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		if (id->has_spi)
			args_incomplete("\"spi\" is invalid with XFRM-PROTO value \"%s\"", proto);
		break;
	case IPPROTO_COMP:
		if (ntohl(id->spi) > 0xffff)
			args_incomplete("SPI value is too large with XFRM-PROTO value \"%s\"",
					proto);
		break;
	default:
		break;
	}
}

static void set_port(struct args *a, __be16 *port, __be16 *mask, const char *why)
{
	*port = htons((uint16_t)args_number(a, UINT16_MAX, why));
	*mask = htons(UINT16_MAX);
}

static void parse_gre_key(struct args *a, struct xfrm_selector *sel)
{
	const char *word = args_peek(a);
	struct in_addr quad;
	uint32_t key;

	if (word && strchr(word, '.') && inet_pton(AF_INET, word, &quad) == 1) {
		key = ntohl(quad.s_addr);
		a->at++;
	} else {
		key = (uint32_t)args_number(a, UINT32_MAX, "value after \"key\" is invalid");
	}
	sel->sport = htons((uint16_t)(key >> 16));
	sel->dport = htons((uint16_t)key);
	sel->sport_mask = sel->dport_mask = htons(UINT16_MAX);
}

static void check_upper(const struct xfrm_selector *sel, bool ports, bool types, bool key)
{
	char buf[NAME_BUF];
	const char *proto = proto_name(sel->proto, buf);
	bool has_ports = sel->proto == IPPROTO_TCP || sel->proto == IPPROTO_UDP ||
			 sel->proto == IPPROTO_SCTP || sel->proto == IPPROTO_DCCP;
	bool has_types =
	    sel->proto == IPPROTO_ICMP || sel->proto == IPPROTO_ICMPV6 || sel->proto == IPPROTO_MH;

	if (ports && !has_ports)
		args_incomplete("\"sport\" and \"dport\" are invalid with PROTO value \"%s\"",
				proto);
	if (types && !has_types)
		args_incomplete("\"type\" and \"code\" are invalid with PROTO value \"%s\"", proto);
	if (key && sel->proto != IPPROTO_GRE)
		args_incomplete("\"key\" is invalid with PROTO value \"%s\"", proto);
}

/* Behind "proto". */
static void parse_upper(struct args *a, struct xfrm_selector *sel)
{
	bool ports = false, types = false, key = false;
	const char *word = args_next(a);
	int proto = name_to_proto(word);

	if (proto < 0)
		args_wrong(word, "PROTO value is invalid");
	sel->proto = (uint8_t)proto;
	for (;;) {
		if (args_take(a, "sport")) {
			set_port(a, &sel->sport, &sel->sport_mask,
				 "value after \"sport\" is invalid");
			ports = true;
		} else if (args_take(a, "dport")) {
			set_port(a, &sel->dport, &sel->dport_mask,
				 "value after \"dport\" is invalid");
			ports = true;
		} else if (args_take(a, "type")) {
			set_port(a, &sel->sport, &sel->sport_mask,
				 "value after \"type\" is invalid");
			types = true;
		} else if (args_take(a, "code")) {
			set_port(a, &sel->dport, &sel->dport_mask,
				 "value after \"code\" is invalid");
			types = true;
		} else if (args_take(a, "key")) {
			parse_gre_key(a, sel);
			key = true;
		} else {
			break;
		}
	}
	check_upper(sel, ports, types, key);
}

int parse_device(struct args *a, const char *why)
{
	const char *word = args_next(a);
	unsigned int index = if_nametoindex(word);

	if (index == 0)
		args_wrong(word, why);
	return (int)index;
}

static struct cli_address selector_address(struct args *a, int family,
					   const struct xfrm_selector *sel)
{
	struct cli_address address = args_address(a, family);

	if (sel->family && sel->family != address.family)
		args_wrong(a->v[a->at - 1], "the same address family is required between values "
					    "after \"src\" and \"dst\"");
	return address;
}

bool parse_selector(struct args *a, int family, struct xfrm_selector *ret)
{
	bool any = false;

	for (;; any = true) {
		struct cli_address address;

		if (args_take(a, "src")) {
			address = selector_address(a, family, ret);
			ret->saddr = address.a;
			ret->prefixlen_s = address.bits;
			ret->family = address.family;
		} else if (args_take(a, "dst")) {
			address = selector_address(a, family, ret);
			ret->daddr = address.a;
			ret->prefixlen_d = address.bits;
			ret->family = address.family;
		} else if (args_take(a, "dev")) {
			ret->ifindex = parse_device(a, "DEV value is invalid");
		} else if (args_take(a, "proto")) {
			parse_upper(a, ret);
		} else {
			return any;
		}
	}
}

void parse_limit(struct args *a, struct xfrm_lifetime_cfg *limits)
{
	const struct {
		const char *name, *why;
		__u64 *value;
	} words[] = {
	    {"time-soft", "value after \"time-soft\" is invalid",
	     &limits->soft_add_expires_seconds},
	    {"time-hard", "value after \"time-hard\" is invalid",
	     &limits->hard_add_expires_seconds},
	    {"time-use-soft", "value after \"time-use-soft\" is invalid",
	     &limits->soft_use_expires_seconds},
	    {"time-use-hard", "value after \"time-use-hard\" is invalid",
	     &limits->hard_use_expires_seconds},
	    {"byte-soft", "value after \"byte-soft\" is invalid", &limits->soft_byte_limit},
	    {"byte-hard", "value after \"byte-hard\" is invalid", &limits->hard_byte_limit},
	    {"packet-soft", "value after \"packet-soft\" is invalid", &limits->soft_packet_limit},
	    {"packet-hard", "value after \"packet-hard\" is invalid", &limits->hard_packet_limit},
	};
	const char *word = args_next(a);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].name) == 0) {
			*words[i].value = args_number(a, UINT64_MAX, words[i].why);
			return;
		}
	}
	args_wrong(word, "LIMIT value is invalid");
}

struct xfrm_encap_tmpl parse_encap(struct args *a)
{
	struct xfrm_encap_tmpl e = {0};
	const char *word = args_next(a);
	int type = name_to_encap(word);

	if (type < 0)
		args_wrong(word, "ENCAP-TYPE value is invalid");
	e.encap_type = (uint16_t)type;
	e.encap_sport =
	    htons((uint16_t)args_number(a, UINT16_MAX, "SPORT value after \"encap\" is invalid"));
	e.encap_dport =
	    htons((uint16_t)args_number(a, UINT16_MAX, "DPORT value after \"encap\" is invalid"));
	e.encap_oa = args_address(a, 0).a;
	return e;
}

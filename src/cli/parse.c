/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/parse.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "cli/names.h"

bool parse_id_word(struct args *a, struct cli_id *id)
{
	static const struct arg_word words[] = {
	    {"src", read_address, offsetof(struct cli_id, src)},
	    {"dst", read_address, offsetof(struct cli_id, dst)},
	    {"proto", read_xfrm_proto, offsetof(struct cli_id, proto),
	     offsetof(struct cli_id, has_proto), "XFRM-PROTO value is invalid"},
	    {"spi", read_u32, offsetof(struct cli_id, spi), offsetof(struct cli_id, has_spi),
	     "SPI value is invalid"},
	    {NULL},
	};

	return args_word(a, words, id);
}

bool parse_id(struct args *a, struct cli_id *id)
{
	if (!parse_id_word(a, id))
		return false;
	while (parse_id_word(a, id))
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
		if (id->spi > 0xffff)
			args_incomplete("SPI value is too large with XFRM-PROTO value \"%s\"",
					proto);
		break;
	default:
		break;
	}
}

void parse_id_once(struct args *a, struct cli_id *id, bool *any)
{
	if (parse_id(a, id))
		*any = true;
	else if (!*any)
		args_required("XFRM-PROTO");
	else
		args_wrong(args_peek(a), "unknown");
}

uint16_t id_family(const struct cli_id *id)
{
	return id->dst.family ? id->dst.family : id->src.family;
}

struct uxfrm_sa_id id_to_sa(const struct cli_id *id)
{
	uint16_t family = id_family(id);

	return (struct uxfrm_sa_id){.family = family ? family : AF_INET,
				    .proto = id->proto,
				    .spi = id->spi,
				    .dst = id->dst.a,
				    .src = id->src.a};
}

static void read_gre_key(struct args *a, void *to, const char *why)
{
	const char *word = args_peek(a);
	struct in_addr quad;
	uint32_t *key = to;

	if (word && strchr(word, '.') && inet_pton(AF_INET, word, &quad) == 1) {
		*key = ntohl(quad.s_addr);
		a->at++;
	} else {
		*key = (uint32_t)args_number(a, UINT32_MAX, why);
	}
}

static void check_upper(uint8_t number, bool ports, bool types, bool key)
{
	char buf[NAME_BUF];
	const char *proto = proto_name(number, buf);
	bool has_ports = number == IPPROTO_TCP || number == IPPROTO_UDP || number == IPPROTO_SCTP ||
			 number == IPPROTO_DCCP;
	bool has_types = number == IPPROTO_ICMP || number == IPPROTO_ICMPV6 || number == IPPROTO_MH;

	if (ports && !has_ports)
		args_incomplete("\"sport\" and \"dport\" are invalid with PROTO value \"%s\"",
				proto);
	if (types && !has_types)
		args_incomplete("\"type\" and \"code\" are invalid with PROTO value \"%s\"", proto);
	if (key && number != IPPROTO_GRE)
		args_incomplete("\"key\" is invalid with PROTO value \"%s\"", proto);
}

struct upper_words {
	uint16_t sport, dport, type, code;
	uint32_t key;
	bool has_sport, has_dport, has_type, has_code, has_key;
};

/* Behind "proto". */
static void parse_upper(struct args *a, struct uxfrm_selector *sel)
{
#define UPPER(NAME, READ)                                        \
	{                                                        \
#NAME, READ, offsetof(struct upper_words, NAME), \
		    offsetof(struct upper_words, has_##NAME),    \
		    "value after \"" #NAME "\" is invalid"       \
	}
	static const struct arg_word words[] = {
	    UPPER(sport, read_u16), UPPER(dport, read_u16),   UPPER(type, read_u16),
	    UPPER(code, read_u16),  UPPER(key, read_gre_key), {NULL},
	};
#undef UPPER
	struct upper_words u = {0};
	const char *word = args_next(a);
	int proto = name_to_proto(word);

	if (proto < 0)
		args_wrong(word, "PROTO value is invalid");
	sel->proto = (uint8_t)proto;
	while (args_word(a, words, &u))
		;
	check_upper(sel->proto, u.has_sport || u.has_dport, u.has_type || u.has_code, u.has_key);
	if (u.has_key) {
		u.sport = (uint16_t)(u.key >> 16);
		u.dport = (uint16_t)u.key;
	} else if (u.has_type || u.has_code) {
		u.sport = u.type;
		u.dport = u.code;
	}
	if (u.has_sport || u.has_type || u.has_key) {
		sel->sport = u.sport;
		sel->sport_mask = UINT16_MAX;
	}
	if (u.has_dport || u.has_code || u.has_key) {
		sel->dport = u.dport;
		sel->dport_mask = UINT16_MAX;
	}
}

int parse_device(struct args *a, const char *why)
{
	const char *word = args_next(a);
	unsigned int index = if_nametoindex(word);

	if (index == 0)
		args_wrong(word, why);
	return (int)index;
}

static struct cli_address selector_address(struct args *a, const struct uxfrm_selector *sel)
{
	struct cli_address address = args_address(a);

	if (sel->family && sel->family != address.family)
		args_wrong(a->v[a->at - 1], "the same address family is required between values "
					    "after \"src\" and \"dst\"");
	return address;
}

bool parse_selector(struct args *a, struct uxfrm_selector *ret)
{
	bool any = false;

	for (;; any = true) {
		struct cli_address address;

		if (args_take(a, "src")) {
			address = selector_address(a, ret);
			ret->src = address.a;
			ret->src_bits = address.bits;
			ret->family = address.family;
		} else if (args_take(a, "dst")) {
			address = selector_address(a, ret);
			ret->dst = address.a;
			ret->dst_bits = address.bits;
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

void read_limit(struct args *a, void *to, const char *why)
{
#define LIMIT(NAME, MEMBER)                                               \
	{                                                                 \
		NAME, read_u64, offsetof(struct uxfrm_limits, MEMBER), 0, \
		    "value after \"" NAME "\" is invalid"                 \
	}
	static const struct arg_word words[] = {
	    LIMIT("time-soft", time_soft),
	    LIMIT("time-hard", time_hard),
	    LIMIT("time-use-soft", time_use_soft),
	    LIMIT("time-use-hard", time_use_hard),
	    LIMIT("byte-soft", byte_soft),
	    LIMIT("byte-hard", byte_hard),
	    LIMIT("packet-soft", packet_soft),
	    LIMIT("packet-hard", packet_hard),
	    {NULL},
	};
#undef LIMIT

	if (!args_word(a, words, to))
		args_wrong(args_next(a), why);
}

void read_encap(struct args *a, void *to, const char *why)
{
	struct uxfrm_encap *e = to;

	e->type = args_encap_type(a);
	read_u16(a, &e->sport, "SPORT value after \"encap\" is invalid");
	read_u16(a, &e->dport, "DPORT value after \"encap\" is invalid");
	struct args any = *a;

	any.family = 0;
	e->original = args_address(&any).a;
	a->at = any.at;
}

void read_security(struct args *a, void *to, const char *why)
{
	struct uxfrm_security *s = to;

	s->text = args_next(a);
	s->len = (uint16_t)strlen(s->text);
	s->doi = s->algorithm = 1;
}

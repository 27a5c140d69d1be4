/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
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

static void check_families(const struct args *a, const struct cli_id *id)
{
	if (id->src.family && id->dst.family && id->src.family != id->dst.family)
		args_wrong(a->v[a->at - 1], "the same address family is required between values "
					    "after \"src\" and \"dst\"");
}

void parse_id_check(const struct args *a, const struct cli_id *id, bool filter)
{
	char buf[NAME_BUF];
	const char *proto = xfrm_proto_name(id->proto, buf);

	check_families(a, id);
	if (!id->has_proto && !filter)
		args_required("XFRM-PROTO");
	if ((id->proto == IPPROTO_ROUTING || id->proto == IPPROTO_DSTOPTS) && id->spi)
		args_incomplete("\"spi\" is invalid with XFRM-PROTO value \"%s\"", proto);
	if (id->proto == IPPROTO_COMP && id->spi > 0xffff)
		args_incomplete("SPI value is too large with XFRM-PROTO value \"%s\"", proto);
}

static void parse_id(struct args *a, struct cli_id *id, bool *any, bool filter)
{
	int first = a->at;

	while (!*any && parse_id_word(a, id))
		;
	if (*any || (filter && a->at == first))
		args_wrong(args_peek(a), "unknown");
	parse_id_check(a, id, filter);
	if (!a->family)
		a->family = id_family(id);
	*any = true;
}

void parse_name_id(struct args *a, struct cli_id *id, bool *any)
{
	parse_id(a, id, any, false);
}

void parse_filter_id(struct args *a, struct cli_id *id, bool *any)
{
	parse_id(a, id, any, true);
}

uint16_t id_family(const struct cli_id *id)
{
	return id->dst.family ? id->dst.family : id->src.family;
}

struct uxfrm_sa_id id_to_sa(const struct args *a, const struct cli_id *id)
{
	uint16_t family = id_family(id);

	if (!family)
		family = (uint16_t)(a->family ? a->family : AF_INET);
	return (struct uxfrm_sa_id){.family = family,
				    .proto = id->proto,
				    .spi = id->spi,
				    .dst = id->dst.a,
				    .src = id->src.a};
}

static void read_gre_key(struct args *a, void *to, const char *why)
{
	const char *word = args_next(a);
	uint32_t *key = to;
	union uxfrm_ip quad;

	char *end;

	errno = 0;
	if (!strchr(word, '.')) {
		unsigned long v = strtoul(word, &end, 0);

		if (!*word || *end || errno || v > UINT32_MAX || strchr(word, '-')) {
			fprintf(stderr, "%s\n", why);
			exit(255);
		}
		*key = (uint32_t)v;
	} else if (args_parse_quad(word, &quad)) {
		*key = ntohl(quad.words[0]);
	} else {
		fprintf(stderr, "Error: an IP address is expected rather than \"%s\"\n", word);
		exit(1);
	}
}

static void read_byte(struct args *a, void *to, const char *why)
{
	*(uint16_t *)to = (uint16_t)args_number(a, UINT8_MAX, why);
}

/* The words behind "proto" that do not go with it; of all protocols (0), ip takes ports. */
static void check_upper(uint8_t number, bool ports, bool types, bool key)
{
	char buf[NAME_BUF];
	const char *proto = proto_name(number, buf);
	bool has_ports = number == IPPROTO_TCP || number == IPPROTO_UDP || number == IPPROTO_SCTP ||
			 number == IPPROTO_DCCP || number == 0;
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
	uint8_t proto;
	bool has_sport, has_dport, has_type, has_code, has_key;
};

static void read_upper_proto(struct args *a, void *to, const char *why)
{
	const char *word = args_next(a);
	int proto = name_to_proto(word);

	if (proto < 0)
		args_wrong(word, why);
	*(uint8_t *)to = (uint8_t)proto;
}

static void fill_upper(const struct upper_words *u, struct uxfrm_selector *sel)
{
	bool types = u->has_type || u->has_code;
	uint16_t sport = u->has_key ? (uint16_t)(u->key >> 16) : types ? u->type : u->sport;
	uint16_t dport = u->has_key ? (uint16_t)u->key : types ? u->code : u->dport;

	sel->proto = u->proto;
	sel->sport = sport;
	sel->dport = dport;
	/* a port of 0 is any; type, code and key 0 are not */
	if (u->has_key || u->has_type || (!types && sport))
		sel->sport_mask = UINT16_MAX;
	if (u->has_key || u->has_code || (!types && dport))
		sel->dport_mask = UINT16_MAX;
}

/* proto, sport, dport, type, code, key, in any order, but one behind the other. False: none is at
 * hand. */
static bool parse_upper(struct args *a, struct uxfrm_selector *sel)
{
#define UPPER(NAME, READ)                                 \
	{#NAME, READ, offsetof(struct upper_words, NAME), \
	 offsetof(struct upper_words, has_##NAME), "value after \"" #NAME "\" is invalid"}
	static const struct arg_word words[] = {
	    {"proto", read_upper_proto, offsetof(struct upper_words, proto), 0,
	     "PROTO value is invalid"},
	    UPPER(sport, read_u16),
	    UPPER(dport, read_u16),
	    UPPER(type, read_byte),
	    UPPER(code, read_byte),
	    UPPER(key, read_gre_key),
	    {NULL},
	};
#undef UPPER
	struct upper_words u = {0};

	if (!args_word(a, words, &u))
		return false;
	while (args_word(a, words, &u))
		;
	check_upper(u.proto, u.has_sport || u.has_dport, u.has_type || u.has_code, u.has_key);
	fill_upper(&u, sel);
	return true;
}

int parse_device(struct args *a, const char *why)
{
	const char *word = args_next(a);
	unsigned int index = if_nametoindex(word);

	if (index == 0)
		args_wrong(word, why);
	return (int)index;
}

bool parse_selector(struct args *a, struct uxfrm_selector *ret)
{
	static const struct arg_word words[] = {
	    {"src", read_address, offsetof(struct cli_id, src)},
	    {"dst", read_address, offsetof(struct cli_id, dst)},
	    {NULL},
	};
	struct cli_id ends = {0};
	bool any = false, upper = false;

	for (;; any = true) {
		if (args_word(a, words, &ends))
			continue;
		if (args_take(a, "dev")) {
			ret->ifindex = parse_device(a, "DEV value is invalid");
		} else if (!upper && parse_upper(a, ret)) {
			upper = true;
		} else {
			break;
		}
	}
	if (!any)
		return false;
	check_families(a, &ends);
	ret->src = ends.src.a;
	ret->src_bits = ends.src.bits;
	ret->dst = ends.dst.a;
	ret->dst_bits = ends.dst.bits;
	ret->family = id_family(&ends);
	return true;
}

void read_limit(struct args *a, void *to, const char *why)
{
#define LIMIT(NAME, MEMBER)                                        \
	{NAME, read_u64, offsetof(struct uxfrm_limits, MEMBER), 0, \
	 "value after \"" NAME "\" is invalid"}
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
	e->original = args_host(a);
}

void read_device_offload(struct args *a, void *to, const char *why)
{
	struct uxfrm_offload *o = to;
	uint8_t dir;

	if (!args_take(a, "dev"))
		args_required("dev");
	o->ifindex = parse_device(a, "value after \"offload dev\" is invalid");
	if (!args_take(a, "dir"))
		args_required("dir");
	read_sa_dir(a, &dir, "DIR value is invalid");
	o->flags = dir == UXFRM_SA_IN ? UXFRM_OFFLOAD_INBOUND : 0;
}

void read_security(struct args *a, void *to, const char *why)
{
	struct uxfrm_security *s = to;

	s->text = args_next(a);
	s->len = (uint16_t)(strlen(s->text) + 1); /* its end too, as ip has it */
	s->doi = s->algorithm = 1;
}

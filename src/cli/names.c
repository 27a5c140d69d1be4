/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/names.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
	int value;
	const char *name;
};

static const struct word xfrm_protos[] = {
    {IPPROTO_ESP, "esp"},
    {IPPROTO_AH, "ah"},
    {IPPROTO_COMP, "comp"},
    {IPPROTO_ROUTING, "route2"},
    {IPPROTO_DSTOPTS, "hao"},
    {255, "ipsec-any"},
    {0, NULL},
};
static const struct word modes[] = {
    {UXFRM_MODE_TRANSPORT, "transport"},
    {UXFRM_MODE_TUNNEL, "tunnel"},
    {UXFRM_MODE_ROUTE_OPTIMIZATION, "ro"},
    {UXFRM_MODE_IN_TRIGGER, "in_trigger"},
    {UXFRM_MODE_BEET, "beet"},
    {0, NULL},
};
static const struct word algo_kinds[] = {
    {UXFRM_HAS_CRYPT, "enc"},
    {UXFRM_HAS_AUTH, "auth"},
    {UXFRM_HAS_COMP, "comp"},
    {UXFRM_HAS_AEAD, "aead"},
    {UXFRM_HAS_AUTH_TRUNC, "auth-trunc"},
    {0, NULL},
};
static const struct word dirs[] = {
    {UXFRM_POLICY_IN, "in"}, {UXFRM_POLICY_OUT, "out"}, {UXFRM_POLICY_FWD, "fwd"}, {0, NULL}};
static const struct word ptypes[] = {
    {UXFRM_POLICY_MAIN, "main"}, {UXFRM_POLICY_SUB, "sub"}, {0, NULL}};
static const struct word encaps[] = {{UXFRM_ENCAP_UDP_NONIKE, "espinudp-nonike"},
				     {UXFRM_ENCAP_UDP, "espinudp"},
				     {UXFRM_ENCAP_TCP, "espintcp"},
				     {0, NULL}};
static const struct word sa_dirs[] = {{UXFRM_SA_IN, "in"}, {UXFRM_SA_OUT, "out"}, {0, NULL}};
static const struct word actions[] = {{UXFRM_ALLOW, "allow"}, {UXFRM_BLOCK, "block"}, {0, NULL}};
static const struct word levels[] = {{0, "required"}, {1, "use"}, {0, NULL}};
static const struct word shares[] = {
    {0, "any"}, {1, "session"}, {2, "user"}, {3, "unique"}, {0, NULL}};

const struct flag_name state_flag_names[] = {
    {UXFRM_SA_NOECN, "noecn"},
    {UXFRM_SA_DECAP_DSCP, "decap-dscp"},
    {UXFRM_SA_NOPMTUDISC, "nopmtudisc"},
    {UXFRM_SA_WILDRECV, "wildrecv"},
    {UXFRM_SA_ICMP, "icmp"},
    {UXFRM_SA_AF_UNSPEC, "af-unspec"},
    {UXFRM_SA_ALIGN4, "align4"},
    {UXFRM_SA_ESN, "esn"},
    {0, NULL},
};
const struct flag_name extra_flag_names[] = {
    {UXFRM_SA_DONT_ENCAP_DSCP, "dont-encap-dscp"},
    {UXFRM_SA_OSEQ_MAY_WRAP, "oseq-may-wrap"},
    {0, NULL},
};
const struct flag_name policy_flag_names[] = {
    {UXFRM_POLICY_LOCALOK, "localok"},
    {UXFRM_POLICY_ICMP, "icmp"},
    {0, NULL},
};

static int find_value(const struct word *words, const char *name)
{
	for (; words->name; words++)
		if (strcmp(words->name, name) == 0)
			return words->value;
	return -1;
}

static const char *find_name(const struct word *words, int value, char buf[NAME_BUF])
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	snprintf(buf, NAME_BUF, "%u", (unsigned int)value);
	return buf;
}

int name_to_xfrm_proto(const char *name)
{
	return find_value(xfrm_protos, name);
}

int name_to_mode(const char *name)
{
	return find_value(modes, name);
}

int name_to_algo(const char *name)
{
	return find_value(algo_kinds, name);
}

static void read_name(struct args *a, void *to, const struct word *words, const char *why)
{
	const char *word = args_next(a);
	int value = find_value(words, word);

	if (value < 0)
		args_wrong(word, why);
	*(uint8_t *)to = (uint8_t)value;
}

void read_xfrm_proto(struct args *a, void *to, const char *why)
{
	read_name(a, to, xfrm_protos, why);
}

void read_mode(struct args *a, void *to, const char *why)
{
	read_name(a, to, modes, why);
}

void read_dir(struct args *a, void *to, const char *why)
{
	read_name(a, to, dirs, why);
}

void read_sa_dir(struct args *a, void *to, const char *why)
{
	read_name(a, to, sa_dirs, why);
}

void read_ptype(struct args *a, void *to, const char *why)
{
	read_name(a, to, ptypes, why);
}

void read_action(struct args *a, void *to, const char *why)
{
	read_name(a, to, actions, why);
}

void read_level(struct args *a, void *to, const char *why)
{
	read_name(a, to, levels, why);
}

static uint32_t flag_of(const char *word, const struct flag_name *names)
{
	for (; names->name; names++)
		if (strcmp(names->name, word) == 0)
			return names->bit;
	return 0;
}

/* The names in use, up to which number, and the complaint. */
struct flag_rule {
	const struct flag_name *names;
	uint32_t max;
	const char *why;
};

/* All names that follow are added; one number from 0x on takes the place of all. */
static void args_flags(struct args *a, struct flag_rule rule, uint32_t *flags)
{
	uint32_t bit;
	const char *word = args_peek(a);

	if (!word || (strncmp(word, "0x", 2) == 0 && word[2])) {
		*flags = (uint32_t)args_number(a, rule.max, rule.why);
		return;
	}
	while ((word = args_peek(a)) && (bit = flag_of(word, rule.names)) != 0) {
		*flags |= bit;
		a->at++;
	}
}

static void read_flags8(struct args *a, void *to, const struct flag_name *names)
{
	uint32_t flags = *(uint8_t *)to;

	args_flags(a, (struct flag_rule){names, UINT8_MAX, "FLAG value is invalid"}, &flags);
	*(uint8_t *)to = (uint8_t)flags;
}

void read_state_flags(struct args *a, void *to, const char *why)
{
	read_flags8(a, to, state_flag_names);
}

void read_policy_flags(struct args *a, void *to, const char *why)
{
	read_flags8(a, to, policy_flag_names);
}

void read_extra_flags(struct args *a, void *to, const char *why)
{
	args_flags(a, (struct flag_rule){extra_flag_names, UINT32_MAX, why}, to);
}

uint16_t args_encap_type(struct args *a)
{
	const char *word = args_next(a);
	int type = find_value(encaps, word);

	if (type < 0)
		args_wrong(word, "ENCAP-TYPE value is invalid");
	return (uint16_t)type;
}

int name_to_proto(const char *name)
{
	const struct protoent *p = getprotobyname(name);
	char *end;

	if (p)
		return p->p_proto;
	unsigned long v = strtoul(name, &end, 0);

	return *name && !*end && v <= 255 ? (int)v : -1;
}

const char *xfrm_proto_name(uint8_t proto, char buf[NAME_BUF])
{
	return find_name(xfrm_protos, proto, buf);
}

const char *mode_name(uint8_t mode, char buf[NAME_BUF])
{
	return find_name(modes, mode, buf);
}

const char *dir_name(uint8_t dir, char buf[NAME_BUF])
{
	return find_name(dirs, dir, buf);
}

const char *ptype_name(uint8_t ptype, char buf[NAME_BUF])
{
	return find_name(ptypes, ptype, buf);
}

const char *encap_name(uint16_t type, char buf[NAME_BUF])
{
	return find_name(encaps, type, buf);
}

const char *share_name(uint8_t share, char buf[NAME_BUF])
{
	return find_name(shares, share, buf);
}

const char *proto_name(uint8_t proto, char buf[NAME_BUF])
{
	const struct protoent *p = getprotobynumber(proto);

	snprintf(buf, NAME_BUF, "%u", proto);
	if (p)
		snprintf(buf, NAME_BUF, "%s", p->p_name);
	return buf;
}

const char *level_name(uint8_t optional, char buf[NAME_BUF])
{
	return find_name(levels, optional, buf);
}

const char *device_name(int index, char *buf)
{
	if (!if_indextoname((unsigned int)index, buf))
		snprintf(buf, IF_NAMESIZE, "if%d", index);
	return buf;
}

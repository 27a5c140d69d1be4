/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/names.h"

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
    {XFRM_MODE_TRANSPORT, "transport"},
    {XFRM_MODE_TUNNEL, "tunnel"},
    {XFRM_MODE_ROUTEOPTIMIZATION, "ro"},
    {XFRM_MODE_IN_TRIGGER, "in_trigger"},
    {XFRM_MODE_BEET, "beet"},
    {0, NULL},
};
static const struct word algo_types[] = {
    {XFRMA_ALG_CRYPT, "enc"},
    {XFRMA_ALG_AUTH, "auth"},
    {XFRMA_ALG_COMP, "comp"},
    {XFRMA_ALG_AEAD, "aead"},
    {XFRMA_ALG_AUTH_TRUNC, "auth-trunc"},
    {0, NULL},
};
static const struct word dirs[] = {
    {XFRM_POLICY_IN, "in"}, {XFRM_POLICY_OUT, "out"}, {XFRM_POLICY_FWD, "fwd"}, {0, NULL}};
static const struct word ptypes[] = {
    {XFRM_POLICY_TYPE_MAIN, "main"}, {XFRM_POLICY_TYPE_SUB, "sub"}, {0, NULL}};
static const struct word encaps[] = {
    {1, "espinudp-nonike"}, {2, "espinudp"}, {7, "espintcp"}, {0, NULL}};
static const struct word shares[] = {{XFRM_SHARE_ANY, "any"},
				     {XFRM_SHARE_SESSION, "session"},
				     {XFRM_SHARE_USER, "user"},
				     {XFRM_SHARE_UNIQUE, "unique"},
				     {0, NULL}};

const struct flag_name state_flag_names[] = {
    {XFRM_STATE_NOECN, "noecn"},
    {XFRM_STATE_DECAP_DSCP, "decap-dscp"},
    {XFRM_STATE_NOPMTUDISC, "nopmtudisc"},
    {XFRM_STATE_WILDRECV, "wildrecv"},
    {XFRM_STATE_ICMP, "icmp"},
    {XFRM_STATE_AF_UNSPEC, "af-unspec"},
    {XFRM_STATE_ALIGN4, "align4"},
    {XFRM_STATE_ESN, "esn"},
    {0, NULL},
};
const struct flag_name extra_flag_names[] = {
    {XFRM_SA_XFLAG_DONT_ENCAP_DSCP, "dont-encap-dscp"},
    {XFRM_SA_XFLAG_OSEQ_MAY_WRAP, "oseq-may-wrap"},
    {0, NULL},
};
const struct flag_name policy_flag_names[] = {
    {XFRM_POLICY_LOCALOK, "localok"},
    {XFRM_POLICY_ICMP, "icmp"},
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

int name_to_algo_type(const char *name)
{
	return find_value(algo_types, name);
}

int name_to_dir(const char *name)
{
	return find_value(dirs, name);
}

int name_to_ptype(const char *name)
{
	return find_value(ptypes, name);
}

int name_to_encap(const char *name)
{
	return find_value(encaps, name);
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

const char *algo_type_name(int attr, char buf[NAME_BUF])
{
	return find_name(algo_types, attr, buf);
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

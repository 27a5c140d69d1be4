/* SPDX-License-Identifier: BSD-2-Clause */

/* Tables, sets and rules as nftables has them in its messages. */

#include "io/clear_rules.h"

/* before those of the kernel, which then do not define the same */
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define MESSAGE(name) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (name)))
#define INPUT "input"
#define FORWARD "forward"
/* Behind everything the host's administrator may have: what others drop need not be looked at. */
#define PRIORITY 300
#define LOOPBACK_IFINDEX 1
#define NAME_MAX_LEN 32
/* what `nft list` shows the keys as; the kernel does not care */
enum { TYPE_IP4 = 7, TYPE_IP6 = 8, TYPE_SERVICE = 13 };

static uint8_t nf_family(int family)
{
	return family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

void ux_clear_batch_begin(struct ux_nfnl *nl)
{
	ux_nfnl_begin(nl, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	ux_nfnl_end(nl);
}

int ux_clear_batch_commit(struct ux_nfnl *nl)
{
	ux_nfnl_begin(nl, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	ux_nfnl_end(nl);
	return ux_nfnl_send(nl);
}

static void begin(struct ux_nfnl *nl, uint16_t message, uint16_t flags, int family)
{
	ux_nfnl_begin(nl, MESSAGE(message), flags, nf_family(family), 0);
}

/* ---- expressions ---- */

struct expression {
	size_t element, data;
};

static struct expression open_expression(struct ux_nfnl *nl, const char *name)
{
	struct expression e = {.element = ux_nfnl_nest(nl, NFTA_LIST_ELEM)};

	ux_nfnl_put_text(nl, NFTA_EXPR_NAME, name);
	e.data = ux_nfnl_nest(nl, NFTA_EXPR_DATA);
	return e;
}

static void close_expression(struct ux_nfnl *nl, struct expression e)
{
	ux_nfnl_nest_end(nl, e.data);
	ux_nfnl_nest_end(nl, e.element);
}

static void put_value(struct ux_nfnl *nl, uint16_t type, const void *value, size_t len)
{
	size_t nest = ux_nfnl_nest(nl, type);

	ux_nfnl_put(nl, NFTA_DATA_VALUE, value, len);
	ux_nfnl_nest_end(nl, nest);
}

static void load_meta(struct ux_nfnl *nl, uint32_t key)
{
	struct expression e = open_expression(nl, "meta");

	ux_nfnl_put_be32(nl, NFTA_META_KEY, key);
	ux_nfnl_put_be32(nl, NFTA_META_DREG, NFT_REG_1);
	close_expression(nl, e);
}

static void load_payload(struct ux_nfnl *nl, uint32_t base, uint32_t offset, uint32_t len)
{
	struct expression e = open_expression(nl, "payload");

	ux_nfnl_put_be32(nl, NFTA_PAYLOAD_DREG, NFT_REG_1);
	ux_nfnl_put_be32(nl, NFTA_PAYLOAD_BASE, base);
	ux_nfnl_put_be32(nl, NFTA_PAYLOAD_OFFSET, offset);
	ux_nfnl_put_be32(nl, NFTA_PAYLOAD_LEN, len);
	close_expression(nl, e);
}

static void compare(struct ux_nfnl *nl, uint32_t op, const void *value, size_t len)
{
	struct expression e = open_expression(nl, "cmp");

	ux_nfnl_put_be32(nl, NFTA_CMP_SREG, NFT_REG_1);
	ux_nfnl_put_be32(nl, NFTA_CMP_OP, op);
	put_value(nl, NFTA_CMP_DATA, value, len);
	close_expression(nl, e);
}

/* Keep the first @bits bits. */
static void mask(struct ux_nfnl *nl, size_t len, unsigned int bits)
{
	static const uint8_t zero[16];
	struct expression e = open_expression(nl, "bitwise");
	uint8_t m[16] = {0};

	for (unsigned int i = 0; i < bits; i++)
		m[i / 8] |= (uint8_t)(0x80 >> i % 8);
	ux_nfnl_put_be32(nl, NFTA_BITWISE_SREG, NFT_REG_1);
	ux_nfnl_put_be32(nl, NFTA_BITWISE_DREG, NFT_REG_1);
	ux_nfnl_put_be32(nl, NFTA_BITWISE_LEN, (uint32_t)len);
	put_value(nl, NFTA_BITWISE_MASK, m, len);
	put_value(nl, NFTA_BITWISE_XOR, zero, len);
	close_expression(nl, e);
}

static void look_up(struct ux_nfnl *nl, const char *set)
{
	struct expression e = open_expression(nl, "lookup");

	ux_nfnl_put_text(nl, NFTA_LOOKUP_SET, set);
	ux_nfnl_put_be32(nl, NFTA_LOOKUP_SREG, NFT_REG_1);
	close_expression(nl, e);
}

static void let_pass(struct ux_nfnl *nl)
{
	struct expression e = open_expression(nl, "immediate");
	size_t data, verdict;

	ux_nfnl_put_be32(nl, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = ux_nfnl_nest(nl, NFTA_IMMEDIATE_DATA);
	verdict = ux_nfnl_nest(nl, NFTA_DATA_VERDICT);
	ux_nfnl_put_be32(nl, NFTA_VERDICT_CODE, NF_ACCEPT);
	ux_nfnl_nest_end(nl, verdict);
	ux_nfnl_nest_end(nl, data);
	close_expression(nl, e);
}

static void put_queue(struct ux_nfnl *nl, enum ux_clear_way way, uint16_t queue)
{
	const struct xt_NFQ_info_v3 info = {.queuenum = queue, .queues_total = 1};
	uint8_t padded[(sizeof(info) + 7) / 8 * 8] = {0};
	struct expression e;

	if (way == UX_CLEAR_QUEUE) {
		e = open_expression(nl, "queue");
		ux_nfnl_put_be16(nl, NFTA_QUEUE_NUM, queue);
		ux_nfnl_put_be16(nl, NFTA_QUEUE_TOTAL, 1);
		close_expression(nl, e);
		return;
	}
	memcpy(padded, &info, sizeof(info));
	e = open_expression(nl, "target");
	ux_nfnl_put_text(nl, NFTA_TARGET_NAME, "NFQUEUE");
	ux_nfnl_put_be32(nl, NFTA_TARGET_REV, 3);
	ux_nfnl_put(nl, NFTA_TARGET_INFO, padded, sizeof(padded));
	close_expression(nl, e);
}

/* ---- rules ---- */

static size_t begin_rule(struct ux_nfnl *nl, int family, const char *chain)
{
	begin(nl, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family);
	ux_nfnl_put_text(nl, NFTA_RULE_TABLE, UX_CLEAR_TABLE);
	ux_nfnl_put_text(nl, NFTA_RULE_CHAIN, chain);
	return ux_nfnl_nest(nl, NFTA_RULE_EXPRESSIONS);
}

static void end_rule(struct ux_nfnl *nl, size_t expressions)
{
	ux_nfnl_nest_end(nl, expressions);
	ux_nfnl_end(nl);
}

/* What has this value is not ours to look at. @value is in the host's order. */
static void pass_meta(struct ux_nfnl *nl, int family, const char *chain, uint32_t key,
		      uint32_t value)
{
	size_t rule = begin_rule(nl, family, chain);

	load_meta(nl, key);
	compare(nl, NFT_CMP_EQ, &value, sizeof(value));
	let_pass(nl);
	end_rule(nl, rule);
}

static void match_proto(struct ux_nfnl *nl, uint8_t proto)
{
	load_meta(nl, NFT_META_L4PROTO);
	compare(nl, NFT_CMP_EQ, &proto, sizeof(proto));
}

static void pass_proto(struct ux_nfnl *nl, int family, uint8_t proto)
{
	size_t rule = begin_rule(nl, family, INPUT);

	match_proto(nl, proto);
	let_pass(nl);
	end_rule(nl, rule);
}

static void pass_ports(struct ux_nfnl *nl, int family)
{
	size_t rule = begin_rule(nl, family, INPUT);

	match_proto(nl, IPPROTO_UDP);
	load_payload(nl, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	look_up(nl, UX_CLEAR_PORTS);
	let_pass(nl);
	end_rule(nl, rule);
}

static void pass_neighbours(struct ux_nfnl *nl)
{
	const uint8_t first = ND_ROUTER_SOLICIT, last = ND_REDIRECT;
	size_t rule = begin_rule(nl, AF_INET6, INPUT);

	match_proto(nl, IPPROTO_ICMPV6);
	load_payload(nl, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	compare(nl, NFT_CMP_GTE, &first, 1);
	compare(nl, NFT_CMP_LTE, &last, 1);
	let_pass(nl);
	end_rule(nl, rule);
}

/*
 * IPv6 fragments come here before they are put together. Only the first shows ports, so it is the
 * one to be looked at: without it the others lead nowhere (RFC 7112, RFC 5722).
 */
static void pass_later_fragments(struct ux_nfnl *nl)
{
	const uint8_t none[2] = {0};
	size_t rule = begin_rule(nl, AF_INET6, INPUT);
	struct expression e = open_expression(nl, "exthdr");

	ux_nfnl_put_be32(nl, NFTA_EXTHDR_DREG, NFT_REG_1);
	ux_nfnl_put(nl, NFTA_EXTHDR_TYPE, &(uint8_t){IPPROTO_FRAGMENT}, 1);
	ux_nfnl_put_be32(nl, NFTA_EXTHDR_OFFSET, 2);
	ux_nfnl_put_be32(nl, NFTA_EXTHDR_LEN, 2);
	close_expression(nl, e);
	mask(nl, sizeof(none), 13);
	compare(nl, NFT_CMP_NEQ, none, sizeof(none));
	let_pass(nl);
	end_rule(nl, rule);
}

/* ---- tables, chains, sets ---- */

static void put_table(struct ux_nfnl *nl, int family, uint16_t message, uint16_t flags)
{
	begin(nl, message, flags, family);
	ux_nfnl_put_text(nl, NFTA_TABLE_NAME, UX_CLEAR_TABLE);
	ux_nfnl_end(nl);
}

static void put_chain(struct ux_nfnl *nl, int family, const char *name, uint32_t hook)
{
	size_t nest;

	begin(nl, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
	ux_nfnl_put_text(nl, NFTA_CHAIN_TABLE, UX_CLEAR_TABLE);
	ux_nfnl_put_text(nl, NFTA_CHAIN_NAME, name);
	nest = ux_nfnl_nest(nl, NFTA_CHAIN_HOOK);
	ux_nfnl_put_be32(nl, NFTA_HOOK_HOOKNUM, hook);
	ux_nfnl_put_be32(nl, NFTA_HOOK_PRIORITY, PRIORITY);
	ux_nfnl_nest_end(nl, nest);
	ux_nfnl_put_text(nl, NFTA_CHAIN_TYPE, "filter");
	ux_nfnl_end(nl);
}

static void put_set(struct ux_nfnl *nl, int family, const char *name, uint32_t type,
		    uint32_t key_len)
{
	begin(nl, NFT_MSG_NEWSET, NLM_F_CREATE, family);
	ux_nfnl_put_text(nl, NFTA_SET_TABLE, UX_CLEAR_TABLE);
	ux_nfnl_put_text(nl, NFTA_SET_NAME, name);
	ux_nfnl_put_be32(nl, NFTA_SET_KEY_TYPE, type);
	ux_nfnl_put_be32(nl, NFTA_SET_KEY_LEN, key_len);
	/* within a transaction sets are known by number; by name it is found as well */
	ux_nfnl_put_be32(nl, NFTA_SET_ID, nl->seq);
	ux_nfnl_end(nl);
}

static void put_element(struct ux_nfnl *nl, int family, const char *set, bool add, const void *key,
			size_t len)
{
	size_t list, element;

	begin(nl, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0, family);
	ux_nfnl_put_text(nl, NFTA_SET_ELEM_LIST_TABLE, UX_CLEAR_TABLE);
	ux_nfnl_put_text(nl, NFTA_SET_ELEM_LIST_SET, set);
	list = ux_nfnl_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = ux_nfnl_nest(nl, NFTA_LIST_ELEM);
	put_value(nl, NFTA_SET_ELEM_KEY, key, len);
	ux_nfnl_nest_end(nl, element);
	ux_nfnl_nest_end(nl, list);
	ux_nfnl_end(nl);
}

void ux_clear_put_table(struct ux_nfnl *nl, const struct ux_clear_table *table)
{
	int family = table->family;

	/* There must be one to be deleted. */
	put_table(nl, family, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(nl, family, NFT_MSG_DELTABLE, 0);
	put_table(nl, family, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_chain(nl, family, INPUT, NF_INET_LOCAL_IN);
	put_chain(nl, family, FORWARD, NF_INET_FORWARD);
	put_set(nl, family, UX_CLEAR_PORTS, TYPE_SERVICE, 2);
	pass_meta(nl, family, INPUT, NFT_META_IIF, LOOPBACK_IFINDEX);
	pass_meta(nl, family, INPUT, NFT_META_IIFGROUP, table->own_group);
	pass_meta(nl, family, FORWARD, NFT_META_IIFGROUP, table->own_group);
	pass_proto(nl, family, IPPROTO_ESP);
	pass_proto(nl, family, IPPROTO_AH);
	pass_proto(nl, family, IPPROTO_COMP);
	pass_ports(nl, family);
	if (family == AF_INET6) {
		pass_later_fragments(nl);
		pass_neighbours(nl);
	}
}

void ux_clear_drop_table(struct ux_nfnl *nl, int family)
{
	put_table(nl, family, NFT_MSG_DELTABLE, 0);
}

static void name_set(const struct ux_clear_set *set, char *ret_name)
{
	snprintf(ret_name, NAME_MAX_LEN, "%s-%s-%u", set->forwarded ? "fwd" : "in",
		 set->destination ? "dst" : "src", set->bits);
}

void ux_clear_put_set(struct ux_nfnl *nl, const struct ux_clear_set *set, enum ux_clear_way way,
		      uint16_t queue)
{
	bool four = set->family == AF_INET;
	uint32_t len = four ? 4 : 16;
	uint32_t offset = (four ? 12 : 8) + (set->destination ? len : 0);
	char name[NAME_MAX_LEN];
	size_t rule;

	name_set(set, name);
	put_set(nl, set->family, name, four ? TYPE_IP4 : TYPE_IP6, len);
	rule = begin_rule(nl, set->family, set->forwarded ? FORWARD : INPUT);
	load_payload(nl, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	mask(nl, len, set->bits);
	look_up(nl, name);
	put_queue(nl, way, queue);
	end_rule(nl, rule);
}

void ux_clear_put_prefix(struct ux_nfnl *nl, const struct ux_clear_set *set, const void *address,
			 bool add)
{
	char name[NAME_MAX_LEN];

	name_set(set, name);
	put_element(nl, set->family, name, add, address, set->family == AF_INET ? 4 : 16);
}

void ux_clear_put_port(struct ux_nfnl *nl, int family, uint16_t port, bool add)
{
	uint8_t key[2];

	ux_put_be16(key, port);
	put_element(nl, family, UX_CLEAR_PORTS, add, key, sizeof(key));
}

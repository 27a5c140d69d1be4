/* SPDX-License-Identifier: BSD-2-Clause */

/* Rules and routes as rtnetlink messages. */

#include "io/route_kernel.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 64 /* equal rules that a row of crashes may have left */
#define FLUSH_TRIES 3

static size_t addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void begin_route(struct ux_netlink_msg *m, const struct ux_routes_params *p, uint16_t type,
			uint16_t flags, const struct rtmsg *header, const struct ux_addr *dst)
{
	ux_netlink_begin(m, type, flags, header, sizeof(*header));
	if (header->rtm_dst_len)
		ux_netlink_put(m, RTA_DST, dst, addr_len(header->rtm_family));
	ux_netlink_put_u32(m, RTA_TABLE, p->table);
}

int ux_route_put(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
		 uint32_t metric, const struct ux_addr *prefsrc)
{
	const bool refuse = metric == UX_METRIC_REFUSE;
	const struct rtmsg header = {
	    .rtm_family = (unsigned char)family,
	    .rtm_dst_len = dst->bits,
	    .rtm_protocol = UX_ROUTE_PROTOCOL,
	    .rtm_scope = refuse ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	    .rtm_type = refuse ? RTN_UNREACHABLE : RTN_UNICAST,
	};
	struct ux_netlink_msg m;

	begin_route(&m, p, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, &dst->addr);
	ux_netlink_put_u32(&m, RTA_PRIORITY, metric);
	if (!refuse)
		ux_netlink_put_u32(&m, RTA_OIF, (uint32_t)p->tun_ifindex);
	if (prefsrc)
		ux_netlink_put(&m, RTA_PREFSRC, prefsrc, addr_len(family));
	return ux_netlink_talk(p->nl, &m, NULL, NULL);
}

void ux_route_drop(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
		   uint32_t metric)
{
	const struct rtmsg header = {
	    .rtm_family = (unsigned char)family,
	    .rtm_dst_len = dst->bits,
	    .rtm_scope = RT_SCOPE_NOWHERE,
	};
	struct ux_netlink_msg m;

	begin_route(&m, p, RTM_DELROUTE, 0, &header, &dst->addr);
	ux_netlink_put_u32(&m, RTA_PRIORITY, metric);
	if (ux_netlink_talk(p->nl, &m, NULL, NULL) < 0)
		return; /* it was not there */
}

struct source_answer {
	int family;
	bool found;
	struct ux_addr source;
};

static void on_route(void *opaque, const struct nlmsghdr *msg)
{
	struct source_answer *answer = opaque;
	const void *bytes;

	if (msg->nlmsg_type != RTM_NEWROUTE)
		return;
	bytes = ux_netlink_attr(msg, sizeof(struct rtmsg), RTA_PREFSRC, addr_len(answer->family));
	if (!bytes)
		return;
	memcpy(&answer->source, bytes, addr_len(answer->family));
	answer->found = true;
}

/* An address to stand for a prefix: its first host; for the default route one that is routed by it.
 */
static struct ux_addr stand_in(int family, const struct ux_prefix *dst)
{
	struct ux_addr a = dst->addr;
	size_t len = addr_len(family);

	if (dst->bits == 0) {
		a.b[0] = family == AF_INET ? 1 : 0x20;
		a.b[len - 1] = 1;
	} else if (dst->bits < len * 8) {
		a.b[len - 1] |= 1;
	}
	return a;
}

int ux_route_ask_source(const struct ux_routes_params *p, int family, const struct ux_prefix *dst,
			struct ux_addr *ret_source)
{
	const struct rtmsg header = {.rtm_family = (unsigned char)family,
				     .rtm_dst_len = (unsigned char)(addr_len(family) * 8)};
	struct source_answer answer = {.family = family};
	struct ux_addr to = stand_in(family, dst);
	struct ux_netlink_msg m;
	int err;

	ux_netlink_begin(&m, RTM_GETROUTE, 0, &header, sizeof(header));
	ux_netlink_put(&m, RTA_DST, &to, addr_len(family));
	ux_netlink_put_u32(&m, RTA_MARK, p->fwmark);
	err = ux_netlink_talk(p->nl, &m, on_route, &answer);
	if (err)
		return err;
	if (!answer.found)
		return -ENOENT;
	*ret_source = answer.source;
	return 0;
}

struct stale_route {
	struct ux_prefix dst;
	uint32_t metric;
};
struct stale_list {
	const struct ux_routes_params *params;
	int family;
	struct stale_route *routes;
	size_t n, cap;
};

static void on_stale_route(void *opaque, const struct nlmsghdr *msg)
{
	struct stale_list *list = opaque;
	struct stale_route route = {0};
	const void *table, *dst, *metric;
	struct rtmsg header;

	if (msg->nlmsg_type != RTM_NEWROUTE || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	table = ux_netlink_attr(msg, sizeof(header), RTA_TABLE, 4);
	if (header.rtm_family != list->family || !table ||
	    memcmp(table, &list->params->table, 4) != 0)
		return;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct stale_route *grown = reallocarray(list->routes, cap, sizeof(*grown));

		if (!grown)
			return;
		list->routes = grown;
		list->cap = cap;
	}
	route.dst.bits = header.rtm_dst_len;
	dst = ux_netlink_attr(msg, sizeof(header), RTA_DST, addr_len(list->family));
	if (dst)
		memcpy(&route.dst.addr, dst, addr_len(list->family));
	metric = ux_netlink_attr(msg, sizeof(header), RTA_PRIORITY, 4);
	if (metric)
		memcpy(&route.metric, metric, 4);
	list->routes[list->n++] = route;
}

void ux_route_flush(const struct ux_routes_params *p, int family)
{
	const struct rtmsg header = {.rtm_family = (unsigned char)family};
	int err = -EINTR;

	for (int i = 0; i < FLUSH_TRIES && err == -EINTR; i++) {
		struct stale_list list = {.params = p, .family = family};
		struct ux_netlink_msg m;

		ux_netlink_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
		ux_netlink_put_u32(&m, RTA_TABLE, p->table);
		err = ux_netlink_talk(p->nl, &m, on_stale_route, &list);
		for (size_t j = 0; j < list.n; j++)
			ux_route_drop(p, family, &list.routes[j].dst, list.routes[j].metric);
		free(list.routes);
	}
}

static void build_rule(struct ux_netlink_msg *m, const struct ux_routes_params *p, int family,
		       bool put)
{
	const struct fib_rule_hdr header = {
	    .family = (uint8_t)family,
	    .action = FR_ACT_TO_TBL,
	    .flags = FIB_RULE_INVERT,
	};

	ux_netlink_begin(m, put ? RTM_NEWRULE : RTM_DELRULE, put ? NLM_F_CREATE | NLM_F_EXCL : 0,
			 &header, sizeof(header));
	ux_netlink_put_u32(m, FRA_PRIORITY, p->priority);
	ux_netlink_put_u32(m, FRA_FWMARK, p->fwmark);
	ux_netlink_put_u32(m, FRA_FWMASK, p->fwmark);
	ux_netlink_put_u32(m, FRA_TABLE, p->table);
}

int ux_rule_put(const struct ux_routes_params *p, int family)
{
	struct ux_netlink_msg m;

	build_rule(&m, p, family, true);
	return ux_netlink_talk(p->nl, &m, NULL, NULL);
}

void ux_rule_drop(const struct ux_routes_params *p, int family)
{
	struct ux_netlink_msg m;

	for (int i = 0; i < RULES_MAX; i++) {
		build_rule(&m, p, family, false);
		if (ux_netlink_talk(p->nl, &m, NULL, NULL) < 0)
			return;
	}
}

int ux_route_put_exceptions(const struct ux_routes_params *p)
{
	/* fe80::/10 has no meaning beyond its link (RFC 4291 section 2.5.6); neighbour discovery
	 * would die of a policy for ::/0. */
	const struct ux_addr link_local = {.b = {0xfe, 0x80}};
	const struct rtmsg header = {
	    .rtm_family = AF_INET6,
	    .rtm_dst_len = 10,
	    .rtm_protocol = UX_ROUTE_PROTOCOL,
	    .rtm_type = RTN_THROW,
	};
	struct ux_netlink_msg m;

	begin_route(&m, p, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, &link_local);
	ux_netlink_put_u32(&m, RTA_PRIORITY, UX_METRIC_SOURCE);
	return ux_netlink_talk(p->nl, &m, NULL, NULL);
}

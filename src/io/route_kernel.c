/* SPDX-License-Identifier: BSD-2-Clause */

/* Rules and routes as rtnetlink messages. */

#include "io/route_kernel.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <stdlib.h>
#include <string.h>

#include "io/netlink_batch.h"

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

void ux_route_put(struct ux_netlink_msg *m, const struct ux_routes_params *p,
		  const struct ux_route *route, uint32_t metric, const struct ux_addr *prefsrc)
{
	const bool refuse = metric == UX_METRIC_REFUSE;
	const struct rtmsg header = {
	    .rtm_family = (unsigned char)route->family,
	    .rtm_dst_len = route->dst.bits,
	    .rtm_protocol = UXFRM_ROUTE_PROTOCOL,
	    .rtm_scope = refuse ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	    .rtm_type = refuse ? RTN_UNREACHABLE : RTN_UNICAST,
	};

	begin_route(m, p, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, &route->dst.addr);
	ux_netlink_put_u32(m, RTA_PRIORITY, metric);
	if (!refuse)
		ux_netlink_put_u32(m, RTA_OIF, (uint32_t)p->tun_ifindex);
	if (prefsrc)
		ux_netlink_put(m, RTA_PREFSRC, prefsrc, addr_len(route->family));
}

void ux_route_drop(struct ux_netlink_msg *m, const struct ux_routes_params *p,
		   const struct ux_route *route, uint32_t metric)
{
	const struct rtmsg header = {
	    .rtm_family = (unsigned char)route->family,
	    .rtm_dst_len = route->dst.bits,
	    .rtm_scope = RT_SCOPE_NOWHERE,
	};

	begin_route(m, p, RTM_DELROUTE, 0, &header, &route->dst.addr);
	ux_netlink_put_u32(m, RTA_PRIORITY, metric);
}

bool ux_route_told_source(const struct nlmsghdr *msg, int family, struct ux_addr *ret_source)
{
	const void *bytes;

	if (msg->nlmsg_type != RTM_NEWROUTE)
		return false;
	bytes = ux_netlink_attr(msg, sizeof(struct rtmsg), RTA_PREFSRC, addr_len(family));
	if (!bytes)
		return false;
	memcpy(ret_source, bytes, addr_len(family));
	return true;
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

void ux_route_ask_source(struct ux_netlink_msg *m, const struct ux_routes_params *p,
			 const struct ux_route *route)
{
	const struct rtmsg header = {.rtm_family = (unsigned char)route->family,
				     .rtm_dst_len = (unsigned char)(addr_len(route->family) * 8)};
	struct ux_addr to = stand_in(route->family, &route->dst);

	ux_netlink_begin(m, RTM_GETROUTE, 0, &header, sizeof(header));
	ux_netlink_put(m, RTA_DST, &to, addr_len(route->family));
	ux_netlink_put_u32(m, RTA_MARK, p->fwmark);
}

/* Routes in our table, as requests to remove them. */
struct stale_list {
	const struct ux_routes_params *params;
	struct ux_routes_left *left; /* NULL: none stays */
	int family;
	struct stale_route {
		struct ux_route route;
		uint32_t metric;
	} *routes;
	size_t n, cap;
};

static bool make_room(struct stale_list *list)
{
	size_t cap = list->cap ? list->cap * 2 : 64;
	struct stale_route *grown;

	if (list->n < list->cap)
		return true;
	grown = reallocarray(list->routes, cap, sizeof(*grown));
	if (!grown)
		return false;
	list->routes = grown;
	list->cap = cap;
	return true;
}

/* One that refuses stays, and is remembered; without memory it goes with the others. */
static bool stays(struct ux_routes_left *left, const struct stale_route *stale, uint8_t type)
{
	struct ux_left_route *grown;

	if (!left || type != RTN_UNREACHABLE || stale->metric != UX_METRIC_REFUSE)
		return false;
	grown = reallocarray(left->routes, left->n + 1, sizeof(*grown));
	if (!grown)
		return false;
	left->routes = grown;
	grown[left->n++] = (struct ux_left_route){stale->route.family, stale->route.dst};
	return true;
}

static void on_stale_route(void *opaque, const struct nlmsghdr *msg)
{
	struct stale_list *list = opaque;
	struct stale_route stale = {.route.family = list->family};
	const void *table, *dst, *metric;
	struct rtmsg header;

	if (msg->nlmsg_type != RTM_NEWROUTE || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	table = ux_netlink_attr(msg, sizeof(header), RTA_TABLE, 4);
	if (header.rtm_family != list->family || !table ||
	    memcmp(table, &list->params->table, 4) != 0 || !make_room(list))
		return;
	stale.route.dst.bits = header.rtm_dst_len;
	dst = ux_netlink_attr(msg, sizeof(header), RTA_DST, addr_len(list->family));
	if (dst)
		memcpy(&stale.route.dst.addr, dst, addr_len(list->family));
	metric = ux_netlink_attr(msg, sizeof(header), RTA_PRIORITY, 4);
	if (metric)
		memcpy(&stale.metric, metric, 4);
	if (!stays(list->left, &stale, header.rtm_type))
		list->routes[list->n++] = stale;
}

static void ignore(void *opaque, uint32_t index, const struct nlmsghdr *msg, int error)
{
}

static void drop_stale(const struct stale_list *list)
{
	struct ux_netlink_batch batch;
	struct ux_netlink_msg m;
	int err = 0;

	ux_netlink_batch_init(&batch);
	for (size_t i = 0; i < list->n && !err; i++) {
		ux_route_drop(&m, list->params, &list->routes[i].route, list->routes[i].metric);
		if (ux_netlink_batch_add(&batch, &m))
			continue;
		err = ux_netlink_batch_talk(list->params->nl, &batch, ignore, NULL);
		(void)ux_netlink_batch_add(&batch, &m);
	}
	if (!err)
		err = ux_netlink_batch_talk(list->params->nl, &batch, ignore, NULL);
	(void)err; /* what is left over is harmless, and the next start tries again */
}

void ux_route_flush(const struct ux_routes_params *p, int family, struct ux_routes_left *left)
{
	const struct rtmsg header = {.rtm_family = (unsigned char)family};
	const size_t others = left ? left->n : 0;
	int err = -EINTR;

	for (int i = 0; i < FLUSH_TRIES && err == -EINTR; i++) {
		struct stale_list list = {.params = p, .left = left, .family = family};
		struct ux_netlink_msg m;

		if (left)
			left->n = others;
		ux_netlink_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
		ux_netlink_put_u32(&m, RTA_TABLE, p->table);
		err = ux_netlink_talk(p->nl, &m, on_stale_route, &list);
		drop_stale(&list);
		free(list.routes);
	}
}

static void build_rule(struct ux_netlink_msg *m, const struct ux_routes_params *p, int family,
		       bool put)
{
	const struct fib_rule_hdr header = {
	    .family = (uint8_t)family,
	    .action = p->table ? FR_ACT_TO_TBL : FR_ACT_UNREACHABLE,
	    .flags = p->mask ? 0 : FIB_RULE_INVERT,
	};

	ux_netlink_begin(m, put ? RTM_NEWRULE : RTM_DELRULE, put ? NLM_F_CREATE | NLM_F_EXCL : 0,
			 &header, sizeof(header));
	ux_netlink_put_u32(m, FRA_PRIORITY, p->priority);
	/* else of whatever mark it is */
	if (!p->mask || put || (!p->table && p->mask != UINT32_MAX)) {
		ux_netlink_put_u32(m, FRA_FWMARK, p->mask ? p->mark : p->fwmark);
		ux_netlink_put_u32(m, FRA_FWMASK, p->mask | p->fwmark);
	}
	if (p->table)
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

struct rule_question {
	const struct ux_routes_params *params;
	ux_rule_told told;
	void *opaque;
};

static bool rule_u32(const struct nlmsghdr *msg, uint16_t type, uint32_t *ret_value)
{
	const void *value =
	    ux_netlink_attr(msg, sizeof(struct fib_rule_hdr), type, sizeof(*ret_value));

	if (value)
		memcpy(ret_value, value, sizeof(*ret_value));
	return value != NULL;
}

static void on_rule(void *opaque, const struct nlmsghdr *msg)
{
	const struct rule_question *q = opaque;
	struct fib_rule_hdr header;
	uint32_t priority, table, mark, mask;

	if (msg->nlmsg_type != RTM_NEWRULE || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	if ((header.flags & FIB_RULE_INVERT) || !rule_u32(msg, FRA_PRIORITY, &priority) ||
	    !rule_u32(msg, FRA_TABLE, &table) || !rule_u32(msg, FRA_FWMARK, &mark) ||
	    !rule_u32(msg, FRA_FWMASK, &mask))
		return;
	if (priority == q->params->priority && table >= q->params->table &&
	    (mask & q->params->fwmark) && !(mark & q->params->fwmark))
		q->told(q->opaque, table, mark, mask & ~q->params->fwmark);
}

int ux_rules_each(const struct ux_routes_params *p, int family, ux_rule_told told, void *opaque)
{
	const struct fib_rule_hdr header = {.family = (uint8_t)family};
	struct rule_question q = {p, told, opaque};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, RTM_GETRULE, NLM_F_DUMP, &header, sizeof(header));
	return ux_netlink_talk(p->nl, &m, on_rule, &q);
}

int ux_route_put_exceptions(const struct ux_routes_params *p)
{
	/* fe80::/10 has no meaning beyond its link (RFC 4291 section 2.5.6); neighbour discovery
	 * would die of a policy for ::/0. */
	const struct ux_addr link_local = {.b = {0xfe, 0x80}};
	const struct rtmsg header = {
	    .rtm_family = AF_INET6,
	    .rtm_dst_len = 10,
	    .rtm_protocol = UXFRM_ROUTE_PROTOCOL,
	    .rtm_type = RTN_THROW,
	};
	struct ux_netlink_msg m;

	begin_route(&m, p, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, &link_local);
	ux_netlink_put_u32(&m, RTA_PRIORITY, UX_METRIC_SOURCE);
	return ux_netlink_talk(p->nl, &m, NULL, NULL);
}

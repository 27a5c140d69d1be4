/* SPDX-License-Identifier: BSD-2-Clause */

/* RTM_GETROUTE for the route, RTM_GETNEIGH for the neighbour. */

#include "io/next_hop.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USABLE (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)
/* States in which the kernel looks after it only when it is used. */
#define UNCONFIRMED NUD_STALE

struct route {
	bool found, plain; /* @plain: to one host, and not inside something else */
	int32_t ifindex;
	uint32_t mtu;
	bool expires; /* the MTU is what a router has told */
	int family;	    /* of the gateway */
	struct ux_addr hop; /* the gateway, or the destination itself */
};

struct neighbour {
	bool found;
	uint16_t state;
	uint8_t mac[UX_MAC_LEN];
};

static size_t addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* The MTU among the metrics, which are attributes in an attribute. */
static uint32_t metrics_mtu(const uint8_t *metrics)
{
	struct rtattr attr;
	size_t len, at = 0;
	uint32_t mtu = 0;

	memcpy(&attr, metrics - sizeof(attr), sizeof(attr));
	len = attr.rta_len - sizeof(attr);
	while (at + sizeof(attr) <= len) {
		memcpy(&attr, metrics + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len - at)
			return 0;
		if (attr.rta_type == RTAX_MTU && attr.rta_len >= sizeof(attr) + sizeof(mtu))
			memcpy(&mtu, metrics + at + sizeof(attr), sizeof(mtu));
		at += RTA_ALIGN(attr.rta_len);
	}
	return mtu;
}

/* The gateway, which may be of the other family (RTA_VIA); without one the destination. */
static void take_gateway(struct route *r, const struct nlmsghdr *msg, const struct ux_way *way)
{
	const size_t header = sizeof(struct rtmsg);
	const uint8_t *value = ux_netlink_attr(msg, header, RTA_GATEWAY, addr_len(way->family));
	uint16_t family;

	r->family = way->family;
	if (value) {
		memcpy(&r->hop, value, addr_len(way->family));
		return;
	}
	r->hop = way->to;
	value = ux_netlink_attr(msg, header, RTA_VIA, sizeof(family));
	if (!value)
		return;
	memcpy(&family, value, sizeof(family));
	if ((family != AF_INET6 && family != AF_INET) ||
	    !ux_netlink_attr(msg, header, RTA_VIA, sizeof(family) + addr_len(family))) {
		r->plain = false;
		return;
	}
	r->family = family;
	memcpy(&r->hop, value + sizeof(family), addr_len(family));
}

struct route_question {
	const struct ux_way *way;
	struct route *route;
};

static void on_route(void *opaque, const struct nlmsghdr *msg)
{
	const struct route_question *q = opaque;
	struct route *r = q->route;
	struct rta_cacheinfo cache;
	struct rtmsg header;
	const void *value;

	if (msg->nlmsg_type != RTM_NEWROUTE || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	value = ux_netlink_attr(msg, sizeof(header), RTA_OIF, sizeof(r->ifindex));
	if (!value)
		return;
	memcpy(&r->ifindex, value, sizeof(r->ifindex));
	r->found = true;
	r->plain = header.rtm_type == RTN_UNICAST && !ux_netlink_attr(msg, sizeof(header), RTA_ENCAP, 0);
	take_gateway(r, msg, q->way);
	value = ux_netlink_attr(msg, sizeof(header), RTA_METRICS, 0);
	if (value)
		r->mtu = metrics_mtu(value);
	value = ux_netlink_attr(msg, sizeof(header), RTA_CACHEINFO, sizeof(cache));
	if (value) {
		memcpy(&cache, value, sizeof(cache));
		r->expires = cache.rta_expires != 0;
	}
}

static int ask_route(struct ux_netlink *nl, const struct ux_way *way, struct route *ret_route)
{
	const uint8_t bits = way->family == AF_INET ? 32 : 128;
	const struct rtmsg header = {.rtm_family = (unsigned char)way->family,
				     .rtm_dst_len = bits,
				     .rtm_src_len = bits};
	struct route_question q = {way, ret_route};
	struct ux_netlink_msg m;

	*ret_route = (struct route){0};
	ux_netlink_begin(&m, RTM_GETROUTE, 0, &header, sizeof(header));
	ux_netlink_put(&m, RTA_DST, &way->to, addr_len(way->family));
	ux_netlink_put(&m, RTA_SRC, &way->from, addr_len(way->family));
	if (way->mark)
		ux_netlink_put_u32(&m, RTA_MARK, way->mark);
	if (way->ifindex)
		ux_netlink_put_u32(&m, RTA_OIF, (uint32_t)way->ifindex);
	return ux_netlink_talk(nl, &m, on_route, &q);
}

static void on_neighbour(void *opaque, const struct nlmsghdr *msg)
{
	struct neighbour *n = opaque;
	struct ndmsg header;
	const void *value;

	if (msg->nlmsg_type != RTM_NEWNEIGH || msg->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	value = ux_netlink_attr(msg, sizeof(header), NDA_LLADDR, sizeof(n->mac));
	if (!value)
		return;
	n->found = true;
	n->state = header.ndm_state;
	memcpy(n->mac, value, sizeof(n->mac));
}

static int ask_neighbour(struct ux_netlink *nl, const struct route *r, uint16_t type, uint8_t flags,
			 struct neighbour *ret_neighbour)
{
	const struct ndmsg header = {.ndm_family = (unsigned char)r->family,
				     .ndm_ifindex = r->ifindex,
				     .ndm_flags = flags};
	struct ux_netlink_msg m;

	ux_netlink_begin(&m, type, 0, &header, sizeof(header));
	ux_netlink_put(&m, NDA_DST, &r->hop, addr_len(r->family));
	return ux_netlink_talk(nl, &m, ret_neighbour ? on_neighbour : NULL, ret_neighbour);
}

int ux_next_hop_device(struct ux_netlink *nl, const struct ux_way *way, int32_t *ret_ifindex)
{
	struct route r;
	int err = ask_route(nl, way, &r);

	if (err)
		return err;
	*ret_ifindex = r.ifindex;
	return r.found ? 0 : -ENETUNREACH;
}

static uint32_t device_mtu(int ifindex)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 0;

	if (fd < 0)
		return 0;
	if (if_indextoname((unsigned int)ifindex, req.ifr_name) && ioctl(fd, SIOCGIFMTU, &req) == 0)
		mtu = (uint32_t)req.ifr_mtu;
	close(fd);
	return mtu;
}

int ux_next_hop_link_mtu(struct ux_netlink *nl, const struct ux_way *way, uint32_t *ret_mtu)
{
	struct route r;
	int err = ask_route(nl, way, &r);

	if (err)
		return err;
	if (!r.found)
		return -ENETUNREACH;
	*ret_mtu = r.mtu && !r.expires ? r.mtu : device_mtu(r.ifindex);
	return *ret_mtu ? 0 : -ENODEV;
}

enum ux_hop_kind ux_next_hop_ask(struct ux_netlink *nl, const struct ux_way *way,
				 struct ux_next_hop *hop)
{
	struct neighbour n = {0};
	struct route r;

	if (ask_route(nl, way, &r) < 0 || !r.found || !r.plain)
		return UX_HOP_OTHER;
	if (ask_neighbour(nl, &r, RTM_GETNEIGH, 0, &n) < 0 || !n.found || !(n.state & USABLE))
		return UX_HOP_UNRESOLVED;
	/* As a packet from the kernel's own hands would do. */
	if (n.state & UNCONFIRMED)
		(void)!ask_neighbour(nl, &r, RTM_NEWNEIGH, NTF_USE, NULL);
	*hop = (struct ux_next_hop){.ifindex = r.ifindex, .mtu = r.mtu};
	memcpy(hop->mac, n.mac, sizeof(hop->mac));
	return UX_HOP_KNOWN;
}

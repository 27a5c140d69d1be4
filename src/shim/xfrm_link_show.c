/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrmd's links say in their alias what they are for (daemon/links.c); the kernel tells it with everything else. */

#include "shim/xfrm_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>

#include "shim/real.h"
#include "shim/xfrm_link_attrs.h"

#define ALIAS "uxfrm link if_id "
#define DEVICE " dev "
#define TUN_KIND "tun"

/* What one message says. Offsets of the value of IFLA_LINKINFO; 0: it has none. */
struct device {
	size_t info_at, info_len;
	uint32_t if_id, underlay;
};

bool shim_is_route_socket(int fd)
{
	const int error = errno;
	int domain = 0, protocol = -1;
	socklen_t len = sizeof(int);

	(void)shim_real()->getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain == AF_NETLINK)
		(void)shim_real()->getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	errno = error;
	return domain == AF_NETLINK && protocol == NETLINK_ROUTE;
}

static void read_alias(struct device *d, const uint8_t *value, size_t len)
{
	char text[sizeof(ALIAS) + sizeof(DEVICE) + IFNAMSIZ + 16] = "";
	char *end;

	if (len >= sizeof(text) || len < strlen(ALIAS) || memcmp(value, ALIAS, strlen(ALIAS)) != 0)
		return;
	memcpy(text, value, len);
	d->if_id = (uint32_t)strtoul(text + strlen(ALIAS), &end, 16);
	if (strncmp(end, DEVICE, strlen(DEVICE)) == 0)
		d->underlay = if_nametoindex(end + strlen(DEVICE));
	else if (*end)
		d->if_id = 0;
}

static bool is_tun(const uint8_t *info, size_t len)
{
	struct nlattr attr;

	for (size_t at = 0; ux_link_next_attr(info, len, &at, &attr); ux_link_step(&at, &attr)) {
		if (attr.nla_type == IFLA_INFO_KIND)
			return attr.nla_len == sizeof(attr) + sizeof(TUN_KIND) &&
			       memcmp(info + at + sizeof(attr), TUN_KIND, sizeof(TUN_KIND)) == 0;
	}
	return false;
}

static struct device read_device(const uint8_t *bytes, size_t len)
{
	struct device d = {0};
	struct nlattr attr;

	for (size_t at = UX_LINK_BODY; ux_link_next_attr(bytes, len, &at, &attr);
	     ux_link_step(&at, &attr)) {
		const uint8_t *value = bytes + at + sizeof(attr);
		const size_t value_len = attr.nla_len - sizeof(attr);

		if (attr.nla_type == IFLA_IFALIAS)
			read_alias(&d, value, value_len);
		if (attr.nla_type == IFLA_LINKINFO && is_tun(value, value_len)) {
			d.info_at = at + sizeof(attr);
			d.info_len = value_len;
		}
	}
	return d;
}

static size_t put(uint8_t *to, uint16_t type, const void *value, size_t len)
{
	const struct nlattr attr = {.nla_len = (uint16_t)(sizeof(attr) + len), .nla_type = type};

	memset(to, 0, NLA_ALIGN(attr.nla_len));
	memcpy(to, &attr, sizeof(attr));
	memcpy(to + sizeof(attr), value, len);
	return NLA_ALIGN(attr.nla_len);
}

/* What is left over becomes an attribute that means nothing. */
static void show_as_xfrm(uint8_t *info, size_t len, const struct device *d)
{
	uint8_t data[2 * (sizeof(struct nlattr) + sizeof(uint32_t))];
	uint8_t fresh[64];
	size_t n = put(data, IFLA_XFRM_LINK, &d->underlay, sizeof(d->underlay));
	struct nlattr rest = {.nla_type = IFLA_INFO_UNSPEC};

	put(data + n, IFLA_XFRM_IF_ID, &d->if_id, sizeof(d->if_id));
	n = put(fresh, IFLA_INFO_KIND, UX_XFRM_KIND, sizeof(UX_XFRM_KIND));
	n += put(fresh + n, IFLA_INFO_DATA, data, sizeof(data));
	if (len < n || (len > n && len < n + sizeof(rest)))
		return;
	memset(info + n, 0, len - n);
	memcpy(info, fresh, n);
	rest.nla_len = (uint16_t)(len - n);
	if (len > n)
		memcpy(info + n, &rest, sizeof(rest));
}

static bool tells_of_link(const struct nlmsghdr *h)
{
	return (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK) &&
	       h->nlmsg_len >= UX_LINK_BODY;
}

void shim_show_links(int fd, void *buf, size_t n)
{
	uint8_t *bytes = buf;
	size_t at = 0;

	if (n < UX_LINK_BODY)
		return;
	struct nlmsghdr h = ux_link_header_at(bytes);

	if (!tells_of_link(&h) || !shim_is_route_socket(fd))
		return;
	while (n - at >= sizeof(h)) {
		h = ux_link_header_at(bytes + at);
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > n - at)
			return;
		const struct device d = tells_of_link(&h) ? read_device(bytes + at, h.nlmsg_len)
							  : (struct device){0};

		if (d.info_at && d.if_id)
			show_as_xfrm(bytes + at + d.info_at, d.info_len, &d);
		at += NLMSG_ALIGN(h.nlmsg_len) < n - at ? NLMSG_ALIGN(h.nlmsg_len) : n - at;
	}
}
